import { randomBytes } from 'node:crypto';
import type { Keys } from '../keys.ts';

/**
 * The token of a form, bound to the browser's cookie. It is masked anew in each response, since pages are compressed
 * and an unmasked secret could be guessed from the compressed length (BREACH).
 */
export function csrfToken(keys: Keys, cookie: string): string {
  const secret = keys.sign('csrf', cookie);
  const mask = randomBytes(secret.length);
  return Buffer.concat([mask, xor(secret, mask)]).toString('base64url');
}

/** True when `token` was made for `cookie` by one of our keys. */
export function csrfTokenFits(keys: Keys, cookie: string, token: string): boolean {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== 64) return false;
  return keys.verify('csrf', cookie, xor(bytes.subarray(32), bytes.subarray(0, 32)));
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));
}
