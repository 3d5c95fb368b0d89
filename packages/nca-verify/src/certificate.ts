/**
 * X.509 certificates (RFC 5280), as far as the authority uses them. Unknown critical extensions are
 * kept by identifier.
 */
import { anyAlgorithm, extensions, type PublicKey, publicKey, sameAlgorithm } from './algorithms.ts';
import {
  bitOctets,
  body,
  type Element,
  Fields,
  hex,
  inner,
  oid,
  parse,
  smallNumber,
  TAG,
  time,
  whole,
} from './der.ts';
import { type Name, name } from './name.ts';
import { hashOf } from './platform.ts';
import { Refusal } from './verdict.ts';

export interface Certificate {
  readonly der: Uint8Array;
  /** The signed part. */
  readonly tbs: Uint8Array;
  /** The content octets of the INTEGER. */
  readonly serial: Uint8Array;
  /** The DER of the names, for comparison. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly issuerName: Name;
  readonly subjectName: Name;
  /** The validity, both ends included, in milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key: PublicKey;
  /** The bit string of the subject's public key. Key identifiers are digests of it. */
  readonly keyBits: Uint8Array;
  readonly signatureAlgorithm: string;
  /** True when the identifier inside the signed part equals the one outside. */
  readonly algorithmsAgree: boolean;
  readonly signature: Uint8Array;
  readonly isCa: boolean;
  readonly pathLength: number | null;
  /** Null when the extension is absent. */
  readonly keyUsage: readonly KeyUsage[] | null;
  readonly extendedKeyUsage: readonly string[];
  /** Time-stamps count only if it is. */
  readonly extendedKeyUsageCritical: boolean;
  readonly subjectKeyId: Uint8Array | null;
  readonly authorityKeyId: Uint8Array | null;
  /** The serial number of the issuer's certificate, if the authority key identifier gives it. */
  readonly authoritySerial: Uint8Array | null;
  /** The extensions that say where the lists are, as DER. */
  readonly distributionPoints: readonly Uint8Array[];
  readonly unknownCritical: readonly string[];
}

const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

export const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  nameConstraints: '2.5.29.30',
  deltaCrl: '2.5.29.27',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  ocspNonce: '1.3.6.1.5.5.7.48.1.2',
} as const;

const VERSION_3 = 2;

/**
 * Reads a certificate from DER.
 * @throws Refusal `malformed` or `tooLarge`
 */
export function certificate(der: Uint8Array): Certificate {
  const root = new Fields(parse(der), 'a certificate');
  const tbsElement = root.take(TAG.sequence);
  const outerAlgorithm = root.take(TAG.sequence);
  const signature = bitOctets(root.take(TAG.bitString));
  root.end();

  const tbs = new Fields(tbsElement, 'the signed part of a certificate');
  const version = smallNumber(inner(tbs.take(0xa0), 'a version', TAG.integer));
  if (version !== VERSION_3) throw new Refusal('malformed', 'not a version 3 certificate');
  const serial = body(tbs.take(TAG.integer));
  if (serial.length > 20 || (serial[0] ?? 0) >= 0x80 || serial.every((octet) => octet === 0)) {
    throw new Refusal('malformed', 'a serial number is not positive or is too long');
  }
  const innerAlgorithm = tbs.take(TAG.sequence);
  const issuer = tbs.take(TAG.sequence);
  const validity = new Fields(tbs.take(TAG.sequence), 'a validity');
  const notBefore = time(validity.take());
  const notAfter = time(validity.take());
  validity.end();
  const subject = tbs.take(TAG.sequence);
  const keyElement = tbs.take(TAG.sequence);
  const extensionList = extensions(tbs.take(0xa3));
  tbs.end();

  return {
    der,
    tbs: whole(tbsElement),
    serial,
    issuer: whole(issuer),
    subject: whole(subject),
    issuerName: name(issuer),
    subjectName: name(subject),
    notBefore,
    notAfter,
    key: publicKey(keyElement),
    keyBits: bitOctets(keyElement.children[1] ?? keyElement),
    signatureAlgorithm: anyAlgorithm(outerAlgorithm),
    algorithmsAgree: sameAlgorithm(innerAlgorithm, outerAlgorithm),
    signature,
    ...readExtensions(extensionList),
  };
}

