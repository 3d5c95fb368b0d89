/**
 * OCSP (RFC 6960): builds a request and checks an answer. The answer comes over plain HTTP, so only
 * its signature is trusted.
 */
import { algorithm, digest, extensions, isAllowedSignature, OID, verifySignature } from './algorithms.ts';
import { type Certificate, certificate, EXTENSION } from './certificate.ts';
import { type Crl, crlStatus } from './crl.ts';
import {
  bitOctets,
  body,
  type Element,
  Fields,
  inner,
  oid,
  parse,
  sameBytes,
  TAG,
  time,
  whole,
} from './der.ts';
import { encode, encodeOid, wrap } from './der-writer.ts';
import { hashOf } from './platform.ts';
import { CLOCK_SKEW, type Status } from './revocation.ts';
import { identifies, signedByRemembered, type Trust } from './trust.ts';
import { Refusal, refusalAsValue } from './verdict.ts';

const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1';
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const MAX_BYTES = 65_536;
const MAX_CERTIFICATES = 3;
/** The greatest age of answers without nextUpdate, in milliseconds. */
const MAX_AGE_WITHOUT_NEXT = 10 * 60_000;
/**
 * The greatest age of every answer, whatever its nextUpdate says, unless the caller sets another:
 * one day in milliseconds.
 */
export const MAX_OCSP_AGE = 24 * 60 * 60_000;
const STATUS = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  '',
  'sigRequired',
  'unauthorized',
];

/**
 * The DER request for one certificate. Post it as `application/ocsp-request` to a configured
 * address, never to one that the certificate names. `nonce` is 8 to 32 random bytes, which the
 * answer must repeat.
 */
export function buildOcspRequest(of: Certificate, issuer: Certificate, nonce: Uint8Array): Uint8Array {
  const certId = wrap(
    TAG.sequence,
    wrap(TAG.sequence, encodeOid(OID.sha256), encode(TAG.null, new Uint8Array())),
    encode(TAG.octetString, hashOf('sha256', [issuer.subject])),
    encode(TAG.octetString, hashOf('sha256', [issuer.keyBits])),
    encode(TAG.integer, of.serial),
  );
  const nonceExtension = wrap(
    TAG.sequence,
    encodeOid(EXTENSION.ocspNonce),
    encode(TAG.octetString, encode(TAG.octetString, nonce)),
  );
  const list = wrap(TAG.sequence, wrap(TAG.sequence, certId));
  return wrap(TAG.sequence, wrap(TAG.sequence, list, wrap(0xa2, wrap(TAG.sequence, nonceExtension))));
}

export interface OcspQuestion {
  readonly response: Uint8Array;
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly trust: Trust;
  /** Milliseconds. */
  readonly at: number;
  /** When given, the answer must carry the same nonce. */
  readonly nonce: Uint8Array | null;
  readonly allowGost2004: boolean;
  /** Lists that may revoke the responder's own certificate. */
  readonly crls?: readonly Crl[] | undefined;
  /** Milliseconds since `thisUpdate`; `MAX_OCSP_AGE` unless given. */
  readonly maxAge?: number | undefined;
  /**
   * Given when `at` lies in the past, in milliseconds: answers until then count. A certificate that
   * was revoked after `at` was good at `at`.
   */
  readonly now?: number | undefined;
}

/**
 * What the answer says. The status is `unknown` unless the answer is verified, recent and about
 * exactly this certificate.
 */
export function ocspStatus(question: OcspQuestion): Status {
  const judged = refusalAsValue(() => judge(question));
  return 'ok' in judged ? { status: 'unknown', final: false, detail: `OCSP: ${judged.detail}` } : judged;
}

function unknown(detail: string): never {
  throw new Refusal('revocationUnknown', detail);
}

