/** Makes certificates in the authority's form, correct or with a fault. */
import { createHash, randomBytes } from 'node:crypto';
import { certificate as readCertificate } from '../certificate.ts';
import { bitOctets, parse } from '../der.ts';
import { encode, encodeOid, wrap } from '../der-writer.ts';
import { ATTRIBUTE } from '../name.ts';
import {
  algorithm,
  bitString,
  extension,
  integer,
  octetString,
  printable,
  sequence,
  setOf,
  TRUE,
  time,
  utf8,
} from './der.ts';
import type { TestDigest, TestKey } from './keys.ts';

/** A certificate and its key. */
export interface Identity {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly key: TestKey;
}

const USAGE_BITS = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;
export type TestKeyUsage = keyof typeof USAGE_BITS;

/** One RDN: attribute type and its encoded value. */
export type TestAttribute = readonly [type: string, value: Uint8Array];

/** Everything in a certificate. Fields that are left out are as the authority makes them. */
export interface CertificateForm {
  readonly subject: Uint8Array;
  readonly key: TestKey;
  /** Null: the certificate is signed with its own key. */
  readonly issuer: Identity | null;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly keyUsage: readonly TestKeyUsage[];
  readonly extendedKeyUsage?: readonly string[] | undefined;
  readonly extendedKeyUsageCritical?: boolean | undefined;
  readonly ca?: { readonly pathLength?: number | undefined } | undefined;
  readonly serial?: Uint8Array | undefined;
  readonly policies?: readonly string[] | undefined;
  /** Whole extensions to add. */
  readonly extraExtensions?: readonly Uint8Array[] | undefined;
  /** Null leaves the authority key identifier out. */
  readonly authorityKeyId?: Uint8Array | null | undefined;
  readonly digest?: TestDigest | undefined;
  /** The signature algorithm inside the signed part, if it should differ from the one outside. */
  readonly innerAlgorithm?: Uint8Array | undefined;
  readonly outerAlgorithm?: Uint8Array | undefined;
}

/** Encodes a name from attributes, each in its own RDN. */
export function nameOf(...attributes: readonly TestAttribute[]): Uint8Array {
  return sequence(...attributes.map(([type, value]) => setOf(sequence(encodeOid(type), value))));
}

export interface TestPerson {
  readonly iin: string;
  readonly surname: string;
  readonly name: string;
  readonly patronymic?: string | undefined;
}

/** The subject of a natural person, or of a person who acts for an organisation. */
export function personName(
  person: TestPerson,
  organisation?: { readonly name: string; readonly bin: string },
): Uint8Array {
  return nameOf(
    [ATTRIBUTE.commonName, utf8(`${person.surname} ${person.name}`)],
    [ATTRIBUTE.surname, utf8(person.surname)],
    [ATTRIBUTE.serialNumber, printable(`IIN${person.iin}`)],
    [ATTRIBUTE.country, printable('KZ')],
    ...(person.patronymic === undefined ? [] : [[ATTRIBUTE.givenName, utf8(person.patronymic)] as const]),
    ...(organisation === undefined
      ? []
      : [
          [ATTRIBUTE.organisation, utf8(organisation.name)] as const,
          [ATTRIBUTE.organisationalUnit, utf8(`BIN${organisation.bin}`)] as const,
        ]),
  );
}

/** The SHA-1 of the key's bit string, which the authority uses as key identifier. */
export function keyIdentifier(key: TestKey): Uint8Array {
  const bits = parse(key.publicKey).children[1];
  if (bits === undefined) throw new TypeError('a public key without bits');
  return createHash('sha1').update(bitOctets(bits)).digest();
}

/**
 * The serial number. GOST certificates use the key identifier with its top bit cleared, adjusted so
 * that no octet is superfluous. RSA ones use a random number.
 */
function serialFor(key: TestKey): Uint8Array {
  const serial = Uint8Array.from(key.family === 'rsa' ? randomBytes(20) : keyIdentifier(key));
  serial[0] = (serial[0] ?? 0) & 0x7f;
  if (serial[0] < 0x10) serial[0] += 0x10;
  return serial;
}

function keyUsageBits(usages: readonly TestKeyUsage[]): Uint8Array {
  const bits = usages.reduce((sum, usage) => sum | (0x80 >> USAGE_BITS[usage]), 0);
  let unused = 0;
  while (unused < 7 && ((bits >> unused) & 1) === 0) unused++;
  return encode(0x03, Uint8Array.of(unused, bits));
}

/** Makes a certificate, DER. */
export function makeCertificate(form: CertificateForm): Uint8Array {
  const { key, issuer, digest } = form;
  const signer = issuer?.key ?? key;
  const outer = form.outerAlgorithm ?? algorithm(signer.signatureId(digest));
  const authorityKeyId = form.authorityKeyId === undefined ? keyIdentifier(signer) : form.authorityKeyId;
  const { ca, extendedKeyUsage: purposes = [], policies = [] } = form;
  const basic = ca === undefined ? [] : ca.pathLength === undefined ? [TRUE] : [TRUE, integer(ca.pathLength)];
  const extensions = [
    ...(ca === undefined ? [] : [extension('2.5.29.19', sequence(...basic), true)]),
    ...(form.keyUsage.length === 0 ? [] : [extension('2.5.29.15', keyUsageBits(form.keyUsage), true)]),
    ...(purposes.length === 0
      ? []
      : [extension('2.5.29.37', sequence(...purposes.map(encodeOid)), form.extendedKeyUsageCritical)]),
    ...(policies.length === 0
      ? []
      : [extension('2.5.29.32', sequence(...policies.map((policy) => sequence(encodeOid(policy)))))]),
    extension('2.5.29.14', octetString(keyIdentifier(key))),
    ...(authorityKeyId === null ? [] : [extension('2.5.29.35', sequence(encode(0x80, authorityKeyId)))]),
    ...(form.extraExtensions ?? []),
  ];
  const tbs = sequence(
    wrap(0xa0, integer(2)),
    integer(form.serial ?? serialFor(key)),
    form.innerAlgorithm ?? outer,
    issuer === null ? form.subject : Uint8Array.from(readCertificate(issuer.certificate).subject),
    sequence(time(form.notBefore), time(form.notAfter)),
    form.subject,
    key.publicKey,
    wrap(0xa3, sequence(...extensions)),
  );
  return sequence(tbs, outer, bitString(signer.sign(tbs, digest)));
}
