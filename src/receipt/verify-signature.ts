import type { JSONWebKeySet } from 'jose';
import type {
  EvidenceVerdict,
  SealKey,
  Trust,
  Verdict,
  VerifyEvidenceRequest,
  VerifyRequest,
} from 'nca-verify/browser';
import type { Judging } from './judge.ts';

/** What `nca-verify` and `nca-verify/browser` both have. */
interface Verifying {
  readonly verify: (request: VerifyRequest) => Verdict;
  readonly verifyEvidence: (request: VerifyEvidenceRequest) => EvidenceVerdict;
}

/**
 * Verifies signatures and evidence now, by the keys of the service.
 * @param trust gives the trusted certificates when the first file needs them
 */
export function verifyWith(
  { verify, verifyEvidence }: Verifying,
  keys: JSONWebKeySet,
  trust: () => Promise<Trust>,
): Pick<Judging, 'keys' | 'verify' | 'verifyEvidence'> {
  return {
    keys,
    verify: async (message) => verifyByTimeStamp(verify, message, await trust()),
    verifyEvidence: async (evidence) =>
      verifyEvidence({
        evidence,
        at: new Date(),
        trust: await trust(),
        sealKeys: keys.keys as readonly SealKey[],
      }),
  };
}

/**
 * Verifies a signature, all but the revocation of its certificate. A time-stamp that counts moves
 * everything to its time, so a certificate that has expired since was right then. Without one,
 * everything is judged now.
 */
function verifyByTimeStamp(verify: Verifying['verify'], message: Uint8Array | string, trust: Trust): Verdict {
  const now = new Date();
  const request = { message, trust, revocation: 'skip', timeStamps: 'verify' } as const;
  const stamped = verify({ ...request, at: 'time-stamp', now });
  return !stamped.ok && stamped.reason === 'noTrustedTime' ? verify({ ...request, at: now }) : stamped;
}
