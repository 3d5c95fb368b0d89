/**
 * Certificate revocation lists (RFC 5280). A production list has hundreds of thousands of entries,
 * so it is not parsed into a tree. Its octets stay as they are, beside one table of offsets. Both
 * are in shared memory that every worker reads without a copy.
 */
import { isAllowedSignature, verifySignature } from './algorithms.ts';
import { checkBoolean, checkBytes, checkTime, checkTrust } from './arguments.ts';
import { type Certificate, EXTENSION, fingerprint } from './certificate.ts';
import { readFrame } from './crl-frame.ts';
import { type CrlScope, covers, sameScope } from './crl-scope.ts';
import { body, Fields, type Header, isMinimal, oid, parse, readHeader, sameBytes, TAG, time } from './der.ts';
import { decodeList } from './input.ts';
import { isShared, sharedBytes } from './platform.ts';
import { CLOCK_SKEW, type Status } from './revocation.ts';
import type { Trust } from './trust.ts';
import { Refusal, type Refused, refusalAsValue } from './verdict.ts';

/**
 * A list whose signature was verified. It is plain data in shared memory, so it can be sent to a
 * worker.
 */
export interface Crl {
  /** SHA-256 of the CA certificate that signed it. */
  readonly issuer: string;
  readonly number: bigint;
  /** The number of the base list that this delta changes; null for a full list. */
  readonly baseNumber: bigint | null;
  /** What the list is complete for. */
  readonly scope: CrlScope;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly entries: number;
  /** The list as received. */
  readonly octets: Uint8Array;
  /**
   * A hash table (open addressing) by serial number: the offset of the entry in `octets`, or zero.
   */
  readonly slots: Uint32Array;
}

/** The largest list, in bytes. */
const MAX_BYTES = 128 * 1024 * 1024;
const REMOVE_FROM_CRL = 8;

/** The result of `loadCrl`: the list, or why it cannot be used. */
export type LoadedCrl = { readonly ok: true; readonly crl: Crl } | Refused;

/**
 * Reads a list (DER or PEM), finds its issuer among the trusted CA certificates and verifies the
 * signature. Whether it is still valid is checked at each use. Takes about half a second for 26 MB,
 * so call it in a worker (`VerifierPool.loadCrl`).
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
  const { number, baseNumber, scope, thisUpdate, nextUpdate } = frame;
  return {
    issuer: fingerprint(issuer),
    number,
    baseNumber,
    scope,
    thisUpdate,
    nextUpdate,
    entries,
    octets,
    slots,
  };
}

function shared(bytes: Uint8Array | null): Uint8Array {
  if (bytes === null) throw new Refusal('malformed', 'neither DER nor PEM');
  if (isShared(bytes)) return bytes;
  const copy = sharedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Reads the entries once, checks the form of each, and stores its offset by serial number. */
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
  const slots = new Uint32Array(sharedBytes(size * 4).buffer);
  for (let at = from; at < to; ) {
    readHeader(octets, at, to, header);
    const { bodyStart, bodyEnd } = header;
    readHeader(octets, bodyStart, bodyEnd, header);
    if (header.tag !== TAG.integer || header.indefinite || header.bodyStart === header.bodyEnd) {
      throw new Refusal('malformed', 'an entry without a serial number');
    }
    // A serial number with a superfluous octet would never be found.
    if (!isMinimal(octets, header.bodyStart, header.bodyEnd))
      throw new Refusal('malformed', 'a serial number is not minimal');
    let slot = serialHash(octets, header.bodyStart, header.bodyEnd) & (size - 1);
    checkEntry(octets, header, bodyEnd);
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1);
    slots[slot] = at;
    at = bodyEnd;
  }
  return { slots, entries };
}

