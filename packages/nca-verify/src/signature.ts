/** The checks of one signature in a CMS message, for what people sign and for time-stamps. */
import {
  digest,
  isAllowedPair,
  isAllowedSignature,
  messageSignature,
  OID,
  verifySignature,
} from './algorithms.ts';
import type { Certificate } from './certificate.ts';
import {
  type CertificateIdentifier,
  certificatesOf,
  isNamed,
  type SignedMessage,
  type SignerInfo,
} from './cms.ts';
import { sameBytes } from './der.ts';
import { hashOf } from './platform.ts';
import { Refusal } from './verdict.ts';

/** The digest of the content by its identifier, computed once for all signers of a message. */
export type ContentDigests = (id: string, content: Uint8Array) => Uint8Array | null;

export function contentDigests(): ContentDigests {
  const known = new Map<string, Uint8Array | null>();
  return (id, content) => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const computed = digest(id, content);
    known.set(id, computed);
    return computed;
  };
}

/** @throws Refusal `noSigner` or `severalSigners` */
export function onlySigner({ signers }: SignedMessage): SignerInfo {
  const [signer, second] = signers;
  if (signer === undefined) throw new Refusal('noSigner', 'nobody signed');
  if (second !== undefined) throw new Refusal('severalSigners', `${signers.length} signers`);
  return signer;
}

/** A signer with the attributes that a signature must cover. */
export type SigningInfo = SignerInfo & { readonly signed: NonNullable<SignerInfo['signed']> };

/** @throws Refusal `noSignedAttributes` */
export function withSigned(signer: SignerInfo): SigningInfo {
  if (signer.signed?.contentType == null || signer.signed.messageDigest === null) {
    throw new Refusal('noSignedAttributes', 'the signed attributes are missing');
  }
  return { ...signer, signed: signer.signed };
}

/**
 * Checks that attached and expected content are the same bytes, and that the signed digest fits the
 * content.
 */
export function checkContent(
  message: SignedMessage,
  signer: SigningInfo,
  expected: Uint8Array | undefined,
  digests: ContentDigests,
  type: string,
): Uint8Array {
  const content = message.content ?? expected;
  if (content === undefined) throw new Refusal('contentMismatch', 'detached, and no content was given');
  if (expected !== undefined && !sameBytes(content, expected)) {
    throw new Refusal('contentMismatch', 'other content than expected');
  }
  if (message.contentType !== type || signer.signed.contentType !== type) {
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
export function signerCertificate(
  message: SignedMessage,
  signer: SigningInfo,
  allowGost2004: boolean,
): Certificate {
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

export function checkSignature(signer: SigningInfo, leaf: Certificate, allowGost2004: boolean): void {
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
