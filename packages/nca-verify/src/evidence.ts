/**
 * Evidence records: a signature with everything that shows that it was right, and the seals that
 * cover it (in the spirit of RFC 4998).
 *
 * Each seal covers a digest, made anew, of all that the record holds and of all earlier seals. So a
 * new seal renews the time-stamp and the digest at once, and may use another algorithm.
 */
import { DIGEST_IDS, digest } from './algorithms.ts';
import { TAG } from './der.ts';
import { encode, wrap } from './der-writer.ts';
import { fromBase64 } from './input.ts';
import { concat, fromHex, toBase64, toHex, toUtf8 } from './platform.ts';

/** The digests of seals. */
export type SealHash = keyof typeof DIGEST_IDS;

/**
 * A seal over many records: its place in the tree of their digests, and what was made of the root.
 */
export interface EvidenceSeal {
  /** `time-stamp`: a token (RFC 3161) about the root. `key`: a JWS of the archive over the root. */
  readonly kind: 'time-stamp' | 'key';
  readonly hash: SealHash;
  /** The place of the record's leaf, from 0, and the number of leaves. */
  readonly place: number;
  readonly size: number;
  readonly path: readonly Uint8Array[];
  /** The token as DER, or the JWS as ASCII. */
  readonly seal: Uint8Array;
}

export interface EvidenceRecord {
  /** The CMS message, DER. */
  readonly message: Uint8Array;
  /** What was signed, if it is not in the message. */
  readonly content: Uint8Array | null;
  /** When the archive verified the signature, by its own clock; null if it does not say. */
  readonly verifiedAt: Date | null;
  /**
   * The certificates above the signer's, DER. They are only used between it and a trusted anchor.
   */
  readonly chain: readonly Uint8Array[];
  /** OCSP answers about the signer's certificate. */
  readonly ocsp: readonly Uint8Array[];
  /** Revocation lists. */
  readonly lists: readonly Uint8Array[];
  /** Time-stamp tokens about the signature that are not in the message. */
  readonly tokens: readonly Uint8Array[];
  /** From the first to the last. */
  readonly seals: readonly EvidenceSeal[];
}

/** `typ` of the JWS of a seal by key. Its payload is `{"hash","root","size","time"}`. */
export const EVIDENCE_SEAL_TYPE = 'evidence-seal+jws';

const TYPE = 'signature-evidence';
const VERSION = 1;
/** The largest record that is read, in characters. */
const MAX_TEXT = 16 * 1024 * 1024;
const MAX_SEALS = 100;
/** The most of each kind of part. */
const MAX_PARTS = 20;
const MAX_PATH = 40;

function text(value: string): Uint8Array {
  return encode(TAG.utf8String, toUtf8(value));
}

function list(parts: readonly Uint8Array[]): Uint8Array {
  return wrap(TAG.sequence, ...parts.map((part) => encode(TAG.octetString, part)));
}

/** The octets that the next seal covers: the record with all seals that it has. */
function covered(record: EvidenceRecord): Uint8Array {
  const { message, content, verifiedAt, chain, ocsp, lists, tokens, seals } = record;
  const none = encode(TAG.null, new Uint8Array());
  return wrap(
    TAG.sequence,
    text(`${TYPE} ${VERSION}`),
    encode(TAG.octetString, message),
    content === null ? none : encode(TAG.octetString, content),
    verifiedAt === null ? none : text(verifiedAt.toISOString()),
    ...[chain, ocsp, lists, tokens].map(list),
    wrap(
      TAG.sequence,
      ...seals.map(({ kind, hash, place, size, path, seal }) =>
        wrap(
          TAG.sequence,
          text(`${kind} ${hash} ${place} ${size}`),
          list(path),
          encode(TAG.octetString, seal),
        ),
      ),
    ),
  );
}

