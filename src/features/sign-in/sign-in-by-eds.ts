import type { KnownPersonDeps } from '../../fund/known-person.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { WayIn } from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { ChallengeFor } from '../eds/challenge.ts';
import { checkSignature, type EdsDeps } from '../eds/check-signature.ts';
import type { EdsReason } from '../eds/reasons.ts';
import { type Evidence, giveBackChallenge, keepEvidence } from '../eds/store.ts';
import { notifyHolder } from '../notices/store.ts';
import { readMarks } from './device-marks.ts';
import { findHolder } from './holder-status.ts';
import { formerSession, type OpenedSession, openSession, type SignInBrowser } from './open-session.ts';
import { deviceName } from './session-names.ts';
import { lockForOpening } from './session-store.ts';
import type { SessionSettings } from './settings.ts';
import { ensureHolder, readEdsHolder } from './store.ts';

export interface EdsSignInDeps extends EdsDeps, KnownPersonDeps {
  readonly database: Database;
  readonly sessionSettings: SessionSettings;
}

/** A signature sent by a browser. */
export interface EdsSignInAttempt extends SignInBrowser {
  readonly id: string;
  readonly signature: string;
  /** What the challenge must have been given out for. Undefined when the browser sent no cookie. */
  readonly asked: ChallengeFor | undefined;
  readonly language: Language;
}

/**
 * Signs in by a signature over one of our challenges. Only the certificate's IIN identifies the
 * person, and the fund must know them and allow them in. A signature cannot be guessed, so failures
 * are not counted. Networks take turns at the verifier.
 */
export async function signInByEds(
  deps: EdsSignInDeps,
  attempt: EdsSignInAttempt,
): Promise<Result<OpenedSession, EdsReason>> {
  const { id, signature, asked, network, language } = attempt;
  if (asked === undefined) return refused('challengeOver');
  const checked = await checkSignature(deps, { id, signature, asked, requester: `network ${network}` });
  if (!checked.ok) return checked;
  const { evidence, nonce } = checked.value;
  // The authority vouches for these twelve digits, so their check digit is not verified here.
  const iin = checked.value.iin as Iin;
  const person = await findHolder(deps, iin, attempt.requestId);
  if (person === 'unavailable') {
    await giveBackChallenge(deps.database, nonce);
    return refused('fundDown');
  }
  if (!person) return refused('unknownPerson');
  if (person.status === 'other') return refused('statusUnknown');
  if (person.status !== 'active') return refused('notActive');

  return accepted(await openEdsSession(deps, { iin, language, person, evidence }, attempt));
}

const byEds: WayIn = { method: 'eds', step: null, restricted: null };

/** The person who signed with their key, according to the fund, and the evidence. */
export interface EdsSigner {
  readonly iin: Iin;
  /** The language of a cabinet that is opened for the first time. */
  readonly language: Language;
  readonly person: { readonly surname: string; readonly name: string };
  readonly evidence: Evidence;
}

/**
 * Opens a session for the holder of a key. Creates their cabinet at the first sign-in, keeps the
 * evidence, and sends a notice about a certificate that was never used before.
 *
 * @internal The test of locks runs this transaction against the others.
 */
export function openEdsSession(
  { database, sessionSettings }: Pick<EdsSignInDeps, 'database' | 'sessionSettings'>,
  { iin, language, person, evidence }: EdsSigner,
  browser: SignInBrowser,
): Promise<OpenedSession> {
  const { requestId } = browser;
  return database.transaction(async (transaction) => {
    await ensureHolder(transaction, iin, language);
    // Locked first, because the evidence refers to the holder. Two transactions that have both
    // inserted such a reference could not both lock the holder afterwards.
    await lockForOpening(transaction, { iin }, formerSession(browser));
    const { holderId, knownKey, knownDevice } = await readEdsHolder(transaction, iin, {
      certificate: evidence.signature.certificate.sha256,
      marks: readMarks(browser.device).hashes,
    });
    await keepEvidence(transaction, { holderId, requestId }, evidence, null);
    // Opening the session sends the notice about a new device. This one is about a new key on a
    // known device.
    if (!knownKey && knownDevice) {
      const device = deviceName(browser.userAgent);
      await notifyHolder(transaction, holderId, 'new-device', { device });
    }
    return openSession(transaction, { holderId, way: byEds, person, forget: [] }, browser, sessionSettings);
  });
}
