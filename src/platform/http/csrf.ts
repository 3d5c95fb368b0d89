import { randomBytes } from 'node:crypto';
import { type Keys, sameBytes } from '../keys.ts';

/** What the token of a form is made from. */
export interface FormMark {
  /**
   * The cookie that the token is bound to: the session's, or the browser's where nobody is signed
   * in.
   */
  readonly cookie: string;
  /** The cookie that stays in this browser, whoever signs in and out. */
  readonly browser: string;
  /**
   * The prefix of the session that the form is made in (`sessionPrefix`); undefined when nobody is
   * signed in.
   */
  readonly session: Buffer | undefined;
}

/** Where a form of this browser was made: in a session, or without one. */
export type FormOrigin = Pick<FormMark, 'session'>;

const nameBytes = 16;
const nonceBytes = 8;
const tagBytes = 8;
const nobody = Buffer.alloc(nameBytes);

/** The part of a session's hash that identifies the session in a token. */
export function sessionPrefix(hash: Buffer): Buffer {
  return hash.subarray(0, nameBytes);
}

/**
 * Makes a form's token, bound to the browser's cookie. The token is masked anew in each response:
 * pages are compressed, and an unmasked secret could be guessed from the compressed length
 * (BREACH). The mask is 32 bytes that look random. Only the service can read from them in which
 * browser and which session the form was made (decision 125).
 */
export function csrfToken(keys: Keys, mark: FormMark): string {
  const secret = keys.sign('csrf', mark.cookie);
  const mask = originMask(keys, mark);
  return Buffer.concat([mask, xor(secret, mask)]).toString('base64url');
}

/** True when `token` was made for `cookie` by one of our keys. */
export function csrfTokenFits(keys: Keys, cookie: string, token: string): boolean {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== 64) return false;
  return keys.verify('csrf', cookie, xor(bytes.subarray(32), bytes.subarray(0, 32)));
}

/**
 * The session that a form was made in, even if that session is over. Undefined when the token was
 * not made for the cookie `browser`. This gives no right to act: it only shows that the form is
 * ours and was made in this browser.
 */
export function formOrigin(keys: Keys, browser: string, token: string): FormOrigin | undefined {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== 64) return undefined;
  const nonce = bytes.subarray(0, nonceBytes);
  const hidden = bytes.subarray(nonceBytes, nonceBytes + nameBytes);
  const tag = bytes.subarray(nonceBytes + nameBytes, 32);
  const pads = padsOf(keys, nonce);
  const tags = tagsOf(keys, browser, nonce, hidden);
  const index = tags.findIndex((one) => sameBytes(one, tag));
  if (index < 0) return undefined;
  const name = xor(hidden, pads[index] as Buffer);
  return { session: name.equals(nobody) ? undefined : name };
}

/**
 * Eight random bytes, the session's prefix encrypted with them, and a tag over both and the
 * browser.
 */
function originMask(keys: Keys, { browser, session = nobody }: FormMark): Buffer {
  const nonce = randomBytes(nonceBytes);
  const hidden = xor(session, padsOf(keys, nonce)[0] as Buffer);
  return Buffer.concat([nonce, hidden, tagsOf(keys, browser, nonce, hidden)[0] as Buffer]);
}

function padsOf(keys: Keys, nonce: Buffer): readonly Buffer[] {
  return keys.signAll('form origin pad', nonce.toString('hex')).map((pad) => pad.subarray(0, nameBytes));
}

function tagsOf(keys: Keys, browser: string, nonce: Buffer, hidden: Buffer): readonly Buffer[] {
  const signed = `${nonce.toString('hex')} ${hidden.toString('hex')} ${browser}`;
  return keys.signAll('form origin', signed).map((tag) => tag.subarray(0, tagBytes));
}

function xor(one: Buffer, other: Buffer): Buffer {
  const mixed = Buffer.allocUnsafe(one.length);
  for (let index = 0; index < one.length; index++)
    mixed[index] = (one[index] as number) ^ (other[index] as number);
  return mixed;
}
