/** The result of a verification. */
import type { TimeStampVerdict } from './trusted-time.ts';

/**
 * Why a signature was refused, in the order of the checks. The list is closed: a new reason means a
 * new major version.
 */
export const REASONS = [
  'malformed',
  'tooLarge',
  'noSigner',
  'severalSigners',
  'noSignedAttributes',
  'contentMismatch',
  'algorithmNotAllowed',
  'certificateMissing',
  'badSignature',
  'noTrustedTime',
  'untrusted',
  'notYetValid',
  'expired',
  'wrongKeyUsage',
  'notIndividual',
  'noIin',
  'revoked',
  'revocationUnknown',
] as const;

export type Reason = (typeof REASONS)[number];

/**
 * A refusal. `detail` is English text for a log, never for the person, and holds nothing personal.
 */
export interface Refused {
  readonly ok: false;
  readonly reason: Reason;
  readonly detail: string;
  /**
   * Only if the request asks for `claims`: whom the certificates in the message name as its
   * signers. Anybody can have written it. It is personal, so keep it out of logs.
   */
  readonly claims?: readonly ClaimedSigner[];
}

export type KeyFamily = 'gost2015' | 'rsa' | 'gost2004';

/**
 * Whose key it is, by the certificate's key purposes: a person's, a person's for an organisation, a
 * system's, or none of these.
 */
export type SignerKind = 'individual' | 'legalEntity' | 'informationSystem' | 'other';

/** The certificate, in the form that a log, a page or an evidence record needs. */
export interface CertificateSummary {
  readonly der: Uint8Array;
  /** The SHA-256 of the DER, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Lower-case hexadecimal, without the leading zeros of the encoding. */
  readonly serial: string;
  /** "CN=…, C=KZ", for display. */
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly keyFamily: KeyFamily;
  readonly keyUsage: readonly string[];
  readonly extendedKeyUsage: readonly string[];
}

/**
 * The signer, from the verified certificate. A field is null when the certificate lacks it or has
 * it twice.
 */
export interface Signer {
  /** A trusted authority certified these data. Tells a `Signer` from a `ClaimedSigner`. */
  readonly proven: true;
  readonly iin: string | null;
  readonly bin: string | null;
  readonly surname: string | null;
  /** The first name: the common name without the surname. */
  readonly name: string | null;
  readonly patronymic: string | null;
  readonly commonName: string | null;
  readonly organisation: string | null;
  readonly kind: SignerKind;
  readonly certificate: CertificateSummary;
}

/** What a certificate says that nobody verified. It cannot be used where a `Signer` is expected. */
export type ClaimedSigner = Omit<Signer, 'proven' | 'certificate'> & {
  readonly proven: false;
  readonly certificate: Omit<CertificateSummary, 'keyFamily'> & {
    /** Null for a key that is not supported. */
    readonly keyFamily: KeyFamily | null;
  };
};

/** How we know that the certificate is not revoked. */
export interface RevocationEvidence {
  readonly source: 'ocsp' | 'crl' | 'notChecked';
  /** The time that the answer or list is about (thisUpdate); null when not checked. */
  readonly asOf: Date | null;
}

export interface Accepted {
  readonly ok: true;
  readonly signer: Signer;
  /** The signing time by the clock of the signer's computer. It is not proven. */
  readonly signedAt: Date | null;
  /** The bytes that were signed. */
  readonly content: Uint8Array;
  /** The DER of the certificate, its issuer, and so on up to the anchor. */
  readonly chain: readonly Uint8Array[];
  readonly revocation: RevocationEvidence;
  /** Only if time-stamps were verified: a verdict for each, in the order of the message. */
  readonly timeStamps?: readonly TimeStampVerdict[];
  /**
   * Only if time-stamps were verified: the signature existed at this time at the latest, by the
   * earliest time-stamp that counts. Null without one.
   */
  readonly trustedTime?: Date | null;
}

export type Verdict = Accepted | Refused;

/**
 * Thrown inside parsers and checks, and turned into a `Refused` by the exported functions. A check
 * deep in a structure then need not pass its refusal through every caller. Never leaves the
 * package.
 */
export class Refusal extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, detail: string) {
    super(detail);
    this.name = 'Refusal';
    this.reason = reason;
  }
}

/**
 * Runs a check and returns a Refusal as a value. Any other error is a fault of the program and is
 * thrown again.
 */
export function refusalAsValue<T>(check: () => T): T | Refused {
  try {
    return check();
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ok: false, reason: thrown.reason, detail: thrown.message };
    throw thrown;
  }
}
