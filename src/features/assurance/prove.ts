import type { KnownPersonDeps } from '../../fund/known-person.ts';
import { randomToken, tokenHash } from '../../platform/keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { lockInSession } from '../../platform/postgres/locks.ts';
import type { Actor, HolderProof, Restriction } from '../../platform/session.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { ContactSettings } from '../contact-change/settings.ts';
import { checkSignature, type EdsDeps, type SignedChallenge } from '../eds/check-signature.ts';
import type { EdsReason } from '../eds/reasons.ts';
import { type Evidence, keepEvidence } from '../eds/store.ts';
import { recordEvent } from '../history/event-store.ts';
import { checkAssertion, type SentAssertion } from '../passkeys/check-assertion.ts';
import type { PasskeyReason } from '../passkeys/reasons.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { maxPasswordBytes } from '../passwords/password.ts';
import { findPassword } from '../passwords/store.ts';
import type { SecondStepSettings } from '../second-step/settings.ts';
import {
  type AskedStep,
  acceptedProofs,
  liftsRestriction,
  type StepStanding,
} from '../second-step/standing.ts';
import { readStepStanding } from '../second-step/store.ts';
import { type StepDeps, type StepReason, sendStepCode, tryStep } from '../second-step/try-step.ts';
import { countPasswordAttempt, forgetFailures } from '../sign-in/failure-store.ts';
import { waitMinutes } from '../sign-in/failures.ts';
import { markBrowser, type SignInBrowser } from '../sign-in/open-session.ts';
import { noteProof, rotateSession } from '../sign-in/session-store.ts';

export interface ProveDeps extends StepDeps, EdsDeps, KnownPersonDeps {
  readonly database: Database;
  readonly hasher: PasswordHasher;
  readonly contactSettings: ContactSettings;
  readonly secondStepSettings: SecondStepSettings;
}

/** What a holder can prove who they are with, the strongest first. */
export interface HolderProofs {
  readonly standing: StepStanding;
  readonly accepted: readonly HolderProof[];
}

/** The holder of a session who proves something in it. */
export interface Prover extends Actor {
  readonly restricted: Restriction | null;
  /** The browser, which gets a mark if it has none because a phone opened the session. */
  readonly browser: Pick<SignInBrowser, 'device' | 'userAgent'>;
}

/** A session in which its holder has proved who they are. Its secrets go only into cookies. */
export interface ProvedSession {
  readonly token: string;
  /** The marks of the browser; undefined when they stay as they are. */
  readonly device: string | undefined;
}

/** Reads which proofs count for a holder now. No browser is trusted here. */
export async function readProofs(
  { database, contactSettings, secondStepSettings }: ProveDeps,
  { holderId, restricted }: Pick<Prover, 'holderId' | 'restricted'>,
): Promise<HolderProofs> {
  const { waitHours } = contactSettings;
  const standing = await readStepStanding(database, holderId, { marks: [], waitHours });
  return { standing, accepted: acceptedProofs(standing, secondStepSettings, restricted) };
}

/** Why a proof was not accepted. The `detail` of `limited` is the wait in minutes. */
export type PasswordProofReason = 'currentEmpty' | 'currentWrong' | 'limited' | 'busy' | 'notAccepted';

/**
 * Proves the holder by the password. Guesses are counted together with those of the form that
 * changes it.
 * @returns the new secrets of the session
 */
export async function proveByPassword(
  deps: ProveDeps,
  actor: Prover,
  typed: string,
): Promise<Result<ProvedSession, PasswordProofReason>> {
  const { database, keys, hasher, signInSettings } = deps;
  const { holderId } = actor;
  if (!(await readProofs(deps, actor)).accepted.includes('password')) return refused('notAccepted');
  if (typed === '') return refused('currentEmpty');
  if (hasher.saturated) return refused('busy');
  const key = keys.sign('password check', holderId);
  const counted = await countPasswordAttempt(database, {
    key,
    free: signInSettings.freeFailures,
    maxMinutes: signInSettings.maxDelayMinutes,
  });
  if (!counted.allowed) return refused('limited', String(waitMinutes(counted.waitSeconds)));
  const hash = await findPassword(database, holderId);
  const isTooLong = Buffer.byteLength(typed) > maxPasswordBytes;
  const password = isTooLong ? '' : typed.normalize('NFC');
  if (!(await hasher.verify(hash, password)) || isTooLong) return refused('currentWrong');
  await forgetFailures(database, [key]);
  return accepted(await recordProof(database, actor, 'password'));
}

