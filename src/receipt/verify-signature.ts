import type { Trust, Verdict, VerifyRequest } from 'nca-verify/browser';

/**
 * Verifies a signature, all but the revocation of its certificate. A time-stamp that counts moves
 * everything to its time, so a certificate that has expired since was right then. Without one,
 * everything is judged now.
 * @param verify that of `nca-verify` or of `nca-verify/browser`, which do the same
 */
export function verifyByTimeStamp(
  verify: (request: VerifyRequest) => Verdict,
  message: Uint8Array | string,
  trust: Trust,
): Verdict {
  const now = new Date();
  const request = { message, trust, revocation: 'skip', timeStamps: 'verify' } as const;
  const stamped = verify({ ...request, at: 'time-stamp', now });
  return !stamped.ok && stamped.reason === 'noTrustedTime' ? verify({ ...request, at: now }) : stamped;
}
