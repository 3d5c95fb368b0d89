import type { KnownPersonDeps } from '../../fund/known-person.ts';
import { type Keys, tokenHash } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import type { WayIn } from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { notifyHolder } from '../notices/store.ts';
import { endPendingStep } from '../second-step/store.ts';
import { readMarks } from '../sign-in/device-marks.ts';
import { findKnownMark } from '../sign-in/device-store.ts';
import { findHolder } from '../sign-in/holder-status.ts';
import {
  CabinetLocked,
  formerSession,
  type OpenedSession,
  openSession,
  type SessionOpening,
  type SignInBrowser,
} from '../sign-in/open-session.ts';
import { deviceName } from '../sign-in/session-names.ts';
import { lockForOpening } from '../sign-in/session-store.ts';
import type { SessionSettings } from '../sign-in/settings.ts';
import type { PhoneAttempt } from './attempt.ts';
import { returnDigits } from './attempt-secrets.ts';
import {
  countDigits,
  enterAttempt,
  findAttempt,
  noteReturn,
  noteSession,
  stopAttempt,
} from './attempt-store.ts';
import type { EgovMobileSettings } from './settings.ts';
import { findSignerIin } from './signer-store.ts';

export interface EnterDeps extends KnownPersonDeps {
  readonly database: Database;
  readonly keys: Keys;
  readonly sessionSettings: SessionSettings;
  readonly egovMobileSettings: EgovMobileSettings;
}

/** Why a signed attempt opens no session. */
export type EnterRefusal = 'gone' | 'codeEmpty' | 'codeWrong' | 'ended' | 'locked' | 'fundDown';

/** The browser that enters, with the hash of the cookie of its attempt. */
export interface EnteringBrowser extends SignInBrowser {
  readonly browser: Buffer;
}

/**
 * Opens the session of a signed attempt, for the browser that began it.
 * @param typed the six digits of the signing phone; undefined when the person has none
 */
export async function enterByPhone(
  deps: EnterDeps,
  attempt: PhoneAttempt,
  typed: string | undefined,
  entering: EnteringBrowser,
): Promise<Result<OpenedSession, EnterRefusal>> {
  const { database, keys, egovMobileSettings } = deps;
  const { attemptId } = attempt;
  const digits = typed?.replace(/\s/g, '') ?? '';
  if (digits !== '') {
    const isRight = returnDigits(keys, attemptId).includes(digits);
    const outcome = await countDigits(database, entering.browser, attemptId, isRight);
    if (outcome !== 'right') return refused(outcome === 'wrong' ? 'codeWrong' : 'ended');
  } else if (egovMobileSettings.returns === 'required' && attempt.returnedAt === null) {
    return refused('codeEmpty');
  }
  return openByPhone(deps, attempt, entering);
}

/** Leads the signing phone back to the browser that began, which is on the same phone. */
export async function enterOnPhone(
  deps: EnterDeps,
  attempt: PhoneAttempt,
  entering: EnteringBrowser,
): Promise<Result<OpenedSession, EnterRefusal>> {
  return (await noteReturn(deps.database, entering.browser, attempt.attemptId))
    ? openByPhone(deps, attempt, entering)
    : refused('gone');
}

async function openByPhone(
  deps: EnterDeps,
  { attemptId, holderId, purpose, askedIn }: PhoneAttempt,
  entering: EnteringBrowser,
): Promise<Result<OpenedSession, EnterRefusal>> {
  const iin = holderId === null ? undefined : await findSignerIin(deps.database, holderId);
  if (holderId === null || iin === undefined) return refused('gone');
  const person = await findHolder(deps, iin as Iin, entering.requestId);
  if (person === 'unavailable') return refused('fundDown');
  if (person?.status !== 'active') return refused('gone');
  const stepOf = purpose === 'step' ? askedIn : null;
  const signer = { attemptId, holderId, person, stepOf };
  try {
    const opened = await openPhoneSession(deps, signer, entering);
    return opened ? accepted(opened) : refused('gone');
  } catch (error) {
    if (error instanceof CabinetLocked) return refused('locked');
    throw error;
  }
}

/** The attempt that a session is opened for, and its holder according to the fund. */
export interface PhoneSigner {
  readonly attemptId: Buffer;
  readonly holderId: string;
  readonly person: SessionOpening['person'];
  /** The sign-in whose second step this is, as the hash of its cookie. Null: it is the only one. */
  readonly stepOf: Buffer | null;
}

/**
 * Uses up the attempt and opens its session: both or neither. The session only reads unless the
 * browser has this person's mark and the signing phone has led back, even after a password: who
 * began may know that of the person they made sign. Undefined when the attempt is over, or the
 * sign-in that waited for it.
 * @throws CabinetLocked
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function openPhoneSession(
  { database, sessionSettings }: Pick<EnterDeps, 'database' | 'sessionSettings'>,
  { attemptId, holderId, person, stepOf }: PhoneSigner,
  entering: EnteringBrowser,
): Promise<OpenedSession | undefined> {
  return database.transaction(async (transaction) => {
    await lockForOpening(transaction, { holderId }, formerSession(entering));
    const entered = await enterAttempt(transaction, entering.browser, attemptId);
    if (!entered || (stepOf && !(await endPendingStep(transaction, stepOf)))) return undefined;
    const isKnown =
      (await findKnownMark(transaction, holderId, readMarks(entering.device).hashes)) !== undefined;
    const restricted = isKnown && entered.isReturned ? null : 'phone';
    const way: WayIn = stepOf
      ? { method: 'password', step: 'phone', restricted }
      : { method: 'phone', step: null, restricted };
    // Opening the session sends the notice about a new browser. This one is about a new key in a
    // known one.
    if (isKnown && !entered.knownKey)
      await notifyHolder(transaction, holderId, 'new-device', { device: deviceName(entering.userAgent) });
    const opened = await openSession(
      transaction,
      { holderId, way, person, forget: [] },
      entering,
      sessionSettings,
    );
    await noteSession(transaction, attemptId, tokenHash(opened.token));
    return opened;
  });
}

/**
 * Ends an attempt for the phone that signed it: nobody comes in by it, and who has come in already
 * is signed out.
 */
export async function stopByPhone(
  { database }: Pick<EnterDeps, 'database'>,
  attemptId: Buffer,
): Promise<void> {
  await database.transaction(async (transaction) => {
    const attempt = await findAttempt(transaction, attemptId);
    if (!attempt?.holderId) return;
    await lockHolder(transaction, attempt.holderId);
    await stopAttempt(transaction, attemptId);
  });
}
