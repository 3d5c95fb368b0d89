import { randomBytes } from 'node:crypto';
import { type Keys, sameBytes } from '../../platform/keys.ts';

// What the phone and the browser of an attempt know is computed from the attempt's id and the
// service's key, so the database holds no secret, and an invented one costs no statement.

/** The bytes of an attempt's id. */
const idBytes = 8;
const macBytes = 15;
const purposes = {
  address: 'phone address',
  token: 'phone token',
  back: 'phone return',
  digits: 'phone return digits',
} as const;

/** A random id for a new attempt. */
export function createAttemptId(): Buffer {
  return randomBytes(idBytes);
}

/** What an address that a phone calls stands for. */
export interface AttemptAddress {
  readonly attemptId: Buffer;
  /** Which of the attempt's QR codes it is from, counted from 0. */
  readonly turn: number;
}

/** The part of an address that names an attempt: 32 characters, 120 bits of them an HMAC. */
export function createAttemptAddress(keys: Keys, { attemptId, turn }: AttemptAddress): string {
  const body = Buffer.concat([attemptId, Buffer.of(turn)]);
  return Buffer.concat([body, keys.sign(purposes.address, hex(body)).subarray(0, macBytes)]).toString(
    'base64url',
  );
}

/** Reads such an address. Undefined when it is not ours. */
export function readAttemptAddress(keys: Keys, text: string): AttemptAddress | undefined {
  const body = checked(keys, purposes.address, text, idBytes + 1);
  return body && { attemptId: body.subarray(0, idBytes), turn: body[idBytes] ?? 0 };
}

/** A token for a phone, different each time: 120 random bits and 120 of an HMAC. */
export function createPhoneToken(keys: Keys, attemptId: Buffer): string {
  const random = randomBytes(macBytes);
  return Buffer.concat([random, tokenMac(keys, attemptId, random)[0] as Buffer]).toString('base64url');
}

/** True when a token was given out for this attempt. */
export function isPhoneToken(keys: Keys, attemptId: Buffer, token: string): boolean {
  if (!/^[\w-]{40}$/.test(token)) return false;
  const bytes = Buffer.from(token, 'base64url');
  const macs = tokenMac(keys, attemptId, bytes.subarray(0, macBytes));
  return macs.some((mac) => sameBytes(mac, bytes.subarray(macBytes)));
}

function tokenMac(keys: Keys, attemptId: Buffer, random: Buffer): readonly Buffer[] {
  const text = `${hex(attemptId)} ${hex(random)}`;
  return keys.signAll(purposes.token, text).map((mac) => mac.subarray(0, macBytes));
}

/** The secret that leads the signing phone back: 31 characters, told to nobody else. */
export function createReturnSecret(keys: Keys, attemptId: Buffer): string {
  const mac = keys.sign(purposes.back, hex(attemptId)).subarray(0, macBytes);
  return Buffer.concat([attemptId, mac]).toString('base64url');
}

/** The attempt of such a secret. Undefined when it is not ours. */
export function readReturnSecret(keys: Keys, text: string): Buffer | undefined {
  return checked(keys, purposes.back, text, idBytes);
}

/**
 * The six digits that the signing phone shows, by each key: the first is shown, and any of them is
 * taken, so that a key may be replaced meanwhile.
 */
export function returnDigits(keys: Keys, attemptId: Buffer): readonly [string, ...string[]] {
  const [first, ...others] = keys
    .signAll(purposes.digits, hex(attemptId))
    .map((mac) => String(mac.readUInt32BE(0) % 1_000_000).padStart(6, '0'));
  return [first as string, ...others];
}

/** The bytes before an HMAC, if it is ours. */
function checked(keys: Keys, purpose: string, text: string, length: number): Buffer | undefined {
  if (!/^[\w-]{1,40}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== length + macBytes || bytes.toString('base64url') !== text) return undefined;
  const body = bytes.subarray(0, length);
  const macs = keys.signAll(purpose, hex(body));
  return macs.some((mac) => sameBytes(mac.subarray(0, macBytes), bytes.subarray(length))) ? body : undefined;
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
