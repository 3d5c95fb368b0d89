/** The parts of a revocation list around its entries. */
import { algorithm, extensions, sameAlgorithm } from './algorithms.ts';
import { authorityKey, EXTENSION } from './certificate.ts';
import { type CrlScope, readScope, WHOLE_SCOPE } from './crl-scope.ts';
import { bigNumber, bitOctets, type Header, parse, readHeader, smallNumber, TAG, time } from './der.ts';
import { Refusal } from './verdict.ts';

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
  readonly scope: CrlScope;
  readonly entriesStart: number;
  readonly entriesEnd: number;
}

/** Finds the parts of the list without building a tree of its entries. */
export function readFrame(octets: Uint8Array): Frame {
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
    new Uint8Array(octets.subarray(range.start, range.end));

  const root = enter(0, octets.length, TAG.sequence);
  if (root.end !== octets.length) throw new Refusal('malformed', 'bytes after the end');
  const tbs = enter(root.bodyStart, root.end, TAG.sequence);
  const outerAlgorithm = enter(tbs.end, root.end, TAG.sequence);
  const signature = enter(outerAlgorithm.end, root.end, TAG.bitString);
  if (signature.end !== root.end) throw new Refusal('malformed', 'the list has a field too many');

  const version = enter(tbs.bodyStart, tbs.end, TAG.integer);
  if (smallNumber(parse(part(version))) !== 1) throw new Refusal('malformed', 'not a version 2 list');
  const innerAlgorithm = enter(version.end, tbs.end, TAG.sequence);
  if (!sameAlgorithm(parse(part(innerAlgorithm)), parse(part(outerAlgorithm))))
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
  // The field of entries may be absent when there are none.
  const listed = octets[nextUpdateEnd] === TAG.sequence;
  const entries = listed ? enter(nextUpdateEnd, tbs.end, TAG.sequence) : null;
  const extended = enter(entries?.end ?? nextUpdateEnd, tbs.end, 0xa0);
  if (extended.end !== tbs.end) throw new Refusal('malformed', 'the list has a field too many');

  let number: bigint | null = null;
  let baseNumber: bigint | null = null;
  let authorityKeyId: Uint8Array | null = null;
  let scope = WHOLE_SCOPE;
  for (const { id, critical, value } of extensions(parse(part(extended)))) {
    if (id === EXTENSION.crlNumber) number = listNumber(value);
    else if (id === EXTENSION.deltaCrl) baseNumber = listNumber(value);
    else if (id === EXTENSION.authorityKeyId) authorityKeyId = authorityKey(parse(value)).authorityKeyId;
    else if (id === EXTENSION.issuingDistributionPoint) scope = readScope(value);
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
    scope,
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
