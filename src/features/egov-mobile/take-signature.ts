import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KnownPersonDeps } from '../../fund/known-person.ts';
import { sameBytes, tokenHash } from '../../platform/keys.ts';
import { lockHolderByIin } from '../../platform/postgres/locks.ts';
import type { FairSemaphore } from '../../platform/semaphore.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { decodeMessage } from '../eds/check-signature.ts';
import { type EdsReason, isPassing } from '../eds/reasons.ts';
import { type Evidence, keepEvidence } from '../eds/store.ts';
import type { SignatureVerifier } from '../eds/verifier.ts';
import { findHolder } from '../sign-in/holder-status.ts';
import { ensureHolder, readEdsHolder } from '../sign-in/store.ts';
import type { PhoneAttempt } from './attempt.ts';
import { isPhoneToken, readAttemptAddress } from './attempt-secrets.ts';
import {
  abandonCheck,
  beginCheck,
  findAttempt,
  finishCheck,
  noteTrouble,
  refuseAttempt,
  refuseUnjudged,
} from './attempt-store.ts';
import { type CompleteByPhoneDeps, completeByPhone } from './complete-by-phone.ts';
import { findSignerIin } from './signer-store.ts';

export interface TakeSignatureDeps extends KnownPersonDeps, CompleteByPhoneDeps {
  readonly verifier: SignatureVerifier;
  readonly edsSemaphore: FairSemaphore;
}

/** What a phone sends. */
export interface SentByPhone {
  /** The part of the address that names the attempt. */
  readonly address: string;
  readonly token: string | undefined;
  /** The body as it came. */
  readonly body: Buffer;
  readonly requestId: string;
}

/** Why a signature opens nothing. The first ones end no attempt. */
export type PhoneRefusal =
  | 'unknown'
  | 'noToken'
  | 'otherPhone'
  /** Nothing was read before. */
  | 'notRead'
  | 'over'
  /** Another signature was taken or refused before. */
  | 'finished'
  /** The change was cancelled, replaced or overtaken. */
  | 'changeOver'
  | EdsReason;

/** How long a signature waits for the judgement of the same one, sent before. Milliseconds. */
const patience = { each: 200, times: 40 } as const;

/**
 * Takes the signature of the phone that read the document, judges it, and notes who signed. The
 * same signature sent again gets the same answer. Nothing is opened here: the browser that began
 * does that.
 * @returns the attempt that is done. A passing reason (`isPassing`) leaves it as it was
 */
export async function takeSignature(
  deps: TakeSignatureDeps,
  sent: SentByPhone,
): Promise<Result<PhoneAttempt, PhoneRefusal>> {
  const { database, keys } = deps;
  const { address, token, body } = sent;
  const named = readAttemptAddress(keys, address);
  if (!named) return refused('unknown');
  const { attemptId } = named;
  if (token === undefined || !isPhoneToken(keys, attemptId, token)) {
    await noteTrouble(database, attemptId, 'token');
    return refused('noToken');
  }
  const message = decodeMessage(signatureIn(body));
  const answerHash = createHash('sha256')
    .update(message ?? body)
    .digest();
  const hashes = { tokenHash: tokenHash(token), answerHash };
  for (let times = 0; times < patience.times; times += 1) {
    const attempt = await findAttempt(database, attemptId);
    const early = attempt ? withoutJudging(attempt, hashes) : refused('unknown' as const);
    if (early) return early;
    if (attempt?.state === 'scanned') {
      const at = await beginCheck(database, attemptId, hashes);
      if (at) return judge(deps, attempt, { message, at, requestId: sent.requestId });
    }
    await sleep(patience.each);
  }
  return refused('busy');
}

/** The answer that needs no judgement; undefined while one is needed, or under way. */
function withoutJudging(
  attempt: PhoneAttempt,
  hashes: { readonly tokenHash: Buffer; readonly answerHash: Buffer },
): Result<PhoneAttempt, PhoneRefusal> | undefined {
  if (!attempt.tokenHash) return refused(attempt.isOver ? 'over' : 'notRead');
  if (!sameBytes(attempt.tokenHash, hashes.tokenHash)) return refused('otherPhone');
  const isSame = attempt.answerHash !== null && sameBytes(attempt.answerHash, hashes.answerHash);
  switch (attempt.state) {
    case 'done':
    case 'entered':
      return isSame ? accepted(attempt) : refused('finished');
    case 'refused':
      return refused('finished');
    case 'checking':
      return isSame ? undefined : refused('finished');
    default:
      return attempt.isOver ? refused('over') : undefined;
  }
}

interface Judged {
  /** CMS as DER; undefined when the body has none. */
  readonly message: Buffer | undefined;
  readonly at: Date;
  readonly requestId: string;
}

