import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../platform/root.ts';

/** Passwords that attackers try first, in lower case and NFC. */
export type CommonPasswords = ReadonlySet<string>;

/**
 * Reads the list that the service ships with (origin: `data/README.md`). It has about 71,000
 * entries and is read once at start.
 */
export function readCommonPasswords(): CommonPasswords {
  const lines = readFileSync(join(root, 'data/common-passwords.txt'), 'utf8').split('\n');
  return new Set(lines.filter((line) => line !== ''));
}
