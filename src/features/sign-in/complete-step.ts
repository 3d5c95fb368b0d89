import { tokenHash } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import { checkAssertion, type SentAssertion } from '../passkeys/check-assertion.ts';
import type { PasskeyReason } from '../passkeys/reasons.ts';
import { type AskedStep, nextStep, type StepStanding } from '../second-step/standing.ts';
import { endPendingStep, findPendingStep, type PendingStep, readStepStanding } from '../second-step/store.ts';
import { type StepReason, sendStepCode, tryStep } from '../second-step/try-step.ts';
import { readMarks } from './device-marks.ts';
import { findKnownMark } from './device-store.ts';
import { findHolder } from './holder-status.ts';
import {
  CabinetLocked,
  formerSession,
  type OpenedSession,
  openSession,
  type SessionOpening,
  type SignInBrowser,
} from './open-session.ts';
import { lockForOpening } from './session-store.ts';
import type { SignInDeps } from './sign-in.ts';

/** A sign-in that waits for its step, and what is asked for. */
export interface WaitingStep extends PendingStep {
  readonly standing: StepStanding;
  readonly steps: readonly [AskedStep, ...AskedStep[]];
}

/** The browser in which a step is taken. */
export interface StepBrowser extends SignInBrowser {
  /** The secret of the cookie of the waiting sign-in. */
  readonly stepToken: string;
}

/**
 * Finds the sign-in that waits for its step. Undefined when it is over, or when a step is asked for
 * no more: the person then signs in anew.
 */
export async function findWaitingStep(
  { database, secondStepSettings, contactSettings }: SignInDeps,
  token: string | undefined,
): Promise<WaitingStep | undefined> {
  const pending = token === undefined ? undefined : await findPendingStep(database, tokenHash(token));
  if (!pending) return undefined;
  const { waitHours } = contactSettings;
  const standing = await readStepStanding(database, pending.holderId, { marks: [], waitHours });
  const next = nextStep(standing, secondStepSettings);
  return next.kind === 'ask' ? { ...pending, standing, steps: next.steps } : undefined;
}

/** Sends the code by SMS, if that is one of the steps. */
export async function sendWaitingCode(
  deps: SignInDeps,
  { holderId, stepId, steps, standing }: WaitingStep,
  language: Language,
): Promise<Result<undefined, 'codeLimit'>> {
  return steps.includes('sms') && standing.mobile !== null
    ? sendStepCode(deps, { holderId, stepId }, standing.mobile, language)
    : accepted(undefined);
}

/** Why the step did not open a session. `gone`: the person has to sign in anew. */
export type StepRefusal = StepReason | 'gone' | 'locked' | 'fundDown';

/**
 * Compares the second step with what was typed, and opens the session.
 * @param trust whether no step is to be asked in this browser for some time
 */
export async function takeStep(
  deps: SignInDeps,
  waiting: WaitingStep,
  typed: string,
  { trust, ...browser }: StepBrowser & { readonly trust: boolean },
): Promise<Result<OpenedSession, StepRefusal>> {
  const { holderId, stepId, steps } = waiting;
  const marks = readMarks(browser.device).hashes;
  const knownDevice = await findKnownMark(deps.database, holderId, marks);
  const { requestId } = browser;
  const taken = await tryStep(deps, { holderId, stepId, knownDevice, requestId }, steps, typed);
  return taken.ok ? openAfterStep(deps, waiting, { step: taken.value, trust }, browser) : taken;
}

/**
 * Verifies the answer of a passkey of the person who has given the right password, and opens the
 * session.
 * @param trust whether no step is to be asked in this browser for some time
 */
export async function takePasskeyStep(
  deps: SignInDeps,
  waiting: WaitingStep,
  sent: Pick<SentAssertion, 'answer' | 'asked'>,
  { trust, ...browser }: StepBrowser & { readonly trust: boolean },
): Promise<Result<OpenedSession, PasskeyReason | 'gone' | 'locked' | 'fundDown'>> {
  const { holderId } = waiting;
  const { requestId } = browser;
  const checked = await checkAssertion(deps, { ...sent, holderId, requestId });
  return checked.ok ? openAfterStep(deps, waiting, { step: 'passkey', trust }, browser) : checked;
}

/** Opens the session of a sign-in whose second step was right. */
async function openAfterStep(
  deps: SignInDeps,
  { holderId, iin }: Pick<WaitingStep, 'holderId' | 'iin'>,
  { step, trust }: { readonly step: AskedStep; readonly trust: boolean },
  browser: StepBrowser,
): Promise<Result<OpenedSession, 'gone' | 'locked' | 'fundDown'>> {
  const person = await findHolder(deps, iin as Iin, browser.requestId);
  if (person === 'unavailable') return refused('fundDown');
  if (person?.status !== 'active') return refused('gone');
  const way = { method: 'password', step, restricted: null } as const;
  try {
    const opened = await completeStep(deps, { holderId, way, person, forget: [], trust }, browser);
    return opened ? accepted(opened) : refused('gone');
  } catch (error) {
    if (error instanceof CabinetLocked) return refused('locked');
    throw error;
  }
}

/**
 * Ends the waiting sign-in and opens its session: both or neither. Returns undefined when the
 * sign-in waits no more.
 * @throws CabinetLocked
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function completeStep(
  { database, sessionSettings }: { readonly database: Database } & Pick<SignInDeps, 'sessionSettings'>,
  opening: SessionOpening,
  browser: StepBrowser,
): Promise<OpenedSession | undefined> {
  return database.transaction(async (transaction) => {
    await lockForOpening(transaction, opening, formerSession(browser));
    if (!(await endPendingStep(transaction, tokenHash(browser.stepToken)))) return undefined;
    return openSession(transaction, opening, browser, sessionSettings);
  });
}
