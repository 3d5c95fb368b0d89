/** The result of a verification of XML. */
import { type Accepted, REASONS, type Reason, type Refused, refusalAsValue } from '../verdict.ts';

/** What can be wrong with a signed XML document besides what can be wrong with a CMS message. */
const ONLY_XML = [
  'tooDeep',
  'doctype',
  'entity',
  'severalReferences',
  'externalReference',
  'transformNotAllowed',
  'duplicateId',
  'wrongElement',
  'hmacNotAllowed',
  'keyNotCertified',
] as const;

export type XmlReason = Exclude<Reason, 'noSignedAttributes' | 'noTrustedTime'> | (typeof ONLY_XML)[number];

/** Why a document was refused. The list is closed: a new reason means a new major version. */
export const XML_REASONS: readonly XmlReason[] = [
  ...ONLY_XML,
  ...REASONS.filter((reason) => reason !== 'noSignedAttributes' && reason !== 'noTrustedTime'),
];

/** A refusal, as that of a CMS message. */
export type XmlRefused = Omit<Refused, 'reason'> & { readonly reason: XmlReason };

/** The name of an element: its namespace ("" for none) and its name without a prefix. */
export interface ElementName {
  readonly namespace: string;
  readonly name: string;
}

export interface XmlAccepted extends Pick<Accepted, 'ok' | 'signer' | 'chain' | 'revocation'> {
  /**
   * The octets that were signed: canonical XML in UTF-8, without the signature. Read your data from
   * these, never from the document: the rest of the document may be anybody's work.
   */
  readonly content: Uint8Array;
  /** The outermost element of `content`. */
  readonly element: ElementName;
}

export type XmlVerdict = XmlAccepted | XmlRefused;

/** Like `Refusal`, for what only XML can have. Never leaves the package. */
export class XmlRefusal extends Error {
  readonly reason: XmlReason;

  constructor(reason: XmlReason, detail: string) {
    super(detail);
    this.name = 'XmlRefusal';
    this.reason = reason;
  }
}

/** Runs a check and returns a refusal of either kind as a value. */
export function xmlRefusalAsValue<T>(check: () => T): T | XmlRefused {
  try {
    const result = refusalAsValue(check);
    return result as T | XmlRefused;
  } catch (thrown) {
    if (thrown instanceof XmlRefusal) return { ok: false, reason: thrown.reason, detail: thrown.message };
    throw thrown;
  }
}
