import { randomBytes } from 'node:crypto';
import { type Keys, sameBytes, tokenHash } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { PhoneAttempt } from './attempt.ts';
import { createPhoneToken, isPhoneToken, readAttemptAddress } from './attempt-secrets.ts';
import { findAttempt, giveDocument, noteTrouble } from './attempt-store.ts';

export interface AttemptDeps {
  readonly database: Queryable;
  readonly keys: Keys;
}

/** Why a phone gets nothing to sign. */
export type ReadRefusal =
  /** Not an address of ours, or of an attempt that was removed. */
  | 'unknown'
  /** The time is over, or the attempt has ended. */
  | 'over'
  /** The QR code was replaced by a newer one. */
  | 'formerCode'
  /** Without a token of this attempt. */
  | 'noToken'
  /** Another phone has read the document. */
  | 'otherPhone';

/** Who asks, for a phone that has scanned the code, and the token with which it reads on. */
export interface AskedPhone {
  readonly attempt: PhoneAttempt;
  readonly token: string;
}

/**
 * Answers the first call of a phone. It changes nothing, so a phone may repeat it. Each call gets a
 * token of its own.
 */
export async function askPhone(
  { database, keys }: AttemptDeps,
  address: string,
): Promise<Result<AskedPhone, ReadRefusal>> {
  const named = readAttemptAddress(keys, address);
  const attempt = named && (await findAttempt(database, named.attemptId));
  if (!named || !attempt) return refused('unknown');
  if (!isOpen(attempt)) return refused('over');
  const isShown = named.turn === attempt.turn || (named.turn === attempt.turn - 1 && attempt.takesFormer);
  if (!isShown) return refused('formerCode');
  return accepted({ attempt, token: createPhoneToken(keys, attempt.attemptId) });
}

/** The document that a phone gets. */
export interface DocumentGiven {
  readonly attempt: PhoneAttempt;
  readonly content: Buffer;
}

/**
 * Gives the document to the first phone that asks for it, and to that phone again.
 * @param write writes the bytes to sign, for this attempt and these random bits
 */
export async function readDocument(
  { database, keys }: AttemptDeps,
  address: string,
  token: string | undefined,
  write: (attempt: PhoneAttempt, nonce: Buffer) => Buffer,
): Promise<Result<DocumentGiven, ReadRefusal>> {
  const named = readAttemptAddress(keys, address);
  if (!named) return refused('unknown');
  const { attemptId } = named;
  const isOurs = token !== undefined && isPhoneToken(keys, attemptId, token);
  if (!isOurs) return refused('noToken');
  const hash = tokenHash(token);
  const attempt = await findAttempt(database, attemptId);
  if (!attempt) return refused('unknown');
  if (!isOpen(attempt)) return refused('over');
  if (attempt.state === 'waiting') {
    const nonce = randomBytes(32);
    // The text of a change was written with it.
    const content = attempt.content ?? write(attempt, nonce);
    if (await giveDocument(database, attemptId, { tokenHash: hash, nonce, content }))
      return accepted({ attempt, content });
  }
  const now = attempt.state === 'waiting' ? await findAttempt(database, attemptId) : attempt;
  if (!now?.tokenHash || !now.content || !isOpen(now)) return refused('over');
  if (sameBytes(now.tokenHash, hash)) return accepted({ attempt: now, content: now.content });
  await noteTrouble(database, attemptId, 'otherPhone');
  return refused('otherPhone');
}

/** Whether something can still be signed. */
function isOpen({ state, isOver }: PhoneAttempt): boolean {
  return !isOver && (state === 'waiting' || state === 'scanned' || state === 'checking');
}
