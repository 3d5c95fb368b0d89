/** Makes CMS messages as NCALayer does and, from single pieces, as it never would. */
import { createHash } from 'node:crypto';
import { certificate as readCertificate } from '../certificate.ts';
import { encode, encodeOid, wrap } from '../der-writer.ts';
import type { Identity } from './certificates.ts';
import { algorithm, integer, octetString, sequence, setOf, time } from './der.ts';
import type { TestDigest } from './keys.ts';

const DATA = '1.2.840.113549.1.7.1';
/** id-aa-timeStampToken */
const TIME_STAMP = '1.2.840.113549.1.9.16.2.14';
const SIGNED_DATA = '1.2.840.113549.1.7.2';

export interface SignOptions {
  /** Leaves the content out of the message. */
  readonly detached?: boolean | undefined;
  /** The time of the signer's clock; without it the attribute is left out. */
  readonly signingTime?: Date | undefined;
  /** Adds signingCertificateV2, as CAdES signatures have. */
  readonly cades?: boolean | undefined;
  readonly digest?: TestDigest | undefined;
  /** Outer BER with indefinite lengths and content in pieces, as streaming libraries write it. */
  readonly ber?: boolean | undefined;
  /** Gives the time-stamps of a signature, which become its unsigned attribute. */
  readonly timeStamps?: ((signature: Uint8Array) => readonly Uint8Array[]) | undefined;
}

/** Signs content with a key and its certificate. Returns DER, or BER on request. */
export function signCms(identity: Identity, content: Uint8Array, options: SignOptions = {}): Uint8Array {
  const attributes = signedAttributes(identity, content, options);
  const signature = identity.key.sign(setOf(...attributes), options.digest);
  const stamps = options.timeStamps?.(signature) ?? [];
  const unsignedAttributes = stamps.length === 0 ? [] : [attribute(TIME_STAMP, ...stamps)];
  return makeCms({
    content: options.detached === true ? null : content,
    certificates: [identity.certificate],
    digestAlgorithms: [algorithm(identity.key.digestId(options.digest))],
    signers: [signerInfo(identity, attributes, { ...options, signature, unsignedAttributes })],
    ber: options.ber,
  });
}

/** The signed attributes of a correct message, each encoded. */
export function signedAttributes(
  { key, certificate }: Identity,
  content: Uint8Array,
  { signingTime, cades, digest, contentType = DATA }: SignOptions & { readonly contentType?: string } = {},
): readonly Uint8Array[] {
  const ess = sequence(sequence(sequence(octetString(createHash('sha256').update(certificate).digest()))));
  return [
    attribute('1.2.840.113549.1.9.3', encodeOid(contentType)),
    ...(signingTime === undefined ? [] : [attribute('1.2.840.113549.1.9.5', time(signingTime))]),
    ...(cades === true ? [attribute('1.2.840.113549.1.9.16.2.47', ess)] : []),
    attribute('1.2.840.113549.1.9.4', octetString(key.hash(content, digest))),
  ];
}

export function attribute(id: string, ...values: readonly Uint8Array[]): Uint8Array {
  return sequence(encodeOid(id), setOf(...values));
}

export interface SignerForm {
  readonly digest?: TestDigest | undefined;
  /** Encoded AlgorithmIdentifiers, if they should differ from the correct ones. */
  readonly digestAlgorithm?: Uint8Array | undefined;
  readonly signatureAlgorithm?: Uint8Array | undefined;
  /** The signer's identifier, if it should name another certificate. */
  readonly identifier?: Uint8Array | undefined;
  readonly version?: number | undefined;
  /** Keeps the given order of the attributes instead of sorting them. */
  readonly unsorted?: boolean | undefined;
  readonly signature?: Uint8Array | undefined;
  readonly unsignedAttributes?: readonly Uint8Array[] | undefined;
}

/** A SignerInfo over the given attributes; with null, the signature covers `content` directly. */
export function signerInfo(
  identity: Identity,
  attributes: readonly Uint8Array[] | null,
  form: SignerForm = {},
  content: Uint8Array = new Uint8Array(),
): Uint8Array {
  const { key } = identity;
  const set =
    attributes === null ? null : form.unsorted === true ? wrap(0x31, ...attributes) : setOf(...attributes);
  const unsigned = form.unsignedAttributes ?? [];
  return sequence(
    integer(form.version ?? 1),
    form.identifier ?? identifierOf(identity.certificate),
    form.digestAlgorithm ?? algorithm(key.digestId(form.digest)),
    ...(set === null ? [] : [retag(set, 0xa0)]),
    form.signatureAlgorithm ?? algorithm(key.signatureId(form.digest)),
    octetString(form.signature ?? key.sign(set ?? content, form.digest)),
    ...(unsigned.length === 0 ? [] : [retag(setOf(...unsigned), 0xa1)]),
  );
}

/** The IssuerAndSerialNumber of a certificate. */
export function identifierOf(der: Uint8Array): Uint8Array {
  const { issuer, serial } = readCertificate(der);
  return sequence(issuer, encode(0x02, serial));
}

function retag(element: Uint8Array, tag: number): Uint8Array {
  const copy = Uint8Array.from(element);
  copy[0] = tag;
  return copy;
}

export interface CmsForm {
  readonly content: Uint8Array | null;
  readonly contentType?: string | undefined;
  readonly certificates: readonly Uint8Array[];
  readonly digestAlgorithms: readonly Uint8Array[];
  readonly signers: readonly Uint8Array[];
  readonly ber?: boolean | undefined;
}

/** Assembles a SignedData from encoded pieces. */
export function makeCms(form: CmsForm): Uint8Array {
  const { content, certificates, ber = false } = form;
  const piece = ber ? indefinite : wrap;
  const half = content === null ? 0 : Math.ceil(content.length / 2);
  const held =
    content === null
      ? []
      : [
          piece(
            0xa0,
            ber
              ? indefinite(0x24, octetString(content.subarray(0, half)), octetString(content.subarray(half)))
              : octetString(content),
          ),
        ];
  return piece(
    0x30,
    encodeOid(SIGNED_DATA),
    piece(
      0xa0,
      piece(
        0x30,
        integer(1),
        setOf(...form.digestAlgorithms),
        piece(0x30, encodeOid(form.contentType ?? DATA), ...held),
        ...(certificates.length === 0 ? [] : [piece(0xa0, ...certificates)]),
        wrap(0x31, ...form.signers),
      ),
    ),
  );
}

/** A constructed element of indefinite length. */
export function indefinite(tag: number, ...elements: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(tag, 0x80), ...elements, Uint8Array.of(0, 0)]);
}

/** The PEM frame in which NCALayer's `basics` module answers. */
export function cmsPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CMS-----\n${lines.join('\n')}\n-----END CMS-----\n`;
}
