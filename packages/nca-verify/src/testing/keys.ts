/**
 * Keys that can sign, for tests and demonstrations only. The arithmetic is not constant-time. GOST
 * keys can be made from a seed, so that a test gets the same key each time.
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as nodeSign,
  randomBytes,
} from 'node:crypto';
import { OID } from '../algorithms.ts';
import { bigNumber, body, Fields, oid, parse, TAG } from '../der.ts';
import { encodeOid } from '../der-writer.ts';
import { type Curve, GOST_2004, GOST_2015_512, multiplyGenerator } from '../gost-reference.ts';
import { gost94 } from '../gost94.ts';
import { fromLittleEndian } from '../little-endian.ts';
import { streebog } from '../streebog.ts';
import type { KeyFamily } from '../verdict.ts';
import { algorithm, bitString, integer, octetString, sequence } from './der.ts';

export type TestDigest = 'streebog512' | 'gost94' | 'sha256' | 'sha512';

export interface TestKey {
  readonly family: KeyFamily;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** PrivateKeyInfo (PKCS#8), DER, in the form of the authority's key files. */
  readonly privateKey: Uint8Array;
  /** The digest that the family signs with by default. */
  readonly digest: TestDigest;
  /** The identifiers of a digest and of the signature with it. */
  readonly digestId: (digest?: TestDigest) => string;
  readonly signatureId: (digest?: TestDigest) => string;
  readonly hash: (data: Uint8Array, digest?: TestDigest) => Uint8Array;
  /** The signature, in the byte order of certificates and messages. */
  readonly sign: (data: Uint8Array, digest?: TestDigest) => Uint8Array;
}

const GOST = {
  gost2015: {
    curve: GOST_2015_512,
    key: OID.gost2015Key,
    parameters: [OID.gost2015Parameters, OID.streebog512],
    digest: 'streebog512',
    digestId: OID.streebog512,
    signatureId: OID.gost2015Signature,
    hash: (data: Uint8Array) => streebog(512, data),
  },
  gost2004: {
    curve: GOST_2004,
    key: OID.gost2004Key,
    parameters: [OID.gost2004Parameters, OID.gost94Parameters],
    digest: 'gost94',
    digestId: OID.gost94,
    signatureId: OID.gost2004Signature,
    hash: gost94,
  },
} as const;

/** Makes a GOST key; the same seed gives the same key. */
export function makeGostKey(family: 'gost2015' | 'gost2004' = 'gost2015', seed?: string): TestKey {
  const { n } = GOST[family].curve;
  const random =
    seed === undefined ? randomBytes(72) : createHash('sha512').update(`nca-verify ${seed}`).digest();
  return gostKey(family, (fromLittleEndian(random) % (n - 1n)) + 1n);
}

function gostKey(family: 'gost2015' | 'gost2004', d: bigint): TestKey {
  const scheme = GOST[family];
  const { curve } = scheme;
  const point = multiplyGenerator(curve, d);
  if (point === null) throw new RangeError('a private key out of range');
  const bytes = Buffer.concat([little(point.x, curve.size), little(point.y, curve.size)]);
  const identifier = algorithm(scheme.key, sequence(...scheme.parameters.map(encodeOid)));
  // The two generations of GOST store the number differently.
  const secret = family === 'gost2015' ? octetString(little(d, curve.size)) : integer(d);
  return {
    family,
    publicKey: sequence(identifier, bitString(octetString(bytes))),
    privateKey: sequence(integer(0), identifier, octetString(secret)),
    digest: scheme.digest,
    digestId: () => scheme.digestId,
    signatureId: () => scheme.signatureId,
    hash: scheme.hash,
    sign: (data) => signGost(curve, d, scheme.hash(data)),
  };
}

/**
 * Signs with a one-time number that is derived from the key and the digest, so that the result is
 * always the same.
 */
function signGost(curve: Curve, d: bigint, digest: Uint8Array): Uint8Array {
  const { n, size } = curve;
  const e = fromLittleEndian(digest) % n || 1n;
  for (let attempt = 0; ; attempt++) {
    const mac = createHmac('sha512', little(d, size)).update(digest).update(Uint8Array.of(attempt));
    const k = fromLittleEndian(mac.digest()) % n;
    const point = k === 0n ? null : multiplyGenerator(curve, k);
    const r = point === null ? 0n : point.x % n;
    const s = (r * d + k * e) % n;
    if (r !== 0n && s !== 0n) return Buffer.concat([little(r, size), little(s, size)]);
  }
}

function little(value: bigint, size: number): Uint8Array {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex').reverse();
}

/** Makes an RSA key. 2048 bits take about 0.1 seconds. */
export function makeRsaKey(bits = 2048, publicExponent = 65_537): TestKey {
  return rsaKey(generateKeyPairSync('rsa', { modulusLength: bits, publicExponent }).privateKey);
}

function rsaKey(key: KeyObject): TestKey {
  const hashName = (digest: TestDigest): 'sha256' | 'sha512' => (digest === 'sha512' ? 'sha512' : 'sha256');
  return {
    family: 'rsa',
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }),
    privateKey: key.export({ format: 'der', type: 'pkcs8' }),
    digest: 'sha256',
    digestId: (digest = 'sha256') => (digest === 'sha512' ? OID.sha512 : OID.sha256),
    signatureId: (digest = 'sha256') => (digest === 'sha512' ? OID.sha512WithRsa : OID.sha256WithRsa),
    hash: (data, digest = 'sha256') => createHash(hashName(digest)).update(data).digest(),
    sign: (data, digest = 'sha256') => nodeSign(hashName(digest), data, key),
  };
}

/** Reads a PrivateKeyInfo in the form of the authority's key files. Throws on anything else. */
export function readPrivateKey(der: Uint8Array): TestKey {
  const fields = new Fields(parse(der), 'a private key');
  fields.take(TAG.integer);
  const id = oid(new Fields(fields.take(TAG.sequence), 'the algorithm of a private key').take(TAG.oid));
  const secret = fields.take(TAG.octetString);
  if (id === OID.rsaKey)
    return rsaKey(createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }));
  const number = parse(body(secret));
  if (id === OID.gost2015Key) return gostKey('gost2015', fromLittleEndian(body(number)));
  if (id === OID.gost2004Key) return gostKey('gost2004', bigNumber(number));
  throw new TypeError(`a private key of type ${id}`);
}
