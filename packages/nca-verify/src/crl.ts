/**
 * Certificate revocation lists (RFC 5280). A production list has hundreds of thousands of entries, so the list is scanned flat:
 * its octets are kept as they are beside one table of offsets, both in shared memory that every worker reads without a copy.
 */
import { algorithm, extensions, isAllowedSignature, verifySignature } from './algorithms.ts';
import { checkBoolean, checkBytes, checkTime, checkTrust } from './arguments.ts';
import { authorityKey, type Certificate, EXTENSION, fingerprint } from './certificate.ts';
import {
  bigNumber,
  bitOctets,
  body,
  Fields,
  type Header,
  oid,
  parse,
  readHeader,
  sameBytes,
  smallNumber,
  TAG,
  time,
} from './der.ts';
import { decodeList } from './input.ts';
import { CLOCK_SKEW, type Status } from './revocation.ts';
import type { Trust } from './trust.ts';
import { Refusal, type Refused, refusalAsValue } from './verdict.ts';

/** A list whose signature was verified. Plain data: it can be sent to a worker, and its memory is shared. */
export interface Crl {
  /** SHA-256 of the CA certificate that signed it. */
  readonly issuer: string;
  readonly number: bigint;
  /** The number of the base list that this one changes; null for a full list. */
  readonly baseNumber: bigint | null;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly entries: number;
  /** The list as it came. */
  readonly octets: Uint8Array;
  /** Open addressing by serial number: offset of the entry in `octets`, or zero. */
  readonly slots: Uint32Array;
}

/** Bytes of a list at most. */
const MAX_BYTES = 128 * 1024 * 1024;
const REMOVE_FROM_CRL = 8;

/** What `loadCrl` answers: the list, or why it cannot be used. */
export type LoadedCrl = { readonly ok: true; readonly crl: Crl } | Refused;

/**
 * Reads a list (DER or PEM), finds its issuer among the trusted CA certificates and verifies the signature. Freshness is judged
 * when the list is used. Costs about half a second for 26 MB: call it in a worker (`VerifierPool.loadCrl`).
 */
export function loadCrl(file: Uint8Array, trust: Trust, allowGost2004 = false): LoadedCrl {
  checkBytes('file', file);
  checkTrust(trust);
  checkBoolean('allowGost2004', allowGost2004);
  const crl = refusalAsValue(() => read(file, trust, allowGost2004));
  return 'ok' in crl ? crl : { ok: true, crl };
}

function read(file: Uint8Array, trust: Trust, allowGost2004: boolean): Crl {
  if (file.length > MAX_BYTES) throw new Refusal('tooLarge', 'the list is too large');
  const octets = shared(decodeList(file));
  const frame = readFrame(octets);
  const issuer = [...trust.anchors, ...trust.intermediates].find(
    (candidate) =>
      sameBytes(candidate.subject, frame.issuer) &&
      candidate.subjectKeyId !== null &&
      sameBytes(candidate.subjectKeyId, frame.authorityKeyId),
  );
  if (issuer === undefined || !(issuer.keyUsage?.includes('cRLSign') ?? false)) {
    throw new Refusal('untrusted', 'the list is of no trusted issuer');
  }
  if (!isAllowedSignature(frame.signatureAlgorithm, allowGost2004)) {
    throw new Refusal('algorithmNotAllowed', 'the list is signed in a way that is not allowed');
  }
  if (!verifySignature(issuer.key, frame.signatureAlgorithm, [frame.tbs], frame.signature, true)) {
    throw new Refusal('badSignature', 'the signature of the list is wrong');
  }
  const { slots, entries } = scan(octets, frame.entriesStart, frame.entriesEnd);
  const { number, baseNumber, thisUpdate, nextUpdate } = frame;
  return { issuer: fingerprint(issuer), number, baseNumber, thisUpdate, nextUpdate, entries, octets, slots };
}

