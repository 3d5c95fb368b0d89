/** Small DER encoders for the test authority. */
import { encode, encodeOid, wrap } from '../der-writer.ts';

export function sequence(...elements: readonly Uint8Array[]): Uint8Array {
  return wrap(0x30, ...elements);
}

/** A SET OF, sorted as DER requires. */
export function setOf(...elements: readonly Uint8Array[]): Uint8Array {
  return wrap(0x31, ...[...elements].sort(Buffer.compare));
}

export function octetString(content: Uint8Array): Uint8Array {
  return encode(0x04, content);
}

export function bitString(content: Uint8Array): Uint8Array {
  return encode(0x03, Buffer.concat([Uint8Array.of(0), content]));
}

/** A non-negative INTEGER from a number, or from big-endian octets. */
export function integer(value: number | bigint | Uint8Array): Uint8Array {
  let digits = typeof value === 'object' ? Buffer.from(value).toString('hex') : value.toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  digits = digits.replace(/^(00)+(?=..)/, '');
  if (Number.parseInt(digits.slice(0, 2), 16) >= 0x80) digits = `00${digits}`;
  return encode(0x02, Buffer.from(digits, 'hex'));
}

export function utf8(text: string): Uint8Array {
  return encode(0x0c, Buffer.from(text));
}

export function printable(text: string): Uint8Array {
  return encode(0x13, Buffer.from(text, 'latin1'));
}

export const NULL = encode(0x05, new Uint8Array());
export const TRUE = encode(0x01, Uint8Array.of(0xff));

/** UTCTime until 2049, GeneralizedTime after (RFC 5280). */
export function time(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? encode(0x17, Buffer.from(digits(date).slice(2)))
    : generalizedTime(date);
}

export function generalizedTime(date: Date): Uint8Array {
  return encode(0x18, Buffer.from(digits(date)));
}

function digits(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
}

export function algorithm(id: string, parameters: Uint8Array | null = NULL): Uint8Array {
  return parameters === null ? sequence(encodeOid(id)) : sequence(encodeOid(id), parameters);
}

export function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return critical
    ? sequence(encodeOid(id), TRUE, octetString(value))
    : sequence(encodeOid(id), octetString(value));
}
