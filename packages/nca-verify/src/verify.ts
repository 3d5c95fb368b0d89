/** The verification: every check of a signature, in a fixed order, with one result. */
import {
  digest,
  isAllowedPair,
  isAllowedSignature,
  messageSignature,
  nodeDigest,
  OID,
  verifySignature,
} from './algorithms.ts';
import { checkBytes, checkRevocationRequest, checkTrust, checkVerifyRequest, fault } from './arguments.ts';
import { type Certificate, certificate } from './certificate.ts';
import { isNamed, type SignedMessage, type SignerInfo, signedMessage } from './cms.ts';
import { type Crl, crlStatus } from './crl.ts';
import { sameBytes } from './der.ts';
import { decodeMessage } from './input.ts';
import { buildOcspRequest, ocspStatus } from './ocsp.ts';
import { checkSigner, type Requirement, signerOf } from './signer.ts';
import { buildChain, type Trust } from './trust.ts';
import { Refusal, type Refused, type RevocationEvidence, refusalAsValue, type Verdict } from './verdict.ts';

/** The content type id-data. */
const DATA = '1.2.840.113549.1.7.1';

/** The largest CMS message in bytes, unless the caller allows more. */
export const MAX_MESSAGE_BYTES = 65_536;

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

export interface VerifyRequest extends RevocationSources {
  /** The CMS message: DER or BER bytes, or PEM or base64 as text or bytes. */
  readonly message: Uint8Array | string;
  /**
   * The bytes that should have been signed. Required when the content is detached; when it is
   * attached, it must be equal.
   */
  readonly content?: Uint8Array | undefined;
  /** The moment for which everything is judged. */
  readonly at: Date;
  readonly trust: Trust;
  readonly require?: Requirement | undefined;
  /** `skip`: revocation is not checked here. Call `checkRevocation` later if it matters. */
  readonly revocation?: 'check' | 'skip' | undefined;
  /** Accepts archived GOST 34.310-2004 signatures. */
  readonly allowGost2004?: boolean | undefined;
  readonly maxBytes?: number | undefined;
}

/**
 * Verifies a message. Any content of the message gives a verdict.
 * @throws TypeError when an argument is missing or of another type, also for an unknown `require`
 */
export function verify(request: VerifyRequest): Verdict {
  checkVerifyRequest(request);
  checkTrust(request.trust);
  return refusalAsValue(() => judge(request));
}

function judge(request: VerifyRequest): Verdict {
  const { trust, content, allowGost2004 = false } = request;
  const at = request.at.getTime();
  const message = signedMessage(decodeMessage(request.message, request.maxBytes ?? MAX_MESSAGE_BYTES));
  const signer = onlySigner(message);
  const signedContent = checkContent(message, signer, content);
  const leaf = signerCertificate(message, signer, allowGost2004);
  checkSignature(signer, leaf, allowGost2004);
  const chain = buildChain(leaf, trust, at, allowGost2004);
  checkSigner(leaf, request.require ?? null);
  const revocation: RevocationEvidence =
    request.revocation === 'skip'
      ? { source: 'notChecked', asOf: null }
      : notRevoked(chain, trust, at, request, allowGost2004);
  return {
    ok: true,
    signer: signerOf(leaf),
    signedAt: signer.signed.signingTime === null ? null : new Date(signer.signed.signingTime),
    content: signedContent,
    chain: chain.map(({ der }) => der),
    revocation,
  };
}

type SigningInfo = SignerInfo & { readonly signed: NonNullable<SignerInfo['signed']> };

function onlySigner({ signers }: SignedMessage): SigningInfo {
  const [signer, second] = signers;
  if (signer === undefined) throw new Refusal('noSigner', 'nobody signed');
  if (second !== undefined) throw new Refusal('severalSigners', `${signers.length} signers`);
  if (signer.signed?.contentType == null || signer.signed.messageDigest === null) {
    throw new Refusal('noSignedAttributes', 'the signed attributes are missing');
  }
  return { ...signer, signed: signer.signed };
}

/**
 * Checks that attached and expected content are the same bytes, and that the signed digest fits the
 * content.
 */