function shared(bytes: Uint8Array | null): Uint8Array {
  if (bytes === null) throw new Refusal('malformed', 'neither DER nor PEM');
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

interface Frame {
  readonly tbs: Uint8Array;
  readonly issuer: Uint8Array;
  readonly authorityKeyId: Uint8Array;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly number: bigint;
  readonly baseNumber: bigint | null;
  readonly entriesStart: number;
  readonly entriesEnd: number;
}

/** Steps over the list's parts without building a tree of its entries. */
function readFrame(octets: Uint8Array): Frame {
  const header: Header = { tag: 0, bodyStart: 0, bodyEnd: 0, indefinite: false };
  const enter = (
    at: number,
    limit: number,
    tag: number,
  ): { start: number; bodyStart: number; end: number } => {
    readHeader(octets, at, limit, header);
    if (header.tag !== tag || header.indefinite)
      throw new Refusal('malformed', 'a part of the list is of another type');
    return { start: at, bodyStart: header.bodyStart, end: header.bodyEnd };
  };
  const part = (range: { start: number; end: number }): Uint8Array =>
    Buffer.from(octets.subarray(range.start, range.end));

  const root = enter(0, octets.length, TAG.sequence);
  if (root.end !== octets.length) throw new Refusal('malformed', 'bytes after the end');
  const tbs = enter(root.bodyStart, root.end, TAG.sequence);
  const outerAlgorithm = enter(tbs.end, root.end, TAG.sequence);
  const signature = enter(outerAlgorithm.end, root.end, TAG.bitString);
  if (signature.end !== root.end) throw new Refusal('malformed', 'the list has a field too many');

  const version = enter(tbs.bodyStart, tbs.end, TAG.integer);
  if (smallNumber(parse(part(version))) !== 1) throw new Refusal('malformed', 'not a version 2 list');
  const innerAlgorithm = enter(version.end, tbs.end, TAG.sequence);
  if (!sameBytes(part(innerAlgorithm), part(outerAlgorithm)))
    throw new Refusal('algorithmNotAllowed', 'two algorithms');
  const issuer = enter(innerAlgorithm.end, tbs.end, TAG.sequence);
  const at = (offset: number): number => {
    const tag = octets[offset] === TAG.generalizedTime ? TAG.generalizedTime : TAG.utcTime;
    return enter(offset, tbs.end, tag).end;
  };
  const thisUpdateEnd = at(issuer.end);
  const nextUpdateEnd = at(thisUpdateEnd);
  const thisUpdate = time(parse(part({ start: issuer.end, end: thisUpdateEnd })));
  const nextUpdate = time(parse(part({ start: thisUpdateEnd, end: nextUpdateEnd })));
  // The entries may be left out when there are none.
  const listed = octets[nextUpdateEnd] === TAG.sequence;
  const entries = listed ? enter(nextUpdateEnd, tbs.end, TAG.sequence) : null;
  const extended = enter(entries?.end ?? nextUpdateEnd, tbs.end, 0xa0);
  if (extended.end !== tbs.end) throw new Refusal('malformed', 'the list has a field too many');

  let number: bigint | null = null;
  let baseNumber: bigint | null = null;
  let authorityKeyId: Uint8Array | null = null;
  for (const { id, critical, value } of extensions(parse(part(extended)))) {
    if (id === EXTENSION.crlNumber) number = listNumber(value);
    else if (id === EXTENSION.deltaCrl) baseNumber = listNumber(value);
    else if (id === EXTENSION.authorityKeyId) authorityKeyId = authorityKey(parse(value)).authorityKeyId;
    else if (critical) throw new Refusal('malformed', 'an unknown critical extension of the list');
  }
  if (number === null || authorityKeyId === null)
    throw new Refusal('malformed', 'the list has no number or issuer key');
  return {
    tbs: octets.subarray(tbs.start, tbs.end),
    issuer: part(issuer),
    authorityKeyId,
    signatureAlgorithm: algorithm(parse(part(outerAlgorithm))),
    signature: bitOctets(parse(part(signature))),
    thisUpdate,
    nextUpdate,
    number,
    baseNumber,
    entriesStart: entries?.bodyStart ?? 0,
    entriesEnd: entries?.end ?? 0,
  };
}

function listNumber(value: Uint8Array): bigint {
  const number = parse(value);
  const read = number.tag === TAG.integer ? bigNumber(number) : -1n;
  if (read < 0n) throw new Refusal('malformed', 'a list number that is none');
  return read;
}

/** Goes over the entries once, checks the form of each, and files its offset by serial number. */
function scan(octets: Uint8Array, from: number, to: number): { slots: Uint32Array; entries: number } {
  const header: Header = { tag: 0, bodyStart: 0, bodyEnd: 0, indefinite: false };
  let entries = 0;
  for (let at = from; at < to; at = header.bodyEnd) {
    readHeader(octets, at, to, header);
    if (header.tag !== TAG.sequence || header.indefinite)
      throw new Refusal('malformed', 'an entry of another type');
    entries++;
  }
  const size = 2 ** Math.ceil(Math.log2(entries * 2 + 2));
  const slots = new Uint32Array(new SharedArrayBuffer(size * 4));
  for (let at = from; at < to; ) {
    readHeader(octets, at, to, header);
    const { bodyStart, bodyEnd } = header;
    readHeader(octets, bodyStart, bodyEnd, header);
    if (header.tag !== TAG.integer || header.indefinite || header.bodyStart === header.bodyEnd) {
      throw new Refusal('malformed', 'an entry without a serial number');
    }
    let slot = serialHash(octets, header.bodyStart, header.bodyEnd) & (size - 1);
    checkEntry(octets, header, bodyEnd);
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1);
    slots[slot] = at;
    at = bodyEnd;
  }
  return { slots, entries };
}

