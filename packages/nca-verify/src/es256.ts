/**
 * JSON web signatures by ES256 (RFC 7515, RFC 7518): the seals that an archive makes with its own
 * key. Computed with BigInt, so that Node and browsers give the same verdict.
 */
import { unsigned } from './der.ts';
import { inverse, isOnCurve, referenceMatches } from './gost-reference.ts';
import { fromBase64 } from './input.ts';
import { hashOf, toUtf8 } from './platform.ts';

/** NIST P-256 (FIPS 186-5). */
const P256 = {
  p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  a: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 4n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  size: 32,
} as const;

/** A public key as a JSON web key (RFC 7517), of which only these members are read. */
export interface SealKey {
  readonly kty?: string | undefined;
  readonly crv?: string | undefined;
  readonly x?: string | undefined;
  readonly y?: string | undefined;
  readonly kid?: string | undefined;
}

function fromBase64Url(text: string): Uint8Array | null {
  if (!/^[\w-]*$/.test(text)) return null;
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return fromBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, '='));
}

function jsonOf(text: string): Record<string, unknown> | null {
  const bytes = fromBase64Url(text);
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/**
 * The payload of a JWS of this type, and the key that made it. Otherwise why not, in English.
 */
export function verifyJws(
  jws: string,
  type: string,
  keys: readonly SealKey[],
): { readonly payload: Record<string, unknown>; readonly kid: string } | string {
  const [head = '', body = '', tail = '', more] = jws.split('.');
  const header = jsonOf(head);
  const payload = jsonOf(body);
  const signature = fromBase64Url(tail);
  if (header === null || payload === null || signature === null || more !== undefined) return 'no JWS';
  const { alg, typ, kid, ...others } = header;
  if (alg !== 'ES256' || typ !== type || Object.keys(others).length > 0) return 'a JWS of another type';
  const key = keys.find((each) => each.kid === kid && each.kty === 'EC' && each.crv === 'P-256');
  if (key === undefined) return 'by a key that was not given';
  return verifyEs256(key, toUtf8(`${head}.${body}`), signature)
    ? { payload, kid: String(kid) }
    : 'its signature is wrong';
}

function verifyEs256({ x = '', y = '' }: SealKey, data: Uint8Array, signature: Uint8Array): boolean {
  const [first, second] = [fromBase64Url(x), fromBase64Url(y)];
  if (first?.length !== 32 || second?.length !== 32 || signature.length !== 64) return false;
  const { n } = P256;
  const [qx, qy] = [unsigned(first), unsigned(second)];
  const [r, s] = [unsigned(signature.subarray(0, 32)), unsigned(signature.subarray(32))];
  if (r === 0n || r >= n || s === 0n || s >= n || !isOnCurve(P256, qx, qy)) return false;
  const w = inverse(s, n);
  const e = unsigned(hashOf('sha256', [data]));
  return referenceMatches(P256, qx, qy, (e * w) % n, (r * w) % n, r);
}
