/** Writes DER: requests here, and everything that `nca-verify/testing` makes. */
import { concat } from './platform.ts';

/** Encodes one element with the given content octets. */
export function encode(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 255);
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets];
  const result = new Uint8Array(header.length + length);
  result.set(header);
  result.set(content, header.length);
  return result;
}

/** Encodes one element that contains other elements. */
export function wrap(tag: number, ...elements: readonly Uint8Array[]): Uint8Array {
  return encode(tag, concat(elements));
}

export function encodeOid(dotted: string): Uint8Array {
  const [top = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [top * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 127];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 127) | 128);
    return groups;
  });
  return encode(0x06, Uint8Array.from(octets));
}
