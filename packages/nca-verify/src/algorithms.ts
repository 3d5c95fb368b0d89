/** The one table of accepted algorithms. Anything else is refused. */
import {
  bigNumber,
  bitOctets,
  body,
  type Element,
  Fields,
  inner,
  oid,
  parse,
  sameBytes,
  TAG,
  whole,
} from './der.ts';
import { verifyGost } from './gost.ts';
import { GOST_2004, GOST_2015_512 } from './gost-reference.ts';
import { gostEngine } from './gost-wasm.ts';
import { gost94 } from './gost94.ts';
import { concat, hashOf, rsaKey, toHex, verifyRsa } from './platform.ts';
import { streebog } from './streebog.ts';
import { type KeyFamily, Refusal } from './verdict.ts';

export const OID = {
  gost2015Key: '1.2.398.3.10.1.1.2.2',
  gost2015Parameters: '1.2.398.3.10.1.1.2.2.1',
  gost2015Signature: '1.2.398.3.10.1.1.2.3.2',
  streebog512: '1.2.398.3.10.1.3.3',
  gost2004Key: '1.2.398.3.10.1.1.1.1',
  gost2004Parameters: '1.2.398.3.10.1.1.1.1.1',
  gost2004Signature: '1.2.398.3.10.1.1.1.2',
  gost94: '1.2.398.3.10.1.3.1',
  gost94Parameters: '1.2.398.3.10.1.3.1.1.0',
  rsaKey: '1.2.840.113549.1.1.1',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha512WithRsa: '1.2.840.113549.1.1.13',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;

/** The digests that a caller may choose for time-stamps and seals. */
export const DIGEST_IDS = {
  streebog512: OID.streebog512,
  sha256: OID.sha256,
  sha512: OID.sha512,
} as const;

/**
 * A public key, as a certificate holds it. An `unsupported` key may appear in a structure, but it
 * verifies nothing. The `key` of RSA is what `rsaKey` of the platform gives.
 */
export type PublicKey =
  | { readonly family: 'gost2015' | 'gost2004'; readonly bytes: Uint8Array }
  | { readonly family: 'rsa'; readonly bits: number; readonly key: object }
  | { readonly family: 'unsupported'; readonly why: string };

interface Scheme {
  readonly family: KeyFamily;
  readonly digest: string;
  /** The signature's identifier in certificates, lists, answers and messages. */
  readonly signature: string;
  /**
   * The identifier of the bare key, which may replace the signature's in a message (RFC 5652; a
   * client of 2018 did that with GOST 2004).
   */
  readonly keyInMessage: string | null;
}

const SCHEMES: readonly Scheme[] = [
  { family: 'gost2015', digest: OID.streebog512, signature: OID.gost2015Signature, keyInMessage: null },
  { family: 'rsa', digest: OID.sha256, signature: OID.sha256WithRsa, keyInMessage: OID.rsaKey },
  { family: 'rsa', digest: OID.sha512, signature: OID.sha512WithRsa, keyInMessage: OID.rsaKey },
  { family: 'gost2004', digest: OID.gost94, signature: OID.gost2004Signature, keyInMessage: OID.gost2004Key },
];

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 4096;

/**
 * Reads an AlgorithmIdentifier whose parameters are absent or NULL. Both mean the same, and no row
 * of the table needs others.
 */
export function algorithm(element: Element): string {
  const fields = new Fields(element, 'an algorithm');
  const id = oid(fields.take(TAG.oid));
  // RFC 4055, 2.1: RSA signatures carry the NULL, and readers also accept its absence.
  fields.option(TAG.null);
  fields.end();
  return id;
}

const NULL_PARAMETERS = Uint8Array.of(TAG.null, 0);

/**
 * True when two AlgorithmIdentifiers have the same identifier and the same parameters. Absent
 * parameters equal NULL and nothing else.
 */
export function sameAlgorithm(a: Element, b: Element): boolean {
  const [first, second] = [a, b].map((element) => {
    const fields = new Fields(element, 'an algorithm');
    const id = fields.take(TAG.oid);
    const parameters = element.children[1];
    if (parameters !== undefined) fields.take();
    fields.end();
    return concat([whole(id), parameters === undefined ? NULL_PARAMETERS : whole(parameters)]);
  });
  return first !== undefined && second !== undefined && sameBytes(first, second);
}

/**
 * Like `algorithm`, but accepts any parameters for an identifier that is not in the table, because
 * that is refused by name later.
 */
export function anyAlgorithm(element: Element): string {
  const id = oid(new Fields(element, 'an algorithm').take(TAG.oid));
  const known = SCHEMES.some((row) => [row.digest, row.signature, row.keyInMessage].includes(id));
  return known ? algorithm(element) : id;
}

/** Reads a SubjectPublicKeyInfo. */
export function publicKey(element: Element): PublicKey {
  const fields = new Fields(element, 'a public key');
  const algorithmFields = new Fields(fields.take(TAG.sequence), 'the algorithm of a public key');
  const id = oid(algorithmFields.take(TAG.oid));
  const bits = bitOctets(fields.take(TAG.bitString));
  fields.end();
  if (id === OID.gost2015Key || id === OID.gost2004Key) {
    const parameters = new Fields(algorithmFields.take(TAG.sequence), 'the parameters of a GOST key');
    const curve = oid(parameters.take(TAG.oid));
    const digest = oid(parameters.take(TAG.oid));
    parameters.end();
    algorithmFields.end();
    const modern = id === OID.gost2015Key;
    const fits = modern
      ? curve === OID.gost2015Parameters && digest === OID.streebog512
      : curve === OID.gost2004Parameters && digest === OID.gost94Parameters;
    if (!fits) return { family: 'unsupported', why: 'a GOST key with other parameters' };
    const point = parse(bits);
    const bytes = bits.subarray(point.bodyStart, point.bodyEnd);
    if (point.tag !== TAG.octetString || bytes.length !== (modern ? 128 : 64)) {
      throw new Refusal('malformed', 'a GOST key of another length');
    }
    return { family: modern ? 'gost2015' : 'gost2004', bytes };
  }
  if (id === OID.rsaKey) {
    algorithmFields.option(TAG.null);
    algorithmFields.end();
    const numbers = new Fields(parse(bits), 'an RSA key');
    const modulusElement = numbers.take(TAG.integer);
    const exponentElement = numbers.take(TAG.integer);
    numbers.end();
    // Check the size before the numbers are read: a modulus of a megabit would take time.
    if (body(modulusElement).length > MAX_RSA_BITS / 8 + 1 || body(exponentElement).length > 5) {
      return { family: 'unsupported', why: 'an RSA key too large' };
    }
    const modulus = bigNumber(modulusElement);
    const exponent = bigNumber(exponentElement);
    const length = modulus > 0n ? modulus.toString(2).length : 0;
    if (length < MIN_RSA_BITS || length > MAX_RSA_BITS)
      return { family: 'unsupported', why: `RSA of ${length} bits` };
    // Small exponents make forged padding easier and large ones take time. The authority uses
    // 65537.
    if (exponent < 65_537n || exponent > 0xffff_ffffn || exponent % 2n === 0n || modulus % 2n === 0n) {
      return { family: 'unsupported', why: 'an RSA key with another exponent' };
    }
    const key = rsaKey(whole(element), modulus, exponent);
    return key === null
      ? { family: 'unsupported', why: 'an RSA key that OpenSSL refuses' }
      : { family: 'rsa', bits: length, key };
  }
  return { family: 'unsupported', why: `a key of type ${id}` };
}

function find(matches: (scheme: Scheme) => boolean, allowGost2004: boolean): Scheme | null {
  return SCHEMES.find((scheme) => matches(scheme) && (scheme.family !== 'gost2004' || allowGost2004)) ?? null;
}

/** True when certificates, lists and answers may be signed in this way. */
export function isAllowedSignature(signature: string, allowGost2004: boolean): boolean {
  return find((scheme) => scheme.signature === signature, allowGost2004) !== null;
}

/** True when any key may sign a message with this pair of identifiers. */
export function isAllowedPair(digest: string, signature: string, allowGost2004: boolean): boolean {
  return (
    find(
      (row) => row.digest === digest && [row.signature, row.keyInMessage].includes(signature),
      allowGost2004,
    ) !== null
  );
}

/**
 * Checks whether this key may sign a message with this pair of identifiers. Returns the table's own
 * signature identifier.
 */
export function messageSignature(
  key: PublicKey,
  digest: string,
  signature: string,
  allowGost2004: boolean,
): string | null {
  const scheme = find(
    (row) =>
      row.family === key.family &&
      row.digest === digest &&
      (row.signature === signature || row.keyInMessage === signature),
    allowGost2004,
  );
  return scheme?.signature ?? null;
}

/** The digest with this identifier; null when it is unknown. */
export function digest(id: string, ...parts: readonly Uint8Array[]): Uint8Array | null {
  switch (id) {
    case OID.streebog512:
      return streebog(512, ...parts);
    case OID.sha256:
      return hashOf('sha256', parts);
    case OID.sha512:
      return hashOf('sha512', parts);
    case OID.gost94:
      return gost94(concat(parts));
    default:
      return null;
  }
}

/** The SHA-256 of bytes in lower-case hexadecimal, as in verdicts. */
export function sha256(bytes: Uint8Array): string {
  return toHex(hashOf('sha256', [bytes]));
}

/**
 * True when the key made `signature` over the parts, by the table's row for this signature
 * identifier. The row must belong to the key's family. Whether the algorithm is allowed at all must
 * be checked before, by `isAllowedSignature` or `messageSignature`.
 */
export function verifySignature(
  key: PublicKey,
  signatureId: string,
  parts: readonly Uint8Array[],
  signature: Uint8Array,
  reused: boolean,
): boolean {
  const scheme = find((row) => row.signature === signatureId, true);
  if (scheme === null || key.family === 'unsupported' || scheme.family !== key.family) return false;
  if (key.family === 'rsa') {
    // A PKCS#1 v1.5 signature is exactly as long as the modulus (RFC 8017, 8.2.2).
    if (signature.length !== Math.ceil(key.bits / 8)) return false;
    return verifyRsa(key.key, scheme.digest === OID.sha256 ? 'sha256' : 'sha512', join(parts), signature);
  }
  const value = digest(scheme.digest, ...parts);
  if (value === null) return false;
  return verifyGost(
    key.family === 'gost2015' ? GOST_2015_512 : GOST_2004,
    key.bytes,
    value,
    signature,
    reused,
  );
}

/** Builds the table of a key that is used often, so that no request waits for it. */
export function prepareKey(key: PublicKey): void {
  if (key.family === 'gost2015') gostEngine()?.prepareKey(key.bytes);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only, more] = parts;
  return only !== undefined && more === undefined ? only : concat(parts);
}

/**
 * Reads the extensions of a certificate, list or answer: identifier, critical, value. Each may
 * occur once.
 */
export function extensions(
  element: Element,
): readonly { id: string; critical: boolean; value: Uint8Array }[] {
  const seen = new Set<string>();
  const list = inner(element, 'extensions', TAG.sequence).children.map((child) => {
    const fields = new Fields(child, 'an extension');
    const id = oid(fields.take(TAG.oid));
    const critical = fields.option(TAG.boolean);
    if (critical !== undefined && critical.source[critical.bodyStart] === 0) {
      throw new Refusal('malformed', 'a default written out');
    }
    const value = fields.take(TAG.octetString);
    fields.end();
    if (seen.has(id)) throw new Refusal('malformed', 'an extension stands twice');
    seen.add(id);
    return {
      id,
      critical: critical !== undefined,
      value: value.source.subarray(value.bodyStart, value.bodyEnd),
    };
  });
  if (list.length === 0) throw new Refusal('malformed', 'no extension in extensions');
  return list;
}
