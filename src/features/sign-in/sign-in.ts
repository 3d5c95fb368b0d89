import type { KnownPersonDeps } from '../../fund/known-person.ts';
import type { FundHolder } from '../../fund/port.ts';
import type { Keys } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { CodeSettings } from '../codes/settings.ts';
import type { ContactSettings } from '../contact-change/settings.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { maxPasswordBytes, sufficesAlone } from '../passwords/password.ts';
import { noteSufficesAlone, type StoredPassword, upgradeHash } from '../passwords/store.ts';
import { takeOver } from '../requisites/take-over.ts';
import type { SecondStepSettings } from '../second-step/settings.ts';
import { nextStep } from '../second-step/standing.ts';
import { readStepStanding } from '../second-step/store.ts';
import { beginStep } from './begin-step.ts';
import { readMarks } from './device-marks.ts';
import { countPasswordAttempt } from './failure-store.ts';
import { failureLimits, waitMinutes } from './failures.ts';
import { findHolder } from './holder-status.ts';
import {
  CabinetLocked,
  type OpenedSession,
  openSession,
  refuseLocked,
  type SignInBrowser,
} from './open-session.ts';
import type { SessionSettings, SignInSettings } from './settings.ts';
import { findCredential, recordFailure, writeAnything } from './store.ts';

export interface SignInDeps extends KnownPersonDeps {
  readonly database: Database;
  readonly hasher: PasswordHasher;
  readonly keys: Keys;
  readonly sessionSettings: SessionSettings;
  readonly signInSettings: SignInSettings;
  readonly secondStepSettings: SecondStepSettings;
  readonly contactSettings: ContactSettings;
  readonly codeSettings: CodeSettings;
}

/** What was typed, and in which browser. */
export interface SignInAttempt extends SignInBrowser {
  readonly iin: Iin;
  readonly password: string;
  /** The language of a code by SMS. */
  readonly language: Language;
}

/**
 * The `detail` of `limited` and `limitedHere` (this network, for this IIN) is the wait in minutes.
 */
export type SignInRefusal =
  | 'failed'
  | 'limited'
  | 'limitedHere'
  | 'busy'
  | 'fundDown'
  | 'statusUnknown'
  | 'locked'
  /** A second step is required, and this person has none. */
  | 'noStep';

/** What a right password leads to. */
export type SignedIn =
  | { readonly kind: 'opened'; readonly session: OpenedSession }
  /** `token` is the secret of the sign-in that waits for its second step, for its cookie. */
  | { readonly kind: 'step'; readonly token: string };

/**
 * Signs in by IIN and password. Unknown people, wrong passwords, and blocked or deceased people get
 * the same answer after the same work: one look-up, two counts, one hash, one record. That a
 * cabinet is locked is told only after the right password.
 */
export async function signIn(
  deps: SignInDeps,
  attempt: SignInAttempt,
): Promise<Result<SignedIn, SignInRefusal>> {
  const { database, hasher, keys, signInSettings } = deps;
  if (hasher.saturated) return refused('busy');

  const marks = readMarks(attempt.device).hashes;
  const { credential, knownDevice } = await findCredential(database, attempt.iin, marks);
  const counts = failureLimits(keys, signInSettings, attempt, knownDevice);
  for (const { refusal, limit } of counts) {
    const counted = await countPasswordAttempt(database, limit);
    if (!counted.allowed) return refused(refusal, String(waitMinutes(counted.waitSeconds)));
  }

  const tooLong = Buffer.byteLength(attempt.password) > maxPasswordBytes;
  const password = tooLong ? '' : attempt.password.normalize('NFC');
  const right = (await hasher.verify(credential?.passwordHash, password)) && !tooLong;
  const person = right ? await findHolder(deps, attempt.iin, attempt.requestId) : undefined;
  // Only a person with the right password is told this. Whether they may come in is not known, so
  // they may not.
  if (person === 'unavailable') return refused('fundDown');
  if (credential && person?.status === 'other') return refused('statusUnknown');
  if (!credential || person?.status !== 'active') {
    await recordFailedSignIn(database, attempt.iin, attempt.requestId);
    return refused('failed');
  }

  const { holderId, passwordHash } = credential;
  const forget = counts.map(({ limit }) => limit.key);
  const known = { hash: passwordHash, sufficesAlone: sufficesAlone(password) };
  const signedIn = await letIn(deps, { holderId, password: known, person, forget, marks }, attempt);
  if (signedIn.ok && hasher.outdated(passwordHash)) {
    await upgradeHash(database, holderId, passwordHash, await hasher.hash(password));
  }
  return signedIn;
}

/** The holder whose password was right. */
interface LetIn {
  readonly holderId: string;
  readonly password: StoredPassword;
  readonly person: FundHolder;
  readonly forget: readonly Buffer[];
  readonly marks: readonly Buffer[];
}

/** Opens the session, or asks for the second step first. */
async function letIn(
  deps: SignInDeps,
  { holderId, password, person, forget, marks }: LetIn,
  attempt: SignInAttempt,
): Promise<Result<SignedIn, SignInRefusal>> {
  const { database, sessionSettings, secondStepSettings, contactSettings } = deps;
  const { waitHours } = contactSettings;
  let standing = await readStepStanding(database, holderId, { marks, waitHours });
  if (standing.sufficesAlone !== password.sufficesAlone)
    await noteSufficesAlone(database, holderId, password);
  const withoutPhone = { ...secondStepSettings, byPhone: false };
  if (nextStep(standing, withoutPhone).kind === 'impossible' && person.requisites !== null) {
    // Who never opened the form has a mobile in the fund, and none here.
    await takeOver(deps, holderId, person, attempt.requestId);
    standing = await readStepStanding(database, holderId, { marks, waitHours });
  }
  const next = nextStep(standing, secondStepSettings);
  try {
    if (next.kind === 'ask') {
      const token = await beginStep(deps, { holderId, standing, next, forget }, attempt);
      return accepted({ kind: 'step', token });
    }
    if (next.kind === 'impossible') {
      await database.transaction((transaction) => refuseLocked(transaction, holderId));
      return refused('noStep');
    }
    const { step, restricted } = next;
    const way = { method: 'password', step, restricted } as const;
    const session = await database.transaction((transaction) =>
      openSession(transaction, { holderId, way, person, forget }, attempt, sessionSettings),
    );
    return accepted({ kind: 'opened', session });
  } catch (error) {
    if (!(error instanceof CabinetLocked)) throw error;
    await recordFailedSignIn(database, attempt.iin, attempt.requestId);
    return refused('locked');
  }
}

/**
 * Records a failed sign-in for the holder of an IIN, if there is one. The work is the same in both
 * cases.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export async function recordFailedSignIn(database: Database, iin: Iin, requestId: string): Promise<void> {
  await database.transaction(async (transaction) => {
    await writeAnything(transaction);
    await recordFailure(transaction, iin, requestId);
  });
}
