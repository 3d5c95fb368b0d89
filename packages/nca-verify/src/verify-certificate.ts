/** Certificates without a message: what one says, and whether it is to be trusted. */
import { checkCertificateRequest, checkText, checkTrust } from './arguments.ts';
import { certificate } from './certificate.ts';
import { notRevoked, type RevocationSources } from './check-revocation.ts';
import { decodeCertificate } from './input.ts';
import { checkAlgorithms } from './signature.ts';
import { checkSigner, claimedSignerOf, type Requirement, signerOf } from './signer.ts';
import { buildChain, type Trust } from './trust.ts';
import {
  type ClaimedSigner,
  type Refused,
  type RevocationEvidence,
  refusalAsValue,
  type Signer,
} from './verdict.ts';

/**
 * Reads one certificate: DER, PEM or base64, as text or bytes. Nothing is verified, so anybody can
 * have written what it says.
 * @throws TypeError when `input` is neither text nor bytes
 */
export function readCertificate(
  input: Uint8Array | string,
): { readonly ok: true; readonly holder: ClaimedSigner } | Refused {
  checkText('input', input);
  return refusalAsValue(() => ({
    ok: true as const,
    holder: claimedSignerOf(certificate(decodeCertificate(input))),
  }));
}

export interface CertificateRequest extends RevocationSources {
  /** DER, PEM or base64, as text or bytes. */
  readonly certificate: Uint8Array | string;
  /** The moment for which everything is judged. */
  readonly at: Date;
  readonly trust: Trust;
  readonly require?: Requirement | undefined;
  /** `skip`: revocation is not checked here. */
  readonly revocation?: 'check' | 'skip' | undefined;
  readonly allowGost2004?: boolean | undefined;
}

export interface AcceptedCertificate {
  readonly ok: true;
  /** Whom the authority certified. It does not prove that this person is present or has the key. */
  readonly holder: Signer;
  /** The DER of the certificate, its issuer, and so on up to the anchor. */
  readonly chain: readonly Uint8Array[];
  readonly revocation: RevocationEvidence;
}

/**
 * Verifies a certificate by the rules that `verify` applies to a signer's: algorithms, chain,
 * validity, key usage, and revocation.
 * @throws TypeError when an argument is missing or of another type
 */
export function verifyCertificate(request: CertificateRequest): AcceptedCertificate | Refused {
  checkCertificateRequest(request);
  checkTrust(request.trust);
  return refusalAsValue(() => {
    const { trust, allowGost2004 = false } = request;
    const at = request.at.getTime();
    const leaf = certificate(decodeCertificate(request.certificate));
    checkAlgorithms(leaf, allowGost2004);
    const chain = buildChain(leaf, trust, at, allowGost2004);
    checkSigner(leaf, request.require ?? null);
    const revocation = notRevoked(chain, trust, at, request, allowGost2004);
    return { ok: true as const, holder: signerOf(leaf), chain: chain.map(({ der }) => der), revocation };
  });
}
