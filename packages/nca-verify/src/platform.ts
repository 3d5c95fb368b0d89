/**
 * What Node does for us: octets, digests, RSA, and memory that threads share. For browsers,
 * `build.js` replaces this module by `browser/platform.ts`, which has the same functions.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { types } from 'node:util';

export function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Negative, zero or positive, in the order of the octets. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function toHex(bytes: Uint8Array): string {
  return view(bytes).toString('hex');
}

export function fromHex(text: string): Uint8Array {
  return Buffer.from(text, 'hex');
}

export function toLatin1(bytes: Uint8Array): string {
  return view(bytes).toString('latin1');
}

export function toBase64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

/** Decodes text of the alphabet of base64 and nothing else, in complete groups of four. */
export function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}

export function toUtf8(text: string): Uint8Array {
  return Buffer.from(text);
}

export function fromUtf16(bytes: Uint8Array): string {
  return view(bytes).toString('utf16le');
}

/** Zeros that all threads share. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

export function isShared(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer;
}

/** Throws when the binary is damaged. */
export function compile(binary: Uint8Array): WebAssembly.Module | null {
  return new WebAssembly.Module(binary);
}

export type HashName = 'sha1' | 'sha256' | 'sha512';

export function hashOf(name: HashName, parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash(name);
  for (const part of parts) state.update(part);
  return state.digest();
}

/** Null for a key that OpenSSL refuses. The numbers are those in the SubjectPublicKeyInfo. */
export function rsaKey(spki: Uint8Array, _modulus: bigint, _exponent: bigint): object | null {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

/** PKCS#1 v1.5 (RFC 8017, 8.2.2) of a signature that is as long as the modulus. */
export function verifyRsa(
  key: object,
  name: Exclude<HashName, 'sha1'>,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verify(name, data, key as KeyObject, signature);
}
