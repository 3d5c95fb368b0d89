import { gostEngine } from './gost-wasm.ts';
import { concat } from './platform.ts';
import { referenceStreebog } from './streebog-reference.ts';

/** Streebog, GOST R 34.11-2012 (RFC 6986): the digest of the parts in sequence, 64 or 32 bytes. */
export function streebog(bits: 256 | 512, ...parts: readonly Uint8Array[]): Uint8Array {
  return gostEngine()?.streebog(bits, parts) ?? referenceStreebog(bits, concat(parts));
}
