import { randomToken, tokenHash } from '../../platform/keys.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { accepted, type Result, refused } from '../../values/result.ts';
import type { ChallengeFor } from '../eds/challenge.ts';
import { checkSignature } from '../eds/eds.ts';
import type { EdsDeps, EdsReason, Evidence } from '../eds/ports.ts';
import { issueMark, readMarks } from './device-marks.ts';
import type { HolderDirectory, NewSession, SessionLimits, SessionOpened } from './ports.ts';
import { deviceName, type OpenedSession, shortName } from './sign-in.ts';

/** What signing in by EDS needs of the tables. */
export interface EdsSignInStore {
  /**
   * Opens a session for the holder of this IIN, makes their cabinet at the first time, keeps the evidence, ends a stop by "this wasn't
   * me", and tells the channels on file of a certificate never seen before.
   */
  openByEds(
    session: Omit<NewSession, 'holderId' | 'method'>,
    holder: { readonly iin: Iin; readonly language: Language },
    evidence: Evidence,
  ): Promise<SessionOpened>;
}

export interface EdsSignInDeps extends EdsDeps {
  readonly store: EdsSignInStore;
  readonly directory: HolderDirectory;
  readonly limits: SessionLimits & { readonly sessionsPerPerson: number };
}

export interface EdsAttempt {
  readonly id: string;
  readonly signature: string;
  /** What the challenge must have been given out for; undefined when the browser sent no cookie. */
  readonly asked: ChallengeFor | undefined;
  readonly device: string | undefined;
  /** The secret of the session cookie, if the browser has one. */
  readonly formerToken: string | undefined;
  readonly network: string;
  readonly language: Language;
  readonly userAgent: string;
  readonly requestId: string;
}

/**
 * Signs in by a signature over a challenge of ours. The certificate's IIN alone says who it is: the fund must know the person and
 * let them in. A signature cannot be guessed, so failures are not counted; networks wait for the verifier in turn.
 */
export async function signInByEds(
  parts: EdsSignInDeps,
  attempt: EdsAttempt,
): Promise<Result<OpenedSession, EdsReason>> {
  const { store, directory, edsStore, limits } = parts;
  const { id, signature, asked, network } = attempt;
  if (asked === undefined) return refused('challengeOver');
  const checked = await checkSignature(parts, { id, signature, asked, asker: `network ${network}` });
  if (!checked.ok) return checked;
  // Twelve digits that the authority vouches for; the check digit is its affair.
  const iin = checked.value.iin as Iin;
  const person = await directory.find(iin);
  if (person === 'unavailable') {
    await edsStore.giveBack(checked.value.nonce);
    return refused('fundDown');
  }
  if (!person) return refused('unknownPerson');
  if (person.status === 'other') return refused('statusUnknown');
  if (person.status !== 'active') return refused('notActive');

  const token = randomToken();
  const marks = readMarks(attempt.device);
  const mark = issueMark();
  const { replaced, endedMarks } = await store.openByEds(
    {
      hash: tokenHash(token),
      shortName: shortName(person),
      device: deviceName(attempt.userAgent),
      deviceHash: mark.hash,
      marks: marks.hashes,
      requestId: attempt.requestId,
      sessionsPerPerson: limits.sessionsPerPerson,
      limits,
      forget: [],
      formerSession: attempt.formerToken === undefined ? undefined : tokenHash(attempt.formerToken),
    },
    { iin, language: attempt.language },
    checked.value.evidence,
  );
  return accepted({ token, device: marks.renewed(mark.token, endedMarks), replaced });
}
