/**
 * Changes DER with knowledge of its structure, from a seed. It tries what a clever forger would,
 * thousands of times.
 */
import { body, type Element, parse } from '../src/der.ts';
import { encode } from '../src/der-writer.ts';

/** A small generator (mulberry32): the same seed gives the same cases everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Node {
  tag: number;
  /** The octets of a primitive element; empty for a node with children. */
  content: Uint8Array;
  children: Node[] | null;
  /** Octets before the children, such as the count of unused bits in a bit string. */
  prefix: Uint8Array;
  /** How the length is written: as in DER, as indefinite BER, or wrong by a number of octets. */
  length: 'der' | 'indefinite' | number;
}

function nodeOf(element: Element): Node {
  // Copy the octets: `slice` of a Buffer would share memory with the fixture.
  const content = Uint8Array.from(body(element));
  const node: Node = {
    tag: element.tag,
    content,
    children: null,
    prefix: new Uint8Array(),
    length: element.indefinite ? 'indefinite' : 'der',
  };
  if ((element.tag & 0x20) !== 0) node.children = element.children.map(nodeOf);
  else if (element.tag === 0x04 || element.tag === 0x03) {
    // Extensions, keys and digests: look inside if they contain DER.
    const skip = element.tag === 0x03 ? 1 : 0;
    const inside = readInside(content.subarray(skip));
    if (inside !== null) {
      node.children = [inside];
      node.prefix = content.subarray(0, skip);
    }
  }
  return node;
}

function readInside(bytes: Uint8Array): Node | null {
  if (bytes.length < 4) return null;
  try {
    return nodeOf(parse(bytes));
  } catch {
    return null;
  }
}

function write(node: Node): Uint8Array {
  const body =
    node.children === null
      ? node.content
      : Buffer.concat([node.prefix, ...node.children.map((child) => write(child))]);
  if (node.length === 'indefinite')
    return Buffer.concat([Uint8Array.of(node.tag, 0x80), body, Uint8Array.of(0, 0)]);
  const encoded = encode(node.tag, body);
  if (node.length !== 'der') encoded[1] = ((encoded[1] ?? 0) + node.length) & 255;
  return encoded;
}

interface Place {
  readonly node: Node;
  readonly siblings: Node[];
  readonly index: number;
}

function places(root: Node): Place[] {
  const found: Place[] = [];
  const visit = (siblings: Node[]): void => {
    siblings.forEach((node, index) => {
      found.push({ node, siblings, index });
      if (node.children !== null) visit(node.children);
    });
  };
  visit([root]);
  return found;
}

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x17, 0x18, 0x24, 0x30, 0x31, 0x80, 0x82, 0xa0, 0xa1,
  0xa3, 0x1f,
];

export const KINDS = [
  'drop',
  'duplicate',
  'swap',
  'retag',
  'length',
  'indefinite',
  'flip',
  'shorten',
  'lengthen',
  'transplant',
  'insert',
  'wrap',
  'unwrap',
  'identifier',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Mutation {
  readonly kinds: readonly Kind[];
  readonly bytes: Uint8Array;
}

/**
 * Makes one mutant of `source`. Parts to transplant come from `others`, identifiers to swap from
 * `identifiers`.
 */
export function mutate(
  source: Uint8Array,
  others: readonly Uint8Array[],
  identifiers: readonly Uint8Array[],
  random: () => number,
): Mutation {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  for (;;) {
    const root = nodeOf(parse(source, 'ber'));
    const kinds: Kind[] = [];
    const count = random() < 0.7 ? 1 : 2;
    for (let i = 0; i < count; i++) {
      const kind = pick(KINDS);
      kinds.push(kind);
      apply(root, kind, pick(places(root)));
    }
    const bytes = write(root);
    // Many changes have no effect, such as swapping equal parts.
    if (Buffer.compare(bytes, source) !== 0) return { kinds, bytes };
  }

  function apply(root: Node, kind: Kind, { node, siblings, index }: Place): void {
    switch (kind) {
      case 'drop':
        if (siblings.length > 0 && node !== root) siblings.splice(index, 1);
        return;
      case 'duplicate':
        siblings.splice(index, 0, node);
        return;
      case 'swap': {
        const to = Math.floor(random() * siblings.length);
        const other = siblings[to];
        if (other === undefined) return;
        siblings[to] = node;
        siblings[index] = other;
        return;
      }
      case 'retag':
        node.tag = pick(TAGS);
        return;
      case 'length':
        node.length = pick([1, -1, 2, 127, 128]);
        return;
      case 'indefinite':
        if (node.children !== null) node.length = 'indefinite';
        return;
      case 'flip':
        if (node.children === null && node.content.length > 0) {
          const at = Math.floor(random() * node.content.length);
          node.content[at] = (node.content[at] ?? 0) ^ (1 << Math.floor(random() * 8));
        }
        return;
      case 'shorten':
        if (node.children === null) node.content = node.content.subarray(random() < 0.5 ? 1 : 0, -1);
        return;
      case 'lengthen':
        if (node.children === null)
          node.content = Buffer.concat([node.content, Uint8Array.of(Math.floor(random() * 256))]);
        return;
      case 'transplant': {
        // In half of the cases, take the same place of another message: its certificate, content or
        // signature.
        const donors = places(nodeOf(parse(pick(others), 'ber')));
        const path = places(root).findIndex((place) => place.node === node);
        const donor = random() < 0.6 ? (donors[path] ?? pick(donors)) : pick(donors);
        Object.assign(node, donor.node);
        return;
      }
      case 'insert':
        siblings.splice(index, 0, pick(places(nodeOf(parse(pick(others), 'ber')))).node);
        return;
      case 'wrap': {
        const inside = { ...node };
        Object.assign(node, {
          tag: pick([0x30, 0x31, 0x24, 0xa0]),
          children: [inside],
          prefix: new Uint8Array(),
          length: 'der',
        });
        return;
      }
      case 'unwrap': {
        const [first] = node.children ?? [];
        if (first !== undefined) Object.assign(node, first);
        return;
      }
      case 'identifier':
        if (node.tag === 0x06) node.content = pick(identifiers);
        return;
    }
  }
}
