import type { EdsReason } from './reasons.ts';

/** A verified signature of a natural person. */
export interface VerifiedSignature {
  readonly iin: string;
  readonly certificate: {
    /** SHA-256 of the DER, lower-case hexadecimal. */
    readonly sha256: string;
    readonly serial: string;
    readonly notAfter: Date;
  };
  readonly revocation: { readonly source: 'ocsp' | 'crl'; readonly asOf: Date | null };
  /** The answer of the authority's responder, if the status comes from there. */
  readonly ocspResponse: Uint8Array | undefined;
}

/** A certificate that signatures are checked against. */
export interface TrustedCertificate {
  /** The name of its file. */
  readonly name: string;
  readonly until: Date;
}

/** A signature to be verified. */
export interface SignatureRequest {
  /** CMS as DER. */
  readonly message: Uint8Array;
  readonly content: Uint8Array;
  readonly at: Date;
  /** Whether the key must be allowed to sign documents, and not only to sign in. */
  readonly forSignature: boolean;
  /**
   * Signed by the application of a phone: the content must be inside, and a time-stamp must be
   * about this signature.
   */
  readonly byPhone?: boolean;
  /** Who sent it. Requests of different senders are processed in turn. */
  readonly requester: string;
}

/**
 * Verifies signatures. The `detail` of a refusal is for the log. With `revocationUnknown` it is the
 * time since when nothing could be checked.
 */
export interface SignatureVerifier {
  verify(
    request: SignatureRequest,
  ): Promise<
    | { readonly ok: true; readonly value: VerifiedSignature }
    | { readonly ok: false; readonly reason: EdsReason; readonly detail?: string }
  >;
}