/** FNV-1a, which no attacker can exploit: the authority chooses the serial numbers. */
function serialHash(octets: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (octets[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

/**
 * Checks the rest of an entry after its serial number: a time and extensions, of which only the
 * reason may be critical.
 */
function checkEntry(octets: Uint8Array, header: Header, end: number): void {
  readHeader(octets, header.bodyEnd, end, header);
  const utc = header.tag === TAG.utcTime && header.bodyEnd - header.bodyStart === 13;
  const generalized = header.tag === TAG.generalizedTime && header.bodyEnd - header.bodyStart === 15;
  if (header.indefinite || !(utc || generalized)) throw new Refusal('malformed', 'an entry without a time');
  if (header.bodyEnd !== end && !isPlainReason(octets, header.bodyEnd, end)) {
    reasonOf(new Uint8Array(octets.subarray(header.bodyEnd, end)));
  }
}

/** SEQUENCE { SEQUENCE { reasonCode, OCTET STRING { ENUMERATED } } }, without its last octet. */
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
    const content = body(fields.take(TAG.octetString));
    fields.end();
    if (id === EXTENSION.reasonCode) {
      const code = parse(content);
      if (code.tag !== TAG.enumerated) throw new Refusal('malformed', 'a reason of another type');
      const [value, more] = body(code);
      if (value === undefined || more !== undefined) throw new Refusal('malformed', 'a reason that is none');
      reason = value;
    } else if (id === EXTENSION.certificateIssuer) {
      throw new Refusal('malformed', 'an entry of another issuer');
    } else if (critical) {
      throw new Refusal('malformed', 'an unknown critical extension of an entry');
    }
  }
  return reason;
}

/** What a list says about a serial number. */
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
    const revokedAt = time(parse(new Uint8Array(octets.subarray(timeStart, header.bodyEnd))));
    const reason =
      header.bodyEnd === bodyEnd ? null : reasonOf(new Uint8Array(octets.subarray(header.bodyEnd, bodyEnd)));
    // When a serial number occurs twice, the entry that revokes counts.
    if (found === null || found.reason === REMOVE_FROM_CRL) found = { revokedAt, reason };
  }
}

/**
 * What the lists say about a certificate at a time. For each scope, the newest full list of its
 * issuer in force and the newest delta to it are used. One list is enough for "revoked". "Good"
 * needs a full list that covers the certificate; without one the status is `unknown`.
 */
export function crlStatus(of: Certificate, issuer: Certificate, crls: readonly Crl[], at: number): Status {
  const signedBy = fingerprint(issuer);
  const usable = crls
    .filter(
      (crl) =>
        crl.issuer === signedBy && crl.thisUpdate <= at + CLOCK_SKEW && at <= crl.nextUpdate + CLOCK_SKEW,
    )
    .sort((a, b) => b.thisUpdate - a.thisUpdate);
  const full = usable.filter((crl) => crl.baseNumber === null);
  const newest = full.filter(
    (crl, index) => full.findIndex((other) => sameScope(other.scope, crl.scope)) === index,
  );
  let asOf: number | null = null;
  for (const base of newest) {
    const judged = judgeBy(base, usable, of);
    if (judged.revoked !== null)
      return { status: 'revoked', at: judged.revoked.revokedAt, detail: 'CRL: revoked' };
    if (asOf === null && covers(base.scope, of)) asOf = judged.asOf;
  }
  if (asOf !== null) return { status: 'good', asOf };
  const detail = newest.length === 0 ? 'CRL: no full list in force' : 'CRL: no list covers the certificate';
  return { status: 'unknown', final: false, detail };
}

/** What a full list and its deltas say. */
function judgeBy(base: Crl, usable: readonly Crl[], of: Certificate): { revoked: Listed; asOf: number } {
  // The authority numbers deltas separately from full lists, so only the base number and the time
  // can be compared.
  const deltas = usable.filter(
    ({ baseNumber, thisUpdate }) =>
      baseNumber !== null && baseNumber <= base.number && thisUpdate >= base.thisUpdate,
  );
  const delta = deltas.find(({ scope }) => covers(scope, of));
  const changed = delta === undefined ? null : look(delta, of.serial);
  const listed = changed ?? look(base, of.serial);
  const takenOff = changed !== null && changed.reason === REMOVE_FROM_CRL;
  // A delta of another scope may add entries. It may neither remove one nor replace the delta that
  // covers the certificate.
  const added = deltas
    .filter(({ scope }) => !covers(scope, of))
    .map((other) => look(other, of.serial))
    .find((found) => found !== null && found.reason !== REMOVE_FROM_CRL);
  const revoked = takenOff ? null : listed;
  return { revoked: revoked ?? added ?? null, asOf: delta?.thisUpdate ?? base.thisUpdate };
}

/**
 * The lists that are still needed from `at` on: their `nextUpdate` has not passed and no newer list
 * in force replaces them. The others can be freed: a list takes tens of megabytes. A list that
 * could not be loaded is never among `crls`, so it replaces none.
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

/**
 * True when `other` decides everything that `crl` would. Of two equal lists, the first one stays.
 */
function replaces(other: Crl, crl: Crl, crls: readonly Crl[], index: number): boolean {
  if (other === crl || other.issuer !== crl.issuer || other.thisUpdate < crl.thisUpdate) return false;
  if (!sameScope(other.scope, crl.scope)) return false;
  if (other.baseNumber === null) {
    if (other.thisUpdate > crl.thisUpdate) return true;
    return crl.baseNumber === null && crls.indexOf(other) < index;
  }
  // A delta replaces another if it fits every full list that the other one fits.
  if (crl.baseNumber === null || other.baseNumber > crl.baseNumber) return false;
  return (
    other.thisUpdate > crl.thisUpdate || other.baseNumber < crl.baseNumber || crls.indexOf(other) < index
  );
}