function judge(question: OcspQuestion): Status {
  const { response, certificate: of, issuer, nonce, allowGost2004 } = question;
  if (response.length > MAX_BYTES) unknown('the answer is too large');
  const answer = readResponse(response);
  if (!isAllowedSignature(answer.signatureAlgorithm, allowGost2004))
    unknown('an algorithm that is not allowed');
  if (answer.certificates.length > MAX_CERTIFICATES) unknown('too many certificates');
  const responder = [issuer, ...answer.certificates.map((der) => certificate(der))].find(
    (candidate) => answer.isResponder(candidate) && mayAnswer(candidate, question, answer.producedAt),
  );
  if (responder === undefined) unknown('no responder that the issuer authorised');
  if (
    !verifySignature(responder.key, answer.signatureAlgorithm, [answer.signedOctets], answer.signature, true)
  ) {
    unknown('the signature is wrong');
  }
  if (nonce !== null && (answer.nonce === null || !sameBytes(nonce, answer.nonce)))
    unknown('the nonce is another');
  const [single, second] = answer.singles;
  if (single === undefined || second !== undefined) unknown('not exactly one status');
  if (!namesCertificate(single, of, issuer)) unknown('the status of another certificate');
  const { at, now } = question;
  const revokedLater = now !== undefined && single.status === 'revoked' && single.revokedAt > at;
  checkFreshness(answer.producedAt, single, question);
  if (revokedLater) return { status: 'good', asOf: single.revokedAt };
  if (single.status === 'good') return { status: 'good', asOf: single.thisUpdate };
  if (single.status === 'unknown')
    return { status: 'unknown', final: true, detail: 'OCSP: unknown to the responder' };
  // RFC 6960, 2.2: a certificate that was never issued is answered as revoked on 1 January 1970,
  // certificateHold.
  const neverIssued = single.revokedAt === 0;
  return {
    status: 'revoked',
    at: neverIssued ? null : single.revokedAt,
    detail: neverIssued ? 'OCSP: never issued' : 'OCSP: revoked',
  };
}

/**
 * @throws Refusal `revocationUnknown` when the answer is too old, or its times contradict each
 * other
 */
function checkFreshness(
  producedAt: number,
  { status, thisUpdate, nextUpdate }: Single,
  { certificate: of, at, now, maxAge = MAX_OCSP_AGE }: OcspQuestion,
): void {
  const latest = (now ?? at) + CLOCK_SKEW;
  if (producedAt > latest) unknown('the answer is from the future');
  if (thisUpdate > latest) unknown('the status is from the future');
  if (thisUpdate > producedAt + CLOCK_SKEW) unknown('the status is newer than the answer');
  // A revocation stays: of the past, it counts however much later it was learned.
  if (now !== undefined && status === 'revoked' && thisUpdate > at) return;
  if (nextUpdate !== null && at > nextUpdate + CLOCK_SKEW) unknown('the status is out of date');
  if (at > thisUpdate + (nextUpdate === null ? Math.min(maxAge, MAX_AGE_WITHOUT_NEXT) : maxAge))
    unknown('the status is too old');
  // A certificate on hold may have been taken off later.
  if (thisUpdate > at + Math.max(maxAge, CLOCK_SKEW)) unknown('the status is of a later time');
  if (now !== undefined && thisUpdate > of.notAfter) unknown('the certificate had ended');
}

/**
 * True for the issuer itself, and for a responder whose certificate the issuer signed for this
 * purpose and has not revoked.
 */
function mayAnswer(candidate: Certificate, question: OcspQuestion, producedAt: number): boolean {
  const { issuer, trust, now, allowGost2004, crls = [] } = question;
  // Of the past, an answer that came after the time asked for is judged at its own time.
  const at = now === undefined ? question.at : Math.max(question.at, producedAt);
  if (candidate === issuer) return true;
  return (
    candidate.extendedKeyUsage.includes(OCSP_SIGNING) &&
    (candidate.keyUsage === null || candidate.keyUsage.includes('digitalSignature')) &&
    !candidate.isCa &&
    candidate.unknownCritical.length === 0 &&
    at >= candidate.notBefore &&
    at <= candidate.notAfter &&
    isAllowedSignature(candidate.signatureAlgorithm, allowGost2004) &&
    identifies(candidate, issuer) &&
    signedByRemembered(trust, candidate, issuer) &&
    crlStatus(candidate, issuer, crls, at).status !== 'revoked'
  );
}

interface Single {
  readonly hashAlgorithm: string;
  readonly nameHash: Uint8Array;
  readonly keyHash: Uint8Array;
  readonly serial: Uint8Array;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly revokedAt: number;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
}