/** FNV-1a; serial numbers are the authority's, not an attacker's. */
function serialHash(octets: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (octets[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** The rest of an entry after its serial number: a time, and extensions of which only the reason may be critical. */
function checkEntry(octets: Uint8Array, header: Header, end: number): void {
  readHeader(octets, header.bodyEnd, end, header);
  const utc = header.tag === TAG.utcTime && header.bodyEnd - header.bodyStart === 13;
  const generalized = header.tag === TAG.generalizedTime && header.bodyEnd - header.bodyStart === 15;
  if (header.indefinite || !(utc || generalized)) throw new Refusal('malformed', 'an entry without a time');
  if (header.bodyEnd !== end && !isPlainReason(octets, header.bodyEnd, end)) {
    reasonOf(Buffer.from(octets.subarray(header.bodyEnd, end)));
  }
}

/** SEQUENCE { SEQUENCE { reasonCode, OCTET STRING { ENUMERATED } } }, all but its last octet. */
const PLAIN_REASON = Uint8Array.from([
  0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01,
]);

function isPlainReason(octets: Uint8Array, from: number, to: number): boolean {
  if (to - from !== PLAIN_REASON.length + 1) return false;
  for (let i = 0; i < PLAIN_REASON.length; i++) if (octets[from + i] !== PLAIN_REASON[i]) return false;
  return true;
}

/** The reason among the extensions of an entry; null when there is none. */
function reasonOf(der: Uint8Array): number | null {
  let reason: number | null = null;
  const holder = parse(der);
  if (holder.tag !== TAG.sequence) throw new Refusal('malformed', 'extensions of an entry of another type');
  for (const child of holder.children) {
    const fields = new Fields(child, 'an extension of an entry');
    const id = oid(fields.take(TAG.oid));
    const critical = fields.option(TAG.boolean) !== undefined;
    const value = body(fields.take(TAG.octetString));
    fields.end();
    if (id === EXTENSION.reasonCode) {
      const code = parse(value);
      if (code.tag !== TAG.enumerated) throw new Refusal('malformed', 'a reason of another type');
      reason = body(code)[0] ?? 0;
    } else if (critical) {
      throw new Refusal('malformed', 'an unknown critical extension of an entry');
    }
  }
  return reason;
}

/** What a list says of a serial number. */
type Listed = { readonly revokedAt: number; readonly reason: number | null } | null;

function look(crl: Crl, serial: Uint8Array): Listed {
  const { octets, slots } = crl;
  const header: Header = { tag: 0, bodyStart: 0, bodyEnd: 0, indefinite: false };
  const mask = slots.length - 1;
  let found: Listed = null;
  for (let slot = serialHash(serial, 0, serial.length) & mask; ; slot = (slot + 1) & mask) {
    const offset = slots[slot] ?? 0;
    if (offset === 0) return found;
    readHeader(octets, offset, octets.length, header);
    const { bodyStart, bodyEnd } = header;
    readHeader(octets, bodyStart, bodyEnd, header);
    if (!sameBytes(octets.subarray(header.bodyStart, header.bodyEnd), serial)) continue;
    const timeStart = header.bodyEnd;
    readHeader(octets, timeStart, bodyEnd, header);
    const revokedAt = time(parse(Buffer.from(octets.subarray(timeStart, header.bodyEnd))));
    const reason =
      header.bodyEnd === bodyEnd ? null : reasonOf(Buffer.from(octets.subarray(header.bodyEnd, bodyEnd)));
    // Should a serial number stand twice, the revoking entry counts.
    if (found === null || found.reason === REMOVE_FROM_CRL) found = { revokedAt, reason };
  }
}

/**
 * What the lists say of a certificate at a time: the newest full list of its issuer that is in force, and the newest
 * delta to it. Without a full list in force the answer is `unknown`.
 */
export function crlStatus(of: Certificate, issuer: Certificate, crls: readonly Crl[], at: number): Status {
  const signedBy = fingerprint(issuer);
  const usable = crls
    .filter(
      (crl) =>
        crl.issuer === signedBy && crl.thisUpdate <= at + CLOCK_SKEW && at <= crl.nextUpdate + CLOCK_SKEW,
    )
    .sort((a, b) => b.thisUpdate - a.thisUpdate);
  const base = usable.find((crl) => crl.baseNumber === null);
  if (base === undefined) return { status: 'unknown', final: false, detail: 'CRL: no full list in force' };
  // The authority numbers deltas apart from full lists, so only the base number and the time can be compared.
  const delta = usable.find(
    ({ baseNumber, thisUpdate }) =>
      baseNumber !== null && baseNumber <= base.number && thisUpdate >= base.thisUpdate,
  );
  const changed = delta === undefined ? null : look(delta, of.serial);
  const listed = changed ?? look(base, of.serial);
  if (listed !== null && (changed === null || listed.reason !== REMOVE_FROM_CRL)) {
    return { status: 'revoked', at: listed.revokedAt, detail: 'CRL: revoked' };
  }
  return { status: 'good', asOf: delta?.thisUpdate ?? base.thisUpdate };
}

/**
 * The lists that can still decide something from `at` on: neither past their `nextUpdate` nor replaced by a newer one that is in force.
 * The rest can be let go: a list takes tens of megabytes. A list that could not be loaded is never among `crls`, so it replaces none.
 */
export function currentCrls(crls: readonly Crl[], at: Date): readonly Crl[] {
  checkTime('at', at);
  const now = at.getTime();
  const inForce = crls.filter(
    (crl) => crl.thisUpdate <= now + CLOCK_SKEW && now <= crl.nextUpdate + CLOCK_SKEW,
  );
  const notOver = crls.filter((crl) => now <= crl.nextUpdate + CLOCK_SKEW);
  return notOver.filter((crl, index) => !inForce.some((other) => replaces(other, crl, notOver, index)));
}

/** Whether `other` decides everything that `crl` would. Of two equal lists the first one stays. */
function replaces(other: Crl, crl: Crl, crls: readonly Crl[], index: number): boolean {
  if (other === crl || other.issuer !== crl.issuer || other.thisUpdate < crl.thisUpdate) return false;
  if (other.baseNumber === null) {
    if (other.thisUpdate > crl.thisUpdate) return true;
    return crl.baseNumber === null && crls.indexOf(other) < index;
  }
  // A delta that fits every full list that the other one fits.
  if (crl.baseNumber === null || other.baseNumber > crl.baseNumber) return false;
  return (
    other.thisUpdate > crl.thisUpdate || other.baseNumber < crl.baseNumber || crls.indexOf(other) < index
  );
}