/** Verifies a signature, asks the fund about its person, and ends the judgement in every case. */
async function judge(
  deps: TakeSignatureDeps,
  attempt: PhoneAttempt,
  judged: Judged,
): Promise<Result<PhoneAttempt, PhoneRefusal>> {
  const { database } = deps;
  const { attemptId } = attempt;
  try {
    const verified = await verifySignature(deps, attempt, judged);
    const outcome = verified.ok ? await actOn(deps, attempt, verified.value, judged.requestId) : verified;
    if (outcome.ok) return accepted(attempt);
    if (outcome.reason !== 'changeOver' && isPassing(outcome.reason)) await abandonCheck(database, attemptId);
    else await refuseAttempt(database, attemptId, outcome.reason);
    return outcome;
  } catch (error) {
    await abandonCheck(database, attemptId);
    throw error;
  }
}

/** Who has signed, proved. */
export interface Signed {
  readonly iin: Iin;
  readonly evidence: Evidence;
}

/** Verifies the signature over the bytes that were given out. A change needs a key for documents. */
async function verifySignature(
  deps: TakeSignatureDeps,
  { purpose, content, givenAt, network }: PhoneAttempt,
  { message, at }: Judged,
): Promise<Result<Signed, EdsReason>> {
  if (message === undefined || !content || !givenAt) return refused('malformed');
  // The share of the browser's network: the phone's own address is that of many people.
  const requester = `network ${network}`;
  const release = await deps.edsSemaphore.acquire(requester);
  if (!release) return refused('busy');
  const forSignature = purpose === 'change';
  try {
    const verdict = await deps.verifier.verify({
      message,
      content,
      at,
      forSignature,
      byPhone: true,
      requester,
    });
    if (!verdict.ok) return refused(verdict.reason, verdict.detail);
    const { value } = verdict;
    const evidence = {
      purpose: forSignature ? 'change' : 'sign-in',
      content,
      cms: message,
      signature: value,
      challengedAt: givenAt,
    } as const;
    // The authority vouches for these twelve digits, so their check digit is not verified here.
    return accepted({ iin: value.iin as Iin, evidence });
  } finally {
    release();
  }
}

/** Does what the signature is for. Who may come in is decided as for NCALayer. */
async function actOn(
  deps: TakeSignatureDeps,
  attempt: PhoneAttempt,
  signed: Signed,
  requestId: string,
): Promise<Result<undefined, EdsReason | 'changeOver'>> {
  const { signerId } = attempt;
  if (signerId !== null && (await findSignerIin(deps.database, signerId)) !== signed.iin)
    return refused('otherPerson');
  if (attempt.purpose === 'change') return completeByPhone(deps, attempt, signed, requestId);
  const person = await findHolder(deps, signed.iin, requestId);
  if (person === 'unavailable') return refused('fundDown');
  if (!person) return refused('unknownPerson');
  if (person.status === 'other') return refused('statusUnknown');
  if (person.status !== 'active') return refused('notActive');
  await recordSigner(deps, attempt, signed, requestId);
  return accepted(undefined);
}

/**
 * Keeps the evidence and notes who has signed. Creates the cabinet of a person who has none.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function recordSigner(
  { database }: Pick<TakeSignatureDeps, 'database'>,
  { attemptId, language }: { readonly attemptId: Buffer; readonly language: Language },
  { iin, evidence }: Signed,
  requestId: string,
): Promise<void> {
  return database.transaction(async (transaction) => {
    await ensureHolder(transaction, iin, language);
    await lockHolderByIin(transaction, iin);
    const { holderId, knownKey } = await readEdsHolder(transaction, iin, {
      certificate: evidence.signature.certificate.sha256,
      marks: [],
    });
    await keepEvidence(transaction, { holderId, requestId }, evidence, null);
    if (!(await finishCheck(transaction, attemptId, { holderId, knownKey })))
      throw new Error('a judgement took longer than it may');
  });
}

/** The text of the signature in the body of a phone; empty when there is none. */
function signatureIn(body: Buffer): string {
  let read: unknown;
  try {
    read = JSON.parse(body.toString('utf8'));
  } catch {
    return '';
  }
  const [first] = listIn(read, 'documentsToSign');
  const data = memberOf(memberOf(memberOf(first, 'document'), 'file'), 'data');
  return typeof data === 'string' ? data : '';
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const list = memberOf(value, name);
  return Array.isArray(list) ? list : [];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Ends the attempt of a phone that sent more than a signature can be. */
export async function endOversized(
  { database, keys }: Pick<TakeSignatureDeps, 'database' | 'keys'>,
  address: string,
  token: string | undefined,
): Promise<void> {
  const named = readAttemptAddress(keys, address);
  if (named && token !== undefined && isPhoneToken(keys, named.attemptId, token))
    await refuseUnjudged(database, named.attemptId, tokenHash(token), 'tooLarge');
}