type Extended = Pick<
  Certificate,
  | 'isCa'
  | 'pathLength'
  | 'keyUsage'
  | 'extendedKeyUsage'
  | 'extendedKeyUsageCritical'
  | 'subjectKeyId'
  | 'authorityKeyId'
  | 'authoritySerial'
  | 'distributionPoints'
  | 'unknownCritical'
>;

function readExtensions(list: ReturnType<typeof extensions>): Extended {
  let isCa = false;
  let pathLength: number | null = null;
  let keyUsage: readonly KeyUsage[] | null = null;
  let extendedKeyUsage: readonly string[] = [];
  let extendedKeyUsageCritical = false;
  let subjectKeyId: Uint8Array | null = null;
  let authority: Pick<Extended, 'authorityKeyId' | 'authoritySerial'> = {
    authorityKeyId: null,
    authoritySerial: null,
  };
  const distributionPoints: Uint8Array[] = [];
  const unknownCritical: string[] = [];
  for (const { id, critical, value } of list) {
    switch (id) {
      case EXTENSION.basicConstraints: {
        const fields = new Fields(parse(value), 'basic constraints');
        isCa = fields.option(TAG.boolean) !== undefined;
        const length = fields.option(TAG.integer);
        fields.end();
        if (length !== undefined) {
          if (!isCa) throw new Refusal('malformed', 'a path length without CA');
          pathLength = smallNumber(length);
        }
        break;
      }
      case EXTENSION.keyUsage:
        keyUsage = readKeyUsage(parse(value));
        break;
      case EXTENSION.extendedKeyUsage: {
        const purposes = parse(value);
        if (purposes.tag !== TAG.sequence || purposes.children.length === 0) {
          throw new Refusal('malformed', 'no key purpose');
        }
        extendedKeyUsage = purposes.children.map(oid);
        extendedKeyUsageCritical = critical;
        break;
      }
      case EXTENSION.subjectKeyId:
        subjectKeyId = octets(parse(value));
        break;
      case EXTENSION.authorityKeyId:
        authority = authorityKey(parse(value));
        break;
      case EXTENSION.crlDistributionPoints:
      case EXTENSION.freshestCrl:
        distributionPoints.push(value);
        if (critical) unknownCritical.push(id);
        break;
      default:
        // Name constraints must be critical (RFC 5280, 4.2.1.10). If they are not, ignoring them
        // would defeat their purpose.
        if (critical || id === EXTENSION.nameConstraints) unknownCritical.push(id);
    }
  }
  return {
    isCa,
    pathLength,
    keyUsage,
    extendedKeyUsage,
    extendedKeyUsageCritical,
    subjectKeyId,
    ...authority,
    distributionPoints,
    unknownCritical,
  };
}

function octets(element: Element): Uint8Array {
  if (element.tag !== TAG.octetString) throw new Refusal('malformed', 'octets are expected');
  return body(element);
}

function readKeyUsage(element: Element): readonly KeyUsage[] {
  if (element.tag !== TAG.bitString) throw new Refusal('malformed', 'key usage is of another type');
  const bits = body(element).subarray(1);
  if (bits.length > 2) throw new Refusal('malformed', 'key usage has unknown bits');
  return KEY_USAGES.filter((_, bit) => ((bits[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
}

/**
 * Reads an AuthorityKeyIdentifier: the key identifier and the serial number of the issuer's
 * certificate.
 */
export function authorityKey(element: Element): Pick<Extended, 'authorityKeyId' | 'authoritySerial'> {
  const fields = new Fields(element, 'an authority key identifier');
  const keyId = fields.option(0x80);
  const issuer = fields.option(0xa1);
  const serial = fields.option(0x82);
  fields.end();
  if ((issuer === undefined) !== (serial === undefined)) {
    throw new Refusal('malformed', 'half of an authority key identifier');
  }
  return {
    authorityKeyId: keyId === undefined ? null : body(keyId),
    authoritySerial: serial === undefined ? null : body(serial),
  };
}

/** The SHA-256 of the DER, in lower-case hexadecimal. */
export function fingerprint(of: Certificate): string {
  return hex(hashOf('sha256', [of.der]));
}