/** Sends the code by SMS, if that proves the holder. */
export async function sendProofBySms(
  deps: ProveDeps,
  actor: Prover,
): Promise<Result<undefined, 'codeLimit'>> {
  const { holderId, language } = actor;
  const { standing, accepted: proofs } = await readProofs(deps, actor);
  return proofs.includes('sms') && standing.mobile !== null
    ? sendStepCode(deps, { holderId, stepId: null }, standing.mobile, language)
    : accepted(undefined);
}

/**
 * Proves the holder by a code: from the app, from paper or by SMS.
 * @returns the new secrets of the session
 */
export async function proveByStep(
  deps: ProveDeps,
  actor: Prover,
  typed: string,
): Promise<Result<ProvedSession, StepReason>> {
  const { holderId, requestId } = actor;
  const proofs = await readProofs(deps, actor);
  const steps = proofs.accepted.filter(
    (one): one is Extract<HolderProof, AskedStep> => one !== 'password' && one !== 'eds',
  );
  const taken = await tryStep(
    deps,
    { holderId, stepId: null, knownDevice: undefined, requestId },
    steps,
    typed,
  );
  return taken.ok ? accepted(await recordProof(deps.database, actor, taken.value)) : taken;
}

/**
 * Proves the holder by a passkey of theirs.
 * @returns the new secrets of the session
 */
export async function proveByPasskey(
  deps: ProveDeps,
  actor: Prover,
  sent: Pick<SentAssertion, 'answer' | 'asked'>,
): Promise<Result<ProvedSession, PasskeyReason>> {
  const { holderId, requestId } = actor;
  const checked = await checkAssertion(deps, { ...sent, holderId, requestId });
  return checked.ok ? accepted(await recordProof(deps.database, actor, 'passkey')) : checked;
}

/**
 * Proves the holder by a signature over a challenge of ours.
 * @returns the new secrets of the session
 */
export async function proveByEds(
  deps: ProveDeps,
  actor: Prover,
  signed: Pick<SignedChallenge, 'id' | 'signature' | 'asked'>,
): Promise<Result<ProvedSession, EdsReason>> {
  const checked = await checkSignature(deps, { ...signed, requester: `holder ${actor.holderId}` });
  if (!checked.ok) return checked;
  const { iin, evidence } = checked.value;
  if (iin !== actor.iin) return refused('otherPerson');
  return accepted(await recordProof(deps.database, actor, 'eds', evidence));
}

/**
 * Notes the proof in the session, which gets a new secret: a copy of the former one does not gain
 * what the proof allows.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function recordProof(
  database: Database,
  actor: Pick<Prover, 'holderId' | 'sessionHash' | 'requestId' | 'restricted' | 'browser'>,
  by: HolderProof,
  evidence?: Evidence,
): Promise<ProvedSession> {
  const token = randomToken();
  const { holderId, sessionHash, requestId, restricted, browser } = actor;
  const lifts = liftsRestriction(by, restricted);
  return database.transaction(async (transaction) => {
    await lockInSession(transaction, { holderId, sessionHash });
    if (evidence) await keepEvidence(transaction, actor, evidence, null);
    await noteProof(transaction, sessionHash, by, lifts);
    await rotateSession(transaction, sessionHash, tokenHash(token));
    await recordEvent(transaction, { holderId, kind: 'identity-proved', detail: { by }, requestId });
    // The holder was told of this browser when the session was opened.
    const marked = restricted !== null && lifts;
    const device = marked
      ? await markBrowser(transaction, { holderId, method: 'phone', isNew: false }, browser)
      : undefined;
    return { token, device };
  });
}
