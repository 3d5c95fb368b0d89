/**
 * A small, strict reader of DER (X.690). It also reads the part of BER that the reference library
 * writes: indefinite lengths and octet strings in pieces. It always reads the whole tree, so that
 * nothing unread can hide in it.
 */
import { compare, toHex, toLatin1 } from './platform.ts';
import { Refusal } from './verdict.ts';

/** One element. The offsets refer to `source`. */
export interface Element {
  readonly source: Uint8Array;
  /** The identifier octet: class, constructed bit, number. */
  readonly tag: number;
  readonly start: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly end: number;
  readonly indefinite: boolean;
  /** Empty for a primitive element. */
  readonly children: readonly Element[];
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  octetStringInPieces: 0x24,
} as const;

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 20_000;

export interface Header {
  tag: number;
  bodyStart: number;
  bodyEnd: number;
  indefinite: boolean;
}

/**
 * Reads identifier and length at `at` into `header`, all within `limit`. Lengths must be minimal,
 * in BER as well as in DER.
 */
export function readHeader(source: Uint8Array, at: number, limit: number, header: Header): void {
  const tag = source[at];
  const first = source[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit) {
    throw new Refusal('malformed', 'an element is cut short');
  }
  if ((tag & 0x1f) === 0x1f) throw new Refusal('malformed', 'a tag number above 30');
  header.tag = tag;
  header.indefinite = false;
  header.bodyStart = at + 2;
  let length = first;
  if (first === 0x80) {
    header.indefinite = true;
    header.bodyEnd = limit;
    return;
  }
  if (first > 0x80) {
    const count = first & 0x7f;
    if (count > 4) throw new Refusal('malformed', 'a length of more than four octets');
    length = 0;
    for (let i = 0; i < count; i++) {
      const octet = source[at + 2 + i];
      if (octet === undefined) throw new Refusal('malformed', 'a length is cut short');
      length = length * 256 + octet;
    }
    if (length < 0x80 || length < 256 ** (count - 1))
      throw new Refusal('malformed', 'a length is not minimal');
    header.bodyStart = at + 2 + count;
  }
  header.bodyEnd = header.bodyStart + length;
  if (header.bodyEnd > limit) throw new Refusal('malformed', 'an element reaches past its parent');
}

/**
 * Reads `source` as exactly one element.
 * @throws Refusal `malformed`, or `tooLarge` for more nesting or elements than any signature needs
 */
export function parse(source: Uint8Array, rules: 'der' | 'ber' = 'der'): Element {
  const tally = { left: MAX_ELEMENTS };
  const root = readElement(source, 0, source.length, rules, 0, tally);
  if (root.end !== source.length) throw new Refusal('malformed', 'bytes after the end');
  return root;
}

function readElement(
  source: Uint8Array,
  start: number,
  limit: number,
  rules: 'der' | 'ber',
  depth: number,
  tally: { left: number },
): Element {
  if (depth > MAX_DEPTH) throw new Refusal('tooLarge', 'nested too deeply');
  if (--tally.left < 0) throw new Refusal('tooLarge', 'too many elements');
  const header: Header = { tag: 0, bodyStart: 0, bodyEnd: 0, indefinite: false };
  readHeader(source, start, limit, header);
  const { tag, bodyStart, indefinite } = header;
  const constructed = (tag & 0x20) !== 0;
  if (indefinite && (rules === 'der' || !constructed)) throw new Refusal('malformed', 'an indefinite length');
  checkForm(tag, rules);
  if (!constructed) {
    checkPrimitive(source, tag, bodyStart, header.bodyEnd);
    return {
      source,
      tag,
      start,
      bodyStart,
      bodyEnd: header.bodyEnd,
      end: header.bodyEnd,
      indefinite,
      children: [],
    };
  }
  const children: Element[] = [];
  let at = bodyStart;
  if (indefinite) {
    for (;;) {
      if (source[at] === 0 && source[at + 1] === 0 && at + 2 <= limit) {
        return { source, tag, start, bodyStart, bodyEnd: at, end: at + 2, indefinite, children };
      }
      const child = readElement(source, at, limit, rules, depth + 1, tally);
      children.push(child);
      at = child.end;
    }
  }
  while (at < header.bodyEnd) {
    const child = readElement(source, at, header.bodyEnd, rules, depth + 1, tally);
    children.push(child);
    at = child.end;
  }
  return {
    source,
    tag,
    start,
    bodyStart,
    bodyEnd: header.bodyEnd,
    end: header.bodyEnd,
    indefinite,
    children,
  };
}

/**
 * Checks the form of universal types: sequences and sets are constructed, all others are primitive.
 * In BER, an octet string may be either.
 */
function checkForm(tag: number, rules: 'der' | 'ber'): void {
  if ((tag & 0xc0) !== 0) return;
  const number = tag & 0x1f;
  const structured = number === 0x10 || number === 0x11;
  if (number === 0) throw new Refusal('malformed', 'tag zero');
  if (structured !== ((tag & 0x20) !== 0) && !(rules === 'ber' && tag === TAG.octetStringInPieces)) {
    throw new Refusal('malformed', 'a universal type in the wrong form');
  }
}

/** True when the content octets of an INTEGER have no superfluous first octet. */
export function isMinimal(source: Uint8Array, from: number, to: number): boolean {
  const first = source[from];
  const second = source[from + 1] ?? 0;
  return to - from < 2 || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
}