function namesCertificate(single: Single, of: Certificate, issuer: Certificate): boolean {
  const hash = (octets: Uint8Array): Uint8Array | null =>
    single.hashAlgorithm === OID.sha1 ? hashOf('sha1', [octets]) : digest(single.hashAlgorithm, octets);
  const name = hash(issuer.subject);
  const key = hash(issuer.keyBits);
  return (
    name !== null &&
    key !== null &&
    sameBytes(single.nameHash, name) &&
    sameBytes(single.keyHash, key) &&
    sameBytes(single.serial, of.serial)
  );
}

interface Answer {
  readonly signedOctets: Uint8Array;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly certificates: readonly Uint8Array[];
  readonly isResponder: (candidate: Certificate) => boolean;
  readonly producedAt: number;
  readonly singles: readonly Single[];
  readonly nonce: Uint8Array | null;
}

function readResponse(bytes: Uint8Array): Answer {
  const outer = new Fields(parse(bytes), 'an OCSP answer');
  const code = body(outer.take(TAG.enumerated))[0] ?? 0;
  if (code !== 0) unknown(`the responder answered ${STATUS[code] ?? code}`);
  const typed = new Fields(inner(outer.take(0xa0), 'the answer', TAG.sequence), 'the answer');
  outer.end();
  if (oid(typed.take(TAG.oid)) !== BASIC_RESPONSE) unknown('another type of answer');
  const basic = new Fields(parse(body(typed.take(TAG.octetString))), 'a basic answer');
  typed.end();
  const data = basic.take(TAG.sequence);
  const signatureAlgorithm = algorithm(basic.take(TAG.sequence));
  const signature = bitOctets(basic.take(TAG.bitString));
  const bag = basic.option(0xa0);
  basic.end();

  const fields = new Fields(data, 'the data of an answer');
  fields.option(0xa0);
  const responder = fields.take(0xa1, 0xa2);
  const responderId = inner(
    responder,
    'a responder',
    responder.tag === 0xa1 ? TAG.sequence : TAG.octetString,
  );
  const producedAt = time(fields.take(TAG.generalizedTime));
  const singles = fields.take(TAG.sequence).children.map(readSingle);
  const extra = fields.option(0xa1);
  fields.end();

  let nonce: Uint8Array | null = null;
  for (const { id, critical, value } of extra === undefined ? [] : extensions(extra)) {
    if (id === EXTENSION.ocspNonce) {
      const octets = parse(value);
      if (octets.tag !== TAG.octetString) unknown('a nonce of another type');
      nonce = body(octets);
    } else if (critical) unknown('an unknown critical extension');
  }
  return {
    signedOctets: whole(data),
    signatureAlgorithm,
    signature,
    certificates: bag === undefined ? [] : inner(bag, 'certificates', TAG.sequence).children.map(whole),
    isResponder: (candidate) =>
      responder.tag === 0xa1
        ? sameBytes(whole(responderId), candidate.subject)
        : sameBytes(body(responderId), hashOf('sha1', [candidate.keyBits])),
    producedAt,
    singles,
    nonce,
  };
}

function readSingle(element: Element): Single {
  const fields = new Fields(element, 'a status');
  const id = new Fields(fields.take(TAG.sequence), 'a certificate identifier');
  const hashAlgorithm = algorithm(id.take(TAG.sequence));
  const nameHash = body(id.take(TAG.octetString));
  const keyHash = body(id.take(TAG.octetString));
  const serial = body(id.take(TAG.integer));
  id.end();
  const state = fields.take(0x80, 0xa1, 0x82);
  const thisUpdate = time(fields.take(TAG.generalizedTime));
  const next = fields.option(0xa0);
  const extra = fields.option(0xa1);
  fields.end();
  if (extra !== undefined && extensions(extra).some(({ critical }) => critical))
    unknown('an unknown critical extension');
  let revokedAt = 0;
  if (state.tag === 0xa1) {
    const [when] = state.children;
    if (when === undefined) unknown('no time of revocation');
    revokedAt = time(when);
  }
  return {
    hashAlgorithm,
    nameHash,
    keyHash,
    serial,
    status: state.tag === 0x80 ? 'good' : state.tag === 0xa1 ? 'revoked' : 'unknown',
    revokedAt,
    thisUpdate,
    nextUpdate: next === undefined ? null : time(inner(next, 'nextUpdate', TAG.generalizedTime)),
  };
}