function hashOf(hash: SealHash, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = digest(DIGEST_IDS[hash], concat(parts));
  if (value === null) throw new TypeError(`an unknown digest: ${hash}`);
  return value;
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The leaf of a record in the tree of its next seal (RFC 9162, 2.1.1). */
export function evidenceLeaf(record: EvidenceRecord, hash: SealHash): Uint8Array {
  return hashOf(hash, LEAF, covered(record));
}

/** The largest power of two below `size`. */
function split(size: number): number {
  let left = 1;
  while (left * 2 < size) left *= 2;
  return left;
}

/** A tree over leaves. */
export interface SealTree {
  readonly root: Uint8Array;
  /**
   * For each leaf, the hashes that lead from it to the root, from the bottom up (RFC 9162, 2.1.3.1).
   */
  readonly paths: readonly (readonly Uint8Array[])[];
}

/**
 * The tree over leaves, of which there is at least one. Each node is computed once: path by path, a
 * tree of a thousand leaves would take a million digests.
 */
export function sealTree(leaves: readonly Uint8Array[], hash: SealHash): SealTree {
  const paths = leaves.map((): Uint8Array[] => []);
  const above = (from: number, to: number): Uint8Array => {
    const only = leaves[from];
    if (only === undefined) throw new TypeError('a tree without leaves');
    if (to - from === 1) return only;
    const middle = from + split(to - from);
    const [left, right] = [above(from, middle), above(middle, to)];
    paths.slice(from, middle).forEach((path) => {
      path.push(right);
    });
    paths.slice(middle, to).forEach((path) => {
      path.push(left);
    });
    return hashOf(hash, NODE, left, right);
  };
  return { root: above(0, leaves.length), paths };
}

/** The root to which a path leads; null for a path of another length than the place needs. */
export function rootBy(leaf: Uint8Array, { place, size, path, hash }: EvidenceSeal): Uint8Array | null {
  if (place >= size) return null;
  const climb = (from: number, count: number, depth: number): Uint8Array | null => {
    if (count === 1) return depth === 0 ? leaf : null;
    const beside = path[depth - 1];
    if (beside === undefined) return null;
    const left = split(count);
    const inner = from < left ? climb(from, left, depth - 1) : climb(from - left, count - left, depth - 1);
    if (inner === null) return null;
    return from < left ? hashOf(hash, NODE, inner, beside) : hashOf(hash, NODE, beside, inner);
  };
  return climb(place, size, path.length);
}

/** The record as the text of a file. */
export function writeEvidence(record: EvidenceRecord): string {
  const { message, content, verifiedAt, chain, ocsp, lists, tokens, seals } = record;
  const all = (parts: readonly Uint8Array[]): readonly string[] => parts.map(toBase64);
  const value = {
    type: TYPE,
    version: VERSION,
    message: toBase64(message),
    content: content === null ? null : toBase64(content),
    verifiedAt: verifiedAt === null ? null : verifiedAt.toISOString(),
    chain: all(chain),
    ocsp: all(ocsp),
    lists: all(lists),
    tokens: all(tokens),
    seals: seals.map(({ path, seal, ...rest }) => ({ ...rest, path: path.map(toHex), seal: toBase64(seal) })),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A record from the text of a file; null when it is none. Nothing of it is verified. */
export function readEvidence(file: string): EvidenceRecord | null {
  if (file.length > MAX_TEXT) return null;
  let value: unknown;
  try {
    value = JSON.parse(file);
  } catch {
    return null;
  }
  const fields = fieldsOf(value, [
    'type',
    'version',
    'message',
    'content',
    'verifiedAt',
    'chain',
    'ocsp',
    'lists',
    'tokens',
    'seals',
  ]);
  if (fields?.['type'] !== TYPE || fields['version'] !== VERSION) return null;
  const message = octets(fields['message']);
  const content = fields['content'] === null ? null : octets(fields['content']);
  const verifiedAt = fields['verifiedAt'] === null ? null : timeOf(fields['verifiedAt']);
  const [chain, ocsp, lists, tokens] = ['chain', 'ocsp', 'lists', 'tokens'].map((name) =>
    listOf(fields[name], MAX_PARTS, octets),
  );
  const seals = listOf(fields['seals'], MAX_SEALS, sealOf);
  if (!message || content === undefined || verifiedAt === undefined) return null;
  if (!chain || !ocsp || !lists || !tokens || !seals) return null;
  return { message, content, verifiedAt, chain, ocsp, lists, tokens, seals };
}

function sealOf(value: unknown): EvidenceSeal | undefined {
  const fields = fieldsOf(value, ['kind', 'hash', 'place', 'size', 'path', 'seal']);
  const { kind, hash, place, size } = (fields ?? {}) as Record<string, unknown>;
  const path = listOf(fields?.['path'], MAX_PATH, hexOf);
  const seal = octets(fields?.['seal']);
  if (!path || !seal || (kind !== 'time-stamp' && kind !== 'key')) return undefined;
  if (typeof hash !== 'string' || !Object.hasOwn(DIGEST_IDS, hash)) return undefined;
  if (!isCount(place) || !isCount(size)) return undefined;
  return { kind, hash: hash as SealHash, place, size, path, seal };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** An object with exactly these fields. */
function fieldsOf(value: unknown, names: readonly string[]): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const own = Object.keys(value);
  return own.length === names.length && names.every((name) => own.includes(name)) ? { ...value } : undefined;
}

function octets(value: unknown): Uint8Array | undefined {
  // A record has one form only, so no line breaks.
  return typeof value === 'string' && !/\s/.test(value) ? (fromBase64(value) ?? undefined) : undefined;
}

function hexOf(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && /^([0-9a-f]{2}){32,64}$/.test(value) ? fromHex(value) : undefined;
}

function timeOf(value: unknown): Date | undefined {
  const time = typeof value === 'string' ? new Date(value) : undefined;
  return time !== undefined && !Number.isNaN(time.getTime()) && time.toISOString() === value
    ? time
    : undefined;
}

function listOf<T>(
  value: unknown,
  most: number,
  read: (item: unknown) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined;
  const items = value.map(read);
  return items.includes(undefined) ? undefined : (items as T[]);
}
