import { type Keys, randomToken, tokenHash } from '../../keys.ts';
import type { Language } from '../../language.ts';
import { accepted, type Result, refused } from '../../result.ts';
import { checkSignature } from '../eds/eds.ts';
import type { EdsParts, EdsReason, Evidence } from '../eds/ports.ts';
import type { Iin } from './iin.ts';
import type { FailureLimit, HolderDirectory, NewSession, SessionLimits, SignInStore } from './ports.ts';
import { deviceName, type SignedIn, shortName } from './sign-in.ts';

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
  ): Promise<{ readonly replaced: number }>;
}

export interface EdsSignInParts extends EdsParts {
  readonly keys: Keys;
  readonly store: Pick<SignInStore, 'attempt'> & EdsSignInStore;
  readonly directory: HolderDirectory;
  readonly limits: SessionLimits & {
    readonly signInIinFailures: number;
    readonly signInMaxDelayMinutes: number;
    readonly sessionsPerPerson: number;
  };
}

export interface EdsAttempt {
  readonly id: string;
  readonly signature: string;
  /** Hash of the cookie that the challenge was given to; undefined when the browser sent none. */
  readonly binding: Buffer | undefined;
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
 * let them in. Attempts of one network are counted before anything is read of them.
 */
export async function signInByEds(
  parts: EdsSignInParts,
  attempt: EdsAttempt,
): Promise<Result<SignedIn, EdsReason>> {
  const { store, directory, keys, limits } = parts;
  const network = networkLimit(keys, attempt.network, limits);
  const counted = await store.attempt(network);
  if (!counted.allowed) return refused('limited', String(Math.max(1, Math.ceil(counted.waitSeconds / 60))));
  if (attempt.binding === undefined) return refused('challengeOver');

  const { id, signature, binding } = attempt;
  const checked = await checkSignature(parts, { id, signature, purpose: 'sign-in', binding });
  if (!checked.ok) return checked;
  // Twelve digits that the authority vouches for; the check digit is its affair.
  const iin = checked.value.iin as Iin;
  const person = await directory.find(iin);
  if (person === 'unavailable') return refused('fundDown');
  if (!person) return refused('unknownPerson');
  if (person.status !== 'active') return refused('notActive');

  const token = randomToken();
  const device = attempt.device ?? randomToken();
  const { replaced } = await store.openByEds(
    {
      hash: tokenHash(token),
      shortName: shortName(person),
      device: deviceName(attempt.userAgent),
      deviceHash: tokenHash(device),
      requestId: attempt.requestId,
      sessionsPerPerson: limits.sessionsPerPerson,
      limits,
      forget: [network.key],
      formerSession: attempt.formerToken === undefined ? undefined : tokenHash(attempt.formerToken),
    },
    { iin, language: attempt.language },
    checked.value.evidence,
  );
  return accepted({ token, device, replaced });
}

function networkLimit(keys: Keys, network: string, limits: EdsSignInParts['limits']): FailureLimit {
  return {
    key: keys.sign('eds sign-in failures', network),
    free: limits.signInIinFailures,
    maxMinutes: limits.signInMaxDelayMinutes,
  };
}
