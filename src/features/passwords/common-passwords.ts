import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../platform/root.ts';

/** Passwords that attackers try first, in lower case and NFC. */
export type CommonPasswords = Pick<ReadonlySet<string>, 'has'>;

const file = join(root, 'data/common-passwords.txt');

/**
 * Reads the list that the service ships with (origin: `data/README.md`): about 71,000 entries.
 *
 * @internal Tests go through the whole list.
 */
export function readCommonPasswords(): ReadonlySet<string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  return new Set(lines.filter((line) => line !== ''));
}

/**
 * The same list, read when the first password is chosen: it takes some megabytes.
 * @throws at once when there is no such file
 */
export function lazyCommonPasswords(): CommonPasswords {
  accessSync(file, constants.R_OK);
  let known: ReadonlySet<string> | undefined;
  return {
    has(password) {
      known ??= readCommonPasswords();
      return known.has(password);
    },
  };
}