function checkPrimitive(source: Uint8Array, tag: number, from: number, to: number): void {
  const length = to - from;
  const first = source[from] ?? 0;
  if (tag === TAG.boolean && (length !== 1 || (first !== 0 && first !== 0xff))) {
    throw new Refusal('malformed', 'a boolean is neither 00 nor FF');
  }
  if (tag === TAG.null && length !== 0) throw new Refusal('malformed', 'a null with content');
  if (tag === TAG.integer || tag === TAG.enumerated) {
    if (length === 0) throw new Refusal('malformed', 'an empty number');
    if (!isMinimal(source, from, to)) throw new Refusal('malformed', 'a number is not minimal');
  }
  if (tag === TAG.bitString) {
    const last = source[to - 1] ?? 0;
    if (length === 0 || first > 7 || (length === 1 && first !== 0) || (last & ((1 << first) - 1)) !== 0) {
      throw new Refusal('malformed', 'a bit string with wrong unused bits');
    }
  }
  if (tag === TAG.oid) {
    if (length === 0 || length > 64 || (source[to - 1] ?? 0) >= 0x80)
      throw new Refusal('malformed', 'an identifier is cut short');
    for (let at = from; at < to; at++) {
      if (source[at] === 0x80 && (at === from || (source[at - 1] ?? 0) < 0x80)) {
        throw new Refusal('malformed', 'an identifier is not minimal');
      }
    }
  }
}

/** The content octets, without a copy. */
export function body(element: Element): Uint8Array {
  return element.source.subarray(element.bodyStart, element.bodyEnd);
}

/** The element with its header, without a copy. */
export function whole(element: Element): Uint8Array {
  return element.source.subarray(element.start, element.end);
}

/** Reads the fields of a sequence one by one and checks that none is left over. */
export class Fields {
  readonly #children: readonly Element[];
  readonly #what: string;
  #next = 0;

  constructor(element: Element, what: string, tag: number = TAG.sequence) {
    if (element.tag !== tag) throw new Refusal('malformed', `${what} is of another type`);
    this.#children = element.children;
    this.#what = what;
  }

  /** The next field, which must have one of the tags (any tag when none is given). */
  take(...tags: readonly number[]): Element {
    const element = this.#children[this.#next];
    if (element === undefined || (tags.length > 0 && !tags.includes(element.tag))) {
      throw new Refusal('malformed', `${this.#what} lacks a field`);
    }
    this.#next++;
    return element;
  }

  /** The next field if it has one of the tags. */
  option(...tags: readonly number[]): Element | undefined {
    const element = this.#children[this.#next];
    if (element === undefined || !tags.includes(element.tag)) return undefined;
    this.#next++;
    return element;
  }

  /** Checks that no field is left. */
  end(): void {
    if (this.#next !== this.#children.length)
      throw new Refusal('malformed', `${this.#what} has a field too many`);
  }
}

/** The only child of an explicitly tagged element. */
export function inner(element: Element, what: string, ...tags: readonly number[]): Element {
  const [child, extra] = element.children;
  if (child === undefined || extra !== undefined || (tags.length > 0 && !tags.includes(child.tag))) {
    throw new Refusal('malformed', `${what} is of another type`);
  }
  return child;
}

/** The dotted form of an object identifier. */
export function oid(element: Element): string {
  if (element.tag !== TAG.oid) throw new Refusal('malformed', 'an object identifier is of another type');
  const arcs: number[] = [];
  let arc = 0;
  for (let at = element.bodyStart; at < element.bodyEnd; at++) {
    const octet = element.source[at] ?? 0;
    // Larger arcs exist (UUIDs), but not in the structures read here.
    if (arc > 2 ** 45) throw new Refusal('malformed', 'an arc of an identifier is too large');
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      if (arcs.length === 0) {
        const top = Math.min(Math.floor(arc / 40), 2);
        arcs.push(top, arc - top * 40);
      } else {
        arcs.push(arc);
      }
      arc = 0;
    }
  }
  return arcs.join('.');
}

/** A small non-negative number, e.g. a version or a path length. */
export function smallNumber(element: Element): number {
  const value = bigNumber(element);
  if (value < 0n || value > 0x7fff_ffffn) throw new Refusal('malformed', 'a number is out of range');
  return Number(value);
}

export function bigNumber(element: Element): bigint {
  const octets = body(element);
  if (octets.length > 1024) throw new Refusal('tooLarge', 'a number of more than 8192 bits');
  const value = unsigned(octets);
  return (octets[0] ?? 0) < 0x80 ? value : value - (1n << BigInt(octets.length * 8));
}

/** The number of these octets, highest first. Of none, zero. */
export function unsigned(octets: Uint8Array): bigint {
  return BigInt(`0x${toHex(octets) || '0'}`);
}

/** The octets of a bit string whose length is a multiple of eight. */
export function bitOctets(element: Element): Uint8Array {
  if (element.tag !== TAG.bitString || element.source[element.bodyStart] !== 0) {
    throw new Refusal('malformed', 'a bit string of whole octets is expected');
  }
  return element.source.subarray(element.bodyStart + 1, element.bodyEnd);
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Reads UTCTime or GeneralizedTime, each in the only form that DER allows, as milliseconds since
 * 1970.
 */
export function time(element: Element): number {
  const text = toLatin1(body(element));
  const utc = element.tag === TAG.utcTime;
  const parts = (utc ? UTC_TIME : element.tag === TAG.generalizedTime ? GENERALIZED_TIME : null)?.exec(text);
  if (!parts) throw new Refusal('malformed', 'a time in another form');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return instant(utc ? (year < 50 ? 2000 + year : 1900 + year) : year, month, day, hour, minute, second);
}

/**
 * A time by its parts, in milliseconds since 1970.
 * @throws Refusal `malformed` for one that does not exist
 */
export function instant(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (
    date.getUTCMonth() !== month - 1 ||
    date.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  ) {
    throw new Refusal('malformed', 'a time that does not exist');
  }
  return date.getTime();
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compare(a, b) === 0;
}

export function hex(bytes: Uint8Array): string {
  return toHex(bytes);
}
