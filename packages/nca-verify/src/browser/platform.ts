/**
 * The same functions as `../platform.ts` without Node. Nothing here waits for the browser's own
 * cryptography, which answers later: a verdict comes at once, as in Node.
 */
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';

export function isBytes(value: unknown): value is Uint8Array {
  // Also those of another frame.
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function compare(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const OCTETS_IN_HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const octet of bytes) text += OCTETS_IN_HEX[octet];
  return text;
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}

export function toLatin1(bytes: Uint8Array): string {
  let text = '';
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(toLatin1(bytes));
}

export function fromBase64(text: string): Uint8Array {
  const latin1 = atob(text);
  return Uint8Array.from(latin1, (character) => character.charCodeAt(0));
}

export function toUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function fromUtf16(bytes: Uint8Array): string {
  return new TextDecoder('utf-16le', { ignoreBOM: true }).decode(bytes);
}

/** A page has one thread for this, so the memory need not be shared. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(length);
}

export function isShared(_bytes: Uint8Array): boolean {
  return false;
}

/** Null where the page may not compile: a content policy, or too large for the main thread. */
export function compile(binary: Uint8Array): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(binary);
  } catch {
    return null;
  }
}

export type HashName = 'sha1' | 'sha256' | 'sha512';

const HASHES = { sha1, sha256, sha512 };

export function hashOf(name: HashName, parts: readonly Uint8Array[]): Uint8Array {
  const state = HASHES[name].create();
  for (const part of parts) state.update(part);
  return state.digest();
}

interface Numbers {
  readonly modulus: bigint;
  readonly exponent: bigint;
}

export function rsaKey(_spki: Uint8Array, modulus: bigint, exponent: bigint): object | null {
  return { modulus, exponent } satisfies Numbers;
}

/** DigestInfo up to the digest (RFC 8017, 9.2, note 1). */
const DIGEST_INFO = {
  sha256: '3031300d060960864801650304020105000420',
  sha512: '3051300d060960864801650304020305000440',
} as const;

/** Compares the whole padded block, so nothing in it is parsed (RFC 8017, 8.2.2). */
export function verifyRsa(
  key: object,
  name: Exclude<HashName, 'sha1'>,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { modulus, exponent } = key as Numbers;
  const value = BigInt(`0x${toHex(signature) || '0'}`);
  if (value >= modulus) return false;
  const info = concat([fromHex(DIGEST_INFO[name]), hashOf(name, [data])]);
  const padding = new Uint8Array(signature.length - info.length - 3).fill(0xff);
  const block = concat([Uint8Array.of(0, 1), padding, Uint8Array.of(0), info]);
  return power(value, exponent, modulus) === BigInt(`0x${toHex(block)}`);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}