function checkContent(
  message: SignedMessage,
  signer: SigningInfo,
  expected: Uint8Array | undefined,
): Uint8Array {
  const content = message.content ?? expected;
  if (content === undefined) throw new Refusal('contentMismatch', 'detached, and no content was given');
  if (expected !== undefined && !sameBytes(content, expected)) {
    throw new Refusal('contentMismatch', 'other content than expected');
  }
  if (message.contentType !== DATA || signer.signed.contentType !== DATA) {
    throw new Refusal('contentMismatch', 'content of another type');
  }
  const computed = digest(signer.digestAlgorithm, content);
  if (computed === null || !message.digestAlgorithms.includes(signer.digestAlgorithm)) {
    throw new Refusal('algorithmNotAllowed', `digest ${signer.digestAlgorithm}`);
  }
  if (!sameBytes(computed, signer.signed.messageDigest ?? new Uint8Array())) {
    throw new Refusal('contentMismatch', 'the signed digest is of other content');
  }
  return content;
}

/** The one certificate in the message that the signer names, if its algorithms are allowed. */
function signerCertificate(message: SignedMessage, signer: SigningInfo, allowGost2004: boolean): Certificate {
  const named = signer.certificate;
  const [leaf, second] =
    named === null ? [] : message.certificates.filter((candidate) => isNamed(candidate, named));
  // Algorithms come first in the order of reasons. A pair that no row of the table has can be
  // refused before the certificate is known.
  if (!isAllowedPair(signer.digestAlgorithm, signer.signatureAlgorithm, allowGost2004)) {
    throw new Refusal('algorithmNotAllowed', `${signer.digestAlgorithm} with ${signer.signatureAlgorithm}`);
  }
  if (leaf === undefined || second !== undefined) {
    throw new Refusal('certificateMissing', 'not exactly one certificate of the signer');
  }
  if (leaf.key.family === 'unsupported') throw new Refusal('algorithmNotAllowed', leaf.key.why);
  if (!leaf.algorithmsAgree || !isAllowedSignature(leaf.signatureAlgorithm, allowGost2004)) {
    throw new Refusal('algorithmNotAllowed', `a certificate signed with ${leaf.signatureAlgorithm}`);
  }
  const ess = signer.signed.signingCertificate;
  if (ess !== null) {
    const hash = digest(ess.hashAlgorithm ?? OID.sha256, leaf.der);
    if (
      hash === null ||
      !sameBytes(hash, ess.hash) ||
      (ess.issuerSerial !== null && !isNamed(leaf, ess.issuerSerial))
    ) {
      throw new Refusal('certificateMissing', 'the signed attributes name another certificate');
    }
  }
  return leaf;
}

function checkSignature(signer: SigningInfo, leaf: Certificate, allowGost2004: boolean): void {
  const signature = messageSignature(
    leaf.key,
    signer.digestAlgorithm,
    signer.signatureAlgorithm,
    allowGost2004,
  );
  if (signature === null)
    throw new Refusal('algorithmNotAllowed', 'a digest or signature that does not fit the key');
  if (!verifySignature(leaf.key, signature, [signer.signed.octets], signer.signature, false)) {
    throw new Refusal('badSignature', 'the signature is wrong');
  }
}

/**
 * Checks OCSP first, lists second. Only a verified, recent "good" counts. A verified "revoked" from
 * either source is final. So is a responder's answer that it does not know the certificate: lists
 * cannot overrule it.
 */
function notRevoked(
  chain: readonly [Certificate, Certificate, ...Certificate[]],
  trust: Trust,
  at: number,
  { ocsp, crls = [], maxOcspAge }: RevocationSources,
  allowGost2004: boolean,
): RevocationEvidence {
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
        });
  if (answered?.status === 'revoked') throw new Refusal('revoked', answered.detail);
  if (answered?.status === 'unknown' && answered.final)
    throw new Refusal('revocationUnknown', answered.detail);
  const listed = crlStatus(leaf, issuer, crls, at);
  if (listed.status === 'revoked') throw new Refusal('revoked', listed.detail);
  // Lists of the roots are rarely available. If one is given, it counts.
  for (const [index, member] of chain.entries()) {
    const above = chain[index + 1];
    if (index > 0 && above !== undefined && crlStatus(member, above, crls, at).status === 'revoked') {
      throw new Refusal('revoked', 'CRL: an issuer is revoked');
    }
  }
  if (answered?.status === 'good') return { source: 'ocsp', asOf: new Date(answered.asOf) };
  if (listed.status === 'good') return { source: 'crl', asOf: new Date(listed.asOf) };
  throw new Refusal('revocationUnknown', [answered?.detail, listed.detail].filter(Boolean).join('; '));
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
    return { ok: true as const, revocation: notRevoked(chain, trust, at, request, allowGost2004) };
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

/** The SHA-256 of bytes in lower-case hexadecimal, as in verdicts. */
export function sha256(bytes: Uint8Array): string {
  return Buffer.from(nodeDigest('sha256', [bytes])).toString('hex');
}
