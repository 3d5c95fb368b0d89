import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../platform/root.ts';

/** Passwords that are tried first by whoever guesses: lower case, NFC. */
export type CommonPasswords = ReadonlySet<string>;

/**
 * Reads the list the service ships with; its origin stands in `data/README.md`. About 71,000
 * entries, once at start.
 */
export function readCommonPasswords(): CommonPasswords {
  const lines = readFileSync(join(root, 'data/common-passwords.txt'), 'utf8').split('\n');
  return new Set(lines.filter((line) => line !== ''));
}
