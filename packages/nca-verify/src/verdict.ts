/** What a verification answers. */

/**
 * Why a signature was refused, in the order in which the checks are made. Closed: a new reason is a
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

/** A refusal; `detail` is English for a log, never for the person, and holds nothing personal. */
export interface Refused {
  readonly ok: false;
  readonly reason: Reason;
  readonly detail: string;
}

export type KeyFamily = 'gost2015' | 'rsa' | 'gost2004';

/**
 * Whose key it is by the certificate's key purposes: a person, a person for an organisation, a
 * system, or neither is said.
 */
export type SignerKind = 'individual' | 'legalEntity' | 'informationSystem' | 'other';

/** The certificate in the form a log, a page or an evidence record needs. */
export interface CertificateSummary {
  readonly der: Uint8Array;
  /** Of the DER, lower-case hexadecimal. */
  readonly sha256: string;
  /** Lower-case hexadecimal without leading zeros of the encoding. */
  readonly serial: string;
  /** "CN=…, C=KZ", for display. */
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly keyFamily: KeyFamily;
  readonly keyUsage: readonly string[];
  readonly extendedKeyUsage: readonly string[];
}

/** Who signed, from the verified certificate. Null where it says nothing, or says it twice. */
export interface Signer {
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

/** How it is known that the certificate is not revoked. */
export interface RevocationEvidence {
  readonly source: 'ocsp' | 'crl' | 'notChecked';
  /** When the answer was true: thisUpdate of the answer or list; null when not checked. */
  readonly asOf: Date | null;
}

export interface Accepted {
  readonly ok: true;
  readonly signer: Signer;
  /** The signing time the signer's computer claims: not proven. */
  readonly signedAt: Date | null;
  /** The bytes that were signed. */
  readonly content: Uint8Array;
  /** DER of the certificate, its issuer, and so on to the anchor. */
  readonly chain: readonly Uint8Array[];
  readonly revocation: RevocationEvidence;
}

export type Verdict = Accepted | Refused;

/**
 * Thrown inside the parsers and checks and turned into a `Refused` by the exported functions, so
 * that a check deep in a structure need not hand its refusal through every caller. Never leaves the
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
 * Runs a check; a Refusal becomes a value, anything else is a fault of the program and is thrown
 * on.
 */
export function refusalAsValue<T>(check: () => T): T | Refused {
  try {
    return check();
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ok: false, reason: thrown.reason, detail: thrown.message };
    throw thrown;
  }
}
