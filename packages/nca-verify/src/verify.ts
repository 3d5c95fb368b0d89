/** The verification: every check of a signature, in a fixed order, with one result. */
import {
  digest,
  isAllowedPair,
  isAllowedSignature,
  messageSignature,
  OID,
  verifySignature,
} from './algorithms.ts';
import { checkTrust, checkVerifyAllRequest, checkVerifyRequest } from './arguments.ts';
import type { Certificate } from './certificate.ts';
import { notRevoked, type RevocationSources } from './check-revocation.ts';
import {
  type CertificateIdentifier,
  certificatesOf,
  isNamed,
  type SignedMessage,
  type SignerInfo,
  signedMessage,
} from './cms.ts';
import { sameBytes } from './der.ts';
import { decodeMessage } from './input.ts';
import { hashOf } from './platform.ts';
import { checkSigner, claimedSignerOf, type Requirement, signerOf } from './signer.ts';
import { checkTimeStamps } from './time-stamp.ts';
import { buildChain, type Trust } from './trust.ts';
import {
  type Accepted,
  type ClaimedSigner,
  Refusal,
  type Refused,
  refusalAsValue,
  type Verdict,
} from './verdict.ts';

/** The content type id-data. */
const DATA = '1.2.840.113549.1.7.1';

/** The largest CMS message in bytes, unless the caller allows more. */
export const MAX_MESSAGE_BYTES = 65_536;

/** The most signers of one message that are judged or named. Each costs a verification. */
const MAX_SIGNERS = 16;
/** The most certificates in a message with several signers: theirs, and a few issuers. */
const MAX_CERTIFICATES_OF_SEVERAL = MAX_SIGNERS + 4;

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
  /**
   * `check`: a time-stamp in the unsigned attributes must be about this signature. Who made it is
   * not checked, and its time is not used. Ignored unless given.
   */
  readonly timeStamps?: 'check' | 'ignore' | undefined;
  /**
   * Adds to a refusal whom the certificates in the message name. Nothing of it is proven, and it is
   * personal: show it to a support desk, and keep it out of logs and decisions.
   */
  readonly claims?: boolean | undefined;
}

/**
 * Verifies a message of one signer. Any content of the message gives a verdict.
 * @throws TypeError when an argument is missing or of another type, also for an unknown `require`
 */
export function verify(request: VerifyRequest): Verdict {
  checkVerifyRequest(request);
  checkTrust(request.trust);
  const message = refusalAsValue(() =>
    signedMessage(decodeMessage(request.message, request.maxBytes ?? MAX_MESSAGE_BYTES)),
  );
  if ('ok' in message) return withClaims(message, request, []);
  const verdict = refusalAsValue(() => judge(message, onlySigner(message), request, contentDigests()));
  return verdict.ok ? verdict : withClaims(verdict, request, claimed(message, message.signers));
}

/**
 * What `verifyAll` takes: the request of `verify`. OCSP answers are about one certificate each, so
 * pass them to `checkRevocation` for each accepted signer.
 */
export type VerifyAllRequest = Omit<VerifyRequest, 'ocsp' | 'maxOcspAge'>;

/**
 * `ok` when there is at least one signer and all were accepted. Otherwise `reason` is that of the
 * first refused signer, and `verdicts` is empty when the message itself was refused.
 */
export type AllVerdicts =
  | { readonly ok: true; readonly verdicts: readonly [Accepted, ...Accepted[]] }
  | (Refused & { readonly verdicts: readonly Verdict[] });

/**
 * Verifies a message of one or several signers, and gives a verdict for each in the message's
 * order. One person may have signed twice: compare IINs before you count people.
 * @throws TypeError when an argument is missing or of another type
 */
export function verifyAll(request: VerifyAllRequest): AllVerdicts {
  checkVerifyAllRequest(request);
  checkTrust(request.trust);
  const message = refusalAsValue(() => {
    const bytes = decodeMessage(request.message, request.maxBytes ?? MAX_MESSAGE_BYTES);
    const read = signedMessage(bytes, MAX_CERTIFICATES_OF_SEVERAL);
    if (read.signers.length === 0) throw new Refusal('noSigner', 'nobody signed');
    if (read.signers.length > MAX_SIGNERS) throw new Refusal('tooLarge', 'too many signers');
    return read;
  });
  if ('ok' in message) return { ...message, verdicts: [] };
  const digests = contentDigests();
  const verdicts = message.signers.map((signer): Verdict => {
    const verdict = refusalAsValue(() => judge(message, withSigned(signer), request, digests));
    return verdict.ok ? verdict : withClaims(verdict, request, claimed(message, [signer]));
  });
  const refused = verdicts.find((verdict) => !verdict.ok);
  if (refused !== undefined) return { ok: false, reason: refused.reason, detail: refused.detail, verdicts };
  const [first, ...others] = verdicts.filter((verdict) => verdict.ok);
  if (first === undefined) throw new Error('a message with signers and without verdicts');
  return { ok: true, verdicts: [first, ...others] };
}

