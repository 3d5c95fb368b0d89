/** Whether the certificate of a chain is revoked, by the sources that the caller gives. */
import { checkBytes, checkRevocationRequest, checkTrust, fault } from './arguments.ts';
import { type Certificate, certificate } from './certificate.ts';
import { type Crl, crlStatus } from './crl.ts';
import { buildOcspRequest, MAX_OCSP_AGE, ocspStatus } from './ocsp.ts';
import type { Status } from './revocation.ts';
import { buildChain, type Trust } from './trust.ts';
import { Refusal, type Refused, type RevocationEvidence, refusalAsValue } from './verdict.ts';

/** An answer of the authority's OCSP responder to our request. */
export interface OcspAnswer {
  readonly response: Uint8Array;
  /** The nonce of the request. If given, the answer must carry it. */
  readonly nonce?: Uint8Array | undefined;
}

/** The sources about revocation. Without any, the verdict is `revocationUnknown`. */
export interface RevocationSources {
  readonly ocsp?: OcspAnswer | undefined;
  readonly crls?: readonly Crl[] | undefined;
  /**
   * The greatest age of an OCSP answer, in milliseconds since its `thisUpdate`; one day unless
   * given, and ten minutes at most without `nextUpdate`.
   */
  readonly maxOcspAge?: number | undefined;
}

/**
 * Checks OCSP first, lists second. Only a verified, recent "good" counts. A verified "revoked" from
 * either source is final. So is a responder's answer that it does not know the certificate: lists
 * cannot overrule it.
 *
 * With `now`, `at` lies in the past: what was learned until `now` counts, and a certificate that
 * was revoked after `at` was right then.
 */
export function notRevoked(
  chain: readonly [Certificate, Certificate, ...Certificate[]],
  trust: Trust,
  at: number,
  {
    revocation = 'check',
    ocsp,
    crls = [],
    maxOcspAge,
  }: RevocationSources & { readonly revocation?: 'check' | 'skip' | undefined },
  allowGost2004: boolean,
  now?: number,
): RevocationEvidence {
  if (revocation === 'skip') return { source: 'notChecked', asOf: null };
  const [leaf, issuer] = chain;
  const answered =
    ocsp === undefined
      ? null
      : ocspStatus({
          response: ocsp.response,
          certificate: leaf,
          issuer,
          trust,
          at,
          nonce: ocsp.nonce ?? null,
          allowGost2004,
          crls,
          maxAge: maxOcspAge,
          now,
        });
  if (answered?.status === 'revoked') throw new Refusal('revoked', answered.detail);
  if (answered?.status === 'unknown' && answered.final)
    throw new Refusal('revocationUnknown', answered.detail);
  const listedStatus = (of: Certificate, by: Certificate): Status =>
    now === undefined ? crlStatus(of, by, crls, at) : statusThen(of, by, crls, at, now);
  const listed = listedStatus(leaf, issuer);
  if (listed.status === 'revoked') throw new Refusal('revoked', listed.detail);
  // Lists of the roots are rarely available. If one is given, it counts.
  for (const [index, member] of chain.entries()) {
    const above = chain[index + 1];
    if (index > 0 && above !== undefined && listedStatus(member, above).status === 'revoked') {
      throw new Refusal('revoked', 'CRL: an issuer is revoked');
    }
  }
  if (answered?.status === 'good') return { source: 'ocsp', asOf: new Date(answered.asOf) };
  if (listed.status === 'good') return { source: 'crl', asOf: new Date(listed.asOf) };
  throw new Refusal('revocationUnknown', [answered?.detail, listed.detail].filter(Boolean).join('; '));
}

/**
 * What lists of any time up to `now` say of a certificate at `at`. A revocation after `at` shows
 * that there was none before. A list that names no revocation counts if it is not older than those
 * in force at `at`, and at most a day younger: a certificate on hold may have been taken off later.
 */
function statusThen(
  of: Certificate,
  issuer: Certificate,
  crls: readonly Crl[],
  at: number,
  now: number,
): Status {
  const later = crls.map(({ thisUpdate }) => thisUpdate).filter((time) => time > at && time <= now);
  let good: Status | undefined;
  for (const moment of [at, ...later, now]) {
    const status = crlStatus(of, issuer, crls, moment);
    if (status.status === 'revoked') {
      if (status.at === null || status.at <= at) return status;
      good ??= { status: 'good', asOf: status.at };
    } else if (status.status === 'good') {
      // A list need not name a certificate that has ended.
      if (status.asOf <= Math.min(at + MAX_OCSP_AGE, of.notAfter)) good ??= status;
    }
  }
  return good ?? { status: 'unknown', final: false, detail: 'CRL: no list of that time' };
}

export interface RevocationRequest extends RevocationSources {
  /** The signer's certificate of an accepted verdict: `verdict.signer.certificate.der`. */
  readonly certificate: Uint8Array;
  readonly at: Date;
  readonly trust: Trust;
  readonly allowGost2004?: boolean | undefined;
}

/**
 * Checks revocation separately, for a verdict with `revocation: 'skip'`, because asking the
 * responder takes time.
 * @throws TypeError when an argument is missing or of another type
 */
export function checkRevocation(
  request: RevocationRequest,
): { readonly ok: true; readonly revocation: RevocationEvidence } | Refused {
  checkRevocationRequest(request);
  checkTrust(request.trust);
  return refusalAsValue(() => {
    const { trust, allowGost2004 = false } = request;
    const at = request.at.getTime();
    const chain = buildChain(certificate(request.certificate), trust, at, allowGost2004);
    // Only what is known of the request: a stray `revocation` must not skip the check.
    const { ocsp, crls, maxOcspAge } = request;
    const revocation = notRevoked(chain, trust, at, { ocsp, crls, maxOcspAge }, allowGost2004);
    return { ok: true as const, revocation };
  });
}

/**
 * The DER of the OCSP request for the signer of an accepted verdict (`verdict.chain`). Post it to a
 * configured responder. `nonce`: 8 to 32 random bytes, to be passed again with the answer.
 */
export function ocspRequest(chain: readonly Uint8Array[], nonce: Uint8Array): Uint8Array {
  if (!Array.isArray(chain)) fault('chain', chain, 'an array of certificates');
  const [leaf, issuer] = chain;
  if (leaf === undefined || issuer === undefined)
    throw new TypeError('a chain has a certificate and its issuer');
  checkBytes('nonce', nonce);
  if (nonce.length < 8 || nonce.length > 32) fault('nonce', nonce, '8 to 32 bytes');
  return buildOcspRequest(certificate(leaf), certificate(issuer), nonce);
}
