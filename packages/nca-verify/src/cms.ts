/** CMS SignedData (RFC 5652), as NCALayer, the mobile application and OpenSSL produce it. */
import { algorithm, anyAlgorithm } from './algorithms.ts';
import { type Certificate, certificate } from './certificate.ts';
import {
  body,
  type Element,
  Fields,
  inner,
  oid,
  parse,
  sameBytes,
  smallNumber,
  TAG,
  time,
  whole,
} from './der.ts';
import { compare, concat } from './platform.ts';
import { Refusal } from './verdict.ts';

const CONTENT = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
} as const;

const SIGNED_ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

/** The most certificates in a message of which one signer is expected. */
const MAX_CERTIFICATES = 5;
const MAX_DIGESTS = 5;
const MAX_ATTRIBUTES = 16;

export interface SignedMessage {
  readonly contentType: string;
  /** Null when the content is detached. */
  readonly content: Uint8Array | null;
  readonly certificates: readonly Certificate[];
  readonly digestAlgorithms: readonly string[];
  readonly signers: readonly SignerInfo[];
}

/** How a signer names the certificate: by issuer and serial number, or by the key's identifier. */
export type SignerIdentifier = IssuerAndSerial | { readonly subjectKeyId: Uint8Array };

export interface IssuerAndSerial {
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
}

export interface SignerInfo {
  readonly identifier: SignerIdentifier;
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly signed: SignedAttributes | null;
  /** The set of unsigned attributes. Nothing vouches for them. */
  readonly unsigned: Element | null;
}

export interface SignedAttributes {
  /** The signed octets: the attributes as received, with the tag of a SET. */
  readonly octets: Uint8Array;
  /** Null unless there is exactly one with one value. */
  readonly contentType: string | null;
  readonly messageDigest: Uint8Array | null;
  readonly signingTime: number | null;
  /** At most one of each version. Every one must name the signer's certificate. */
  readonly signingCertificates: readonly CertificateIdentifier[];
}

/** ESSCertID (RFC 2634), whose hash is always SHA-1, or ESSCertIDv2 (RFC 5035). */
export interface CertificateIdentifier {
  readonly version: 1 | 2;
  /** Null: the default of version 2, SHA-256. */
  readonly hashAlgorithm: string | null;
  readonly hash: Uint8Array;
  readonly issuerSerial: IssuerAndSerial | null;
}

/**
 * Reads a message. Accepts BER around the content, but requires DER for everything that is signed.
 * @throws Refusal `malformed` or `tooLarge`
 */
export function signedMessage(bytes: Uint8Array, maxCertificates = MAX_CERTIFICATES): SignedMessage {
  const root = new Fields(parse(bytes, 'ber'), 'a CMS message');
  if (oid(root.take(TAG.oid)) !== CONTENT.signedData) throw new Refusal('malformed', 'not SignedData');
  const wrapped = root.take(0xa0);
  root.end();

  const fields = new Fields(inner(wrapped, 'SignedData', TAG.sequence), 'SignedData');
  if (![1, 3, 4, 5].includes(smallNumber(fields.take(TAG.integer))))
    throw new Refusal('malformed', 'an unknown version');
  const digests = fields.take(TAG.set).children;
  if (digests.length > MAX_DIGESTS) throw new Refusal('tooLarge', 'too many digest algorithms');
  const encapsulated = new Fields(fields.take(TAG.sequence), 'the content');
  const contentType = oid(encapsulated.take(TAG.oid));
  const contentElement = encapsulated.option(0xa0);
  encapsulated.end();
  const bag = fields.option(0xa0)?.children ?? [];
  if (bag.length > maxCertificates) throw new Refusal('tooLarge', 'too many certificates');
  fields.option(0xa1);
  const signers = fields.take(TAG.set).children;
  fields.end();

  return {
    contentType,
    content:
      contentElement === undefined
        ? null
        : octetString(inner(contentElement, 'the content', TAG.octetString, TAG.octetStringInPieces)),
    certificates: bag.map((element) => certificate(whole(element))),
    digestAlgorithms: digests.map(anyAlgorithm),
    signers: signers.map(signerInfo),
  };
}

/** Joins the pieces of a BER octet string. */
function octetString(element: Element): Uint8Array {
  if (element.tag === TAG.octetString) return body(element);
  return concat(
    element.children.map((piece) => {
      if (piece.tag !== TAG.octetString && piece.tag !== TAG.octetStringInPieces) {
        throw new Refusal('malformed', 'a piece of the content is of another type');
      }
      return octetString(piece);
    }),
  );
}

