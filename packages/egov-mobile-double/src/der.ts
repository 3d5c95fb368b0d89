/** The few DER encodings that a time-stamp needs. */

/** One element: a tag and its content. */
function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const octets =
    length < 0x80 ? [length] : length < 0x1_00 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...octets]), content]);
}

export const sequence = (...elements: readonly Uint8Array[]): Buffer => element(0x30, ...elements);

/** A SET OF, sorted as DER requires. */
export const setOf = (...elements: readonly Uint8Array[]): Buffer =>
  element(0x31, ...[...elements].sort(Buffer.compare));

export const octetString = (content: Uint8Array): Buffer => element(0x04, content);

/** An INTEGER below 128. */
export const small = (value: number): Buffer => element(0x02, Uint8Array.of(value));

export const generalizedTime = (at: Date): Buffer =>
  element(0x18, Buffer.from(`${at.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`));

/** An OBJECT IDENTIFIER. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const octets = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) octets.unshift((left & 0x7f) | 0x80);
  return octets;
}
