/** Numbers as the curve's code takes them: 64 octets, lowest first. */

/** Reads an unsigned little-endian number of any length. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
}

export function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(128, '0'), 'hex')).reverse();
}
