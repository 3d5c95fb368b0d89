import type { Keys } from '../../platform/keys.ts';
import type { FairSemaphore } from '../../platform/semaphore.ts';

/** What a signature is good for. One made for a purpose is refused for the other. */
export type EdsPurpose = 'sign-in' | 'change';

/** Why a signature is not taken; keys of the texts. The first seventeen are the verifier's own. */
export type EdsReason =
  | 'malformed'
  | 'tooLarge'
  | 'noSigner'
  | 'severalSigners'
  | 'noSignedAttributes'
  | 'contentMismatch'
  | 'algorithmNotAllowed'
  | 'certificateMissing'
  | 'badSignature'
  | 'untrusted'
  | 'notYetValid'
  | 'expired'
  | 'wrongKeyUsage'
  | 'notIndividual'
  | 'noIin'
  | 'revoked'
  | 'revocationUnknown'
  /** Unknown, used, too old, given to another browser or for another purpose: not told apart. */
  | 'challengeOver'
  | 'unknownPerson'
  | 'notActive'
  /** The fund gave a status that the cabinet does not know. */
  | 'statusUnknown'
  | 'otherPerson'
  /** Nothing was found out: too many wait, or the verification did not end in time. */
  | 'busy'
  /** Nobody can say whether the person may come in. */
  | 'fundDown';

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
  /** The answer of the authority's responder, if that is how it is known. */
  readonly ocspResponse: Uint8Array | undefined;
}

/** Verifies signatures; `detail` of a refusal is for the log, but with `revocationUnknown` the time since when nothing could be checked. */
export interface SignatureVerifier {
  verify(request: {
    /** CMS as DER. */
    readonly message: Uint8Array;
    readonly content: Uint8Array;
    readonly at: Date;
    /** Whether the key must be one that may sign documents, not only sign in. */
    readonly forSignature: boolean;
    /** Whose turn it is: the work of each is done in turn. */
    readonly asker: string;
  }): Promise<
    | { readonly ok: true; readonly value: VerifiedSignature }
    | { readonly ok: false; readonly reason: EdsReason; readonly detail?: string }
  >;
}

/** Everything needed to verify a signature again. */
export interface Evidence {
  readonly purpose: EdsPurpose;
  readonly content: Uint8Array;
  readonly cms: Uint8Array;
  readonly signature: VerifiedSignature;
  readonly challengedAt: Date;
}

export interface EdsStore {
  /** The database's time. */
  now(): Promise<Date>;
  /**
   * Marks a challenge as spent, if it is unspent and no older than `seconds`. One statement.
   * @returns the database's time, or undefined when the challenge is no longer good
   */
  spend(nonce: Buffer, givenAt: Date, seconds: number): Promise<Date | undefined>;
  /** Makes a spent challenge good again, for as long as it would have been. */
  giveBack(nonce: Buffer): Promise<void>;
  /** The signed message of a change, if it was signed. */
  findMessage(holderId: string, number: string): Promise<Buffer | undefined>;
}

export interface EdsDeps {
  readonly edsStore: EdsStore;
  readonly verifier: SignatureVerifier;
  readonly semaphore: FairSemaphore;
  readonly keys: Keys;
  readonly edsRules: { readonly edsChallengeSeconds: number };
}
