import type { Result } from '../../values/result.ts';
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
  /** The certificates above the signer's, DER. */
  readonly issuers: readonly Uint8Array[];
  /** The revocation lists that were used, without those too long to be kept. */
  readonly lists: readonly Uint8Array[];
  /** True when the message has no time-stamp that counts, and an authority can be asked for one. */
  readonly lacksTimeStamp: boolean;
}

/** A time-stamp of an authority that was checked. */
export interface StampedSignature {
  /** The token, DER. */
  readonly token: Uint8Array;
  readonly time: Date;
  /** An answer about revocation that is not older than the time-stamp. */
  readonly ocspResponse: Uint8Array | undefined;
}

/** A seal by a time-stamp. */
export interface StampedDigest {
  readonly token: Uint8Array;
  /** When the authority's certificate ends. */
  readonly until: Date;
}

/** Asks a time-stamp authority. A refusal has a code for the log, without anything personal. */
export interface TimeStamper {
  stampSignature(message: Uint8Array, content: Uint8Array): Promise<Result<StampedSignature, string>>;
  stampData(data: Uint8Array): Promise<Result<StampedDigest, string>>;
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
