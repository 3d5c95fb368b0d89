/** Numbers as the curve's code takes them: 64 octets, lowest first. */
import { fromHex, toHex } from './platform.ts';

/** Reads an unsigned little-endian number of any length. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(new Uint8Array(bytes).reverse()) || '0'}`);
}

export function littleEndian(value: bigint): Uint8Array {
  return new Uint8Array(fromHex(value.toString(16).padStart(128, '0'))).reverse();
}