function signerInfo(element: Element): SignerInfo {
  const fields = new Fields(element, 'a signer');
  const version = smallNumber(fields.take(TAG.integer));
  const identifier = fields.take(TAG.sequence, 0x80);
  const byIssuer = identifier.tag === TAG.sequence;
  if (version !== (byIssuer ? 1 : 3)) throw new Refusal('malformed', 'a signer of another version');
  const digestAlgorithm = anyAlgorithm(fields.take(TAG.sequence));
  const attributes = fields.option(0xa0);
  const signatureAlgorithm = anyAlgorithm(fields.take(TAG.sequence));
  const signature = body(fields.take(TAG.octetString));
  const unsigned = fields.option(0xa1) ?? null;
  fields.end();
  return {
    identifier: byIssuer ? issuerAndSerial(identifier) : { subjectKeyId: body(identifier) },
    digestAlgorithm,
    signatureAlgorithm,
    signature,
    signed: attributes === undefined ? null : signedAttributes(attributes),
    unsigned,
  };
}

function issuerAndSerial(element: Element): IssuerAndSerial {
  const fields = new Fields(element, 'issuer and serial number');
  const issuer = whole(fields.take(TAG.sequence));
  const serial = body(fields.take(TAG.integer));
  fields.end();
  return { issuer, serial };
}

function signedAttributes(element: Element): SignedAttributes {
  const octets = Uint8Array.from(whole(element));
  octets[0] = TAG.set;
  // Parse again as DER: inside BER, an indefinite length may occur anywhere.
  const set = parse(octets);
  if (set.children.length > MAX_ATTRIBUTES) throw new Refusal('tooLarge', 'too many signed attributes');
  let previous: Uint8Array | null = null;
  const values = new Map<string, Element>();
  for (const child of set.children) {
    const encoded = whole(child);
    if (previous !== null && compare(previous, encoded) >= 0) {
      throw new Refusal('malformed', 'signed attributes are out of order');
    }
    previous = encoded;
    const fields = new Fields(child, 'a signed attribute');
    const type = oid(fields.take(TAG.oid));
    const value = inner(fields.take(TAG.set), 'the value of a signed attribute');
    fields.end();
    if (values.has(type)) throw new Refusal('malformed', 'a signed attribute stands twice');
    values.set(type, value);
  }
  const contentType = values.get(SIGNED_ATTRIBUTE.contentType);
  const messageDigest = values.get(SIGNED_ATTRIBUTE.messageDigest);
  const signingTime = values.get(SIGNED_ATTRIBUTE.signingTime);
  const ess = values.get(SIGNED_ATTRIBUTE.signingCertificate);
  const essV2 = values.get(SIGNED_ATTRIBUTE.signingCertificateV2);
  if (messageDigest !== undefined && messageDigest.tag !== TAG.octetString) {
    throw new Refusal('malformed', 'a message digest is of another type');
  }
  return {
    octets,
    contentType: contentType === undefined ? null : oid(contentType),
    messageDigest: messageDigest === undefined ? null : body(messageDigest),
    signingTime: signingTime === undefined ? null : time(signingTime),
    signingCertificates: [
      ...(ess === undefined ? [] : [certificateIdentifier(ess, 1)]),
      ...(essV2 === undefined ? [] : [certificateIdentifier(essV2, 2)]),
    ],
  };
}

/** The first identifier of a signing certificate attribute, which is that of the signer. */
function certificateIdentifier(element: Element, version: 1 | 2): CertificateIdentifier {
  const outer = new Fields(element, 'a signing certificate');
  const list = outer.take(TAG.sequence);
  outer.option(TAG.sequence);
  outer.end();
  const [first] = list.children;
  if (first === undefined) throw new Refusal('malformed', 'an empty signing certificate');
  const fields = new Fields(first, 'a certificate identifier');
  const hashAlgorithm = version === 1 ? undefined : fields.option(TAG.sequence);
  const hash = body(fields.take(TAG.octetString));
  const named = fields.option(TAG.sequence);
  fields.end();
  let issuerSerial: CertificateIdentifier['issuerSerial'] = null;
  if (named !== undefined) {
    const pair = new Fields(named, 'an issuer and serial number');
    const names = inner(pair.take(TAG.sequence), 'the issuer', 0xa4);
    issuerSerial = {
      issuer: whole(inner(names, 'the issuer', TAG.sequence)),
      serial: body(pair.take(TAG.integer)),
    };
    pair.end();
  }
  return {
    version,
    hashAlgorithm: hashAlgorithm === undefined ? null : algorithm(hashAlgorithm),
    hash,
    issuerSerial,
  };
}

/** True when the identifier, compared octet by octet, is that of this certificate. */
export function isNamed(of: Certificate, by: SignerIdentifier): boolean {
  if ('subjectKeyId' in by) return of.subjectKeyId !== null && sameBytes(of.subjectKeyId, by.subjectKeyId);
  return sameBytes(of.serial, by.serial) && sameBytes(of.issuer, by.issuer);
}

/** The certificates in the message that the signer names. Only exactly one is unambiguous. */
export function certificatesOf(message: SignedMessage, signer: SignerInfo): readonly Certificate[] {
  return message.certificates.filter((candidate) => isNamed(candidate, signer.identifier));
}
