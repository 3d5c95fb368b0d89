/**
 * GOST R 34.10-2012 verification (RFC 7091) in Kazakhstan's byte order: key x | y, signature r | s,
 * digest, all little-endian.
 */
import type { Curve } from './gost-reference.ts';
import { GOST_2015_512, inverse, isOnCurve, referenceMatches } from './gost-reference.ts';
import { gostEngine } from './gost-wasm.ts';
import { fromLittleEndian, littleEndian } from './little-endian.ts';

/**
 * True when the key made `signature` over `digest`. Wrong lengths, numbers out of range and keys
 * off the curve give false. `reused` keeps a table for the key (2015 only); set it for keys that a
 * trusted certificate names.
 */
export function verifyGost(
  curve: Curve,
  key: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
  reused = false,
): boolean {
  const { size, n, p } = curve;
  if (key.length !== 2 * size || signature.length !== 2 * size || digest.length !== size) return false;
  const r = fromLittleEndian(signature.subarray(0, size));
  const s = fromLittleEndian(signature.subarray(size));
  if (r === 0n || r >= n || s === 0n || s >= n) return false;
  const e = fromLittleEndian(digest) % n || 1n;
  const engine = curve === GOST_2015_512 ? gostEngine() : null;
  const v = engine?.inverse(e) ?? inverse(e, n);
  const z1 = (s * v) % n;
  const z2 = ((n - r) * v) % n;
  if (engine !== null) {
    const second = r + n < p ? littleEndian(r + n) : signature.subarray(0, size);
    return engine.matches(
      key,
      littleEndian(z1),
      littleEndian(z2),
      signature.subarray(0, size),
      second,
      reused,
    );
  }
  const x = fromLittleEndian(key.subarray(0, size));
  const y = fromLittleEndian(key.subarray(size));
  return isOnCurve(curve, x, y) && referenceMatches(curve, x, y, z1, z2, r);
}
