import { randomBytes } from 'node:crypto';
import type { Keys } from '../../platform/keys.ts';

/** Seconds within which the answer to a challenge must come, by the database's clock. */
export const answerSeconds = 300;

/** What an answer is valid for. One that was given for one purpose is refused for the others. */
export type PasskeyPurpose = 'sign-in' | 'step' | 'prove' | 'change' | 'enrol';

/**
 * What a challenge is bound to: the browser before sign-in, the sign-in that waits for its step, or
 * the session, as a hash of the cookie.
 */
export interface PasskeyAsked {
  readonly purpose: PasskeyPurpose;
  readonly binding: Buffer;
  /** The origin that people see. */
  readonly site: string;
  /** The id of the change that is confirmed. */
  readonly changeId?: string;
}

/** A challenge that was given out. */
export interface GivenPasskeyChallenge {
  /** 256 random bits, different in every challenge. */
  readonly nonce: Buffer;
  /** By the database's clock. */
  readonly givenAt: Date;
}

/** What the key of the seal is derived for. */
const sealed = 'passkey challenge';

/**
 * Creates the bytes that a passkey signs: the time, the random bits, and a seal over both, the
 * purpose and the cookie. This lets the server recognise them without storing anything.
 * @returns base64url, as WebAuthn's JSON has it
 */
export function createPasskeyChallenge(keys: Keys, asked: PasskeyAsked, givenAt: Date): string {
  const time = givenAt.getTime().toString(36);
  const nonce = randomBytes(32).toString('base64url');
  const seal = keys.sign(sealed, sealedText(asked, time, nonce)).toString('base64url');
  return Buffer.from([time, nonce, seal].join('.')).toString('base64url');
}

const form = /^([0-9a-z]{1,9})\.([\w-]{43})\.([\w-]{43})$/;

/**
 * Reads a challenge that came back. Undefined unless we gave it out for exactly what `asked` says.
 * The caller checks its age.
 */
export function readPasskeyChallenge(
  keys: Keys,
  asked: PasskeyAsked,
  challenge: string,
): GivenPasskeyChallenge | undefined {
  const text = Buffer.from(challenge, 'base64url').toString('latin1');
  const [, time = '', nonce = '', seal = ''] = form.exec(text) ?? [];
  const givenAt = new Date(Number.parseInt(time, 36));
  if (Number.isNaN(givenAt.getTime())) return undefined;
  if (!keys.verify(sealed, sealedText(asked, time, nonce), Buffer.from(seal, 'base64url'))) return undefined;
  return { nonce: Buffer.from(nonce, 'base64url'), givenAt };
}

function sealedText({ purpose, binding, site, changeId }: PasskeyAsked, time: string, nonce: string): string {
  return [purpose, site, changeId ?? '', binding.toString('hex'), time, nonce].join('\n');
}