function withClaims(
  refused: Refused,
  { claims = false }: Pick<VerifyRequest, 'claims'>,
  signers: readonly ClaimedSigner[],
): Refused {
  return claims ? { ...refused, claims: signers } : refused;
}

/**
 * Whom the message names as its signers, unproven. A signer without one certificate is left out.
 */
function claimed(message: SignedMessage, signers: readonly SignerInfo[]): readonly ClaimedSigner[] {
  return signers.slice(0, MAX_SIGNERS).flatMap((signer) => {
    const [leaf, second] = certificatesOf(message, signer);
    return leaf === undefined || second !== undefined ? [] : [claimedSignerOf(leaf)];
  });
}

/** The digest of the content by its identifier, computed once for all signers of a message. */
type ContentDigests = (id: string, content: Uint8Array) => Uint8Array | null;

function contentDigests(): ContentDigests {
  const known = new Map<string, Uint8Array | null>();
  return (id, content) => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const computed = digest(id, content);
    known.set(id, computed);
    return computed;
  };
}

function judge(
  message: SignedMessage,
  signer: SigningInfo,
  request: VerifyRequest,
  digests: ContentDigests,
): Accepted {
  const { trust, content, allowGost2004 = false } = request;
  const at = request.at.getTime();
  const signedContent = checkContent(message, signer, content, digests);
  const leaf = signerCertificate(message, signer, allowGost2004);
  checkSignature(signer, leaf, allowGost2004);
  if (request.timeStamps === 'check') checkTimeStamps(signer);
  const chain = buildChain(leaf, trust, at, allowGost2004);
  checkSigner(leaf, request.require ?? null);
  const revocation = notRevoked(chain, trust, at, request, allowGost2004);
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
  return withSigned(signer);
}

function withSigned(signer: SignerInfo): SigningInfo {
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
  digests: ContentDigests,
): Uint8Array {
  const content = message.content ?? expected;
  if (content === undefined) throw new Refusal('contentMismatch', 'detached, and no content was given');
  if (expected !== undefined && !sameBytes(content, expected)) {
    throw new Refusal('contentMismatch', 'other content than expected');
  }
  if (message.contentType !== DATA || signer.signed.contentType !== DATA) {
    throw new Refusal('contentMismatch', 'content of another type');
  }
  const computed = digests(signer.digestAlgorithm, content);
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
  const [leaf, second] = certificatesOf(message, signer);
  // Algorithms come first in the order of reasons. A pair that no row of the table has can be
  // refused before the certificate is known.
  if (!isAllowedPair(signer.digestAlgorithm, signer.signatureAlgorithm, allowGost2004)) {
    throw new Refusal('algorithmNotAllowed', `${signer.digestAlgorithm} with ${signer.signatureAlgorithm}`);
  }
  if (leaf === undefined || second !== undefined) {
    throw new Refusal('certificateMissing', 'not exactly one certificate of the signer');
  }
  checkAlgorithms(leaf, allowGost2004);
  if (!signer.signed.signingCertificates.every((identifier) => identifies(identifier, leaf))) {
    throw new Refusal('certificateMissing', 'the signed attributes name another certificate');
  }
  return leaf;
}

/** @throws Refusal `algorithmNotAllowed` */
export function checkAlgorithms(of: Certificate, allowGost2004: boolean): void {
  if (of.key.family === 'unsupported') throw new Refusal('algorithmNotAllowed', of.key.why);
  if (!of.algorithmsAgree || !isAllowedSignature(of.signatureAlgorithm, allowGost2004)) {
    throw new Refusal('algorithmNotAllowed', `a certificate signed with ${of.signatureAlgorithm}`);
  }
}

/** True when a signing certificate attribute names this certificate. */
function identifies(by: CertificateIdentifier, of: Certificate): boolean {
  // SHA-1 finds the certificate here, as in time-stamps. It proves nothing: the signature does.
  const hash = by.version === 1 ? hashOf('sha1', [of.der]) : digest(by.hashAlgorithm ?? OID.sha256, of.der);
  if (hash === null || !sameBytes(hash, by.hash)) return false;
  return by.issuerSerial === null || isNamed(of, by.issuerSerial);
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
