/**
 * Whether a signature of the past was right when it was made, and why that can be believed today.
 *
 * The last seal must count today; each earlier one must have counted when the next was made. So the
 * time of the first seal is known, and at that time, the signature's own time-stamp and the answers
 * about revocation must have counted.
 */
import { checkObject, checkTime, checkTrust, fault } from './arguments.ts';
import { type Certificate, certificate, fingerprint } from './certificate.ts';
import { type Crl, loadCrl } from './crl.ts';
import { sameBytes } from './der.ts';
import { type SealKey, verifyJws } from './es256.ts';
import {
  EVIDENCE_SEAL_TYPE,
  type EvidenceRecord,
  type EvidenceSeal,
  evidenceLeaf,
  readEvidence,
  rootBy,
} from './evidence.ts';
import { toHex, toLatin1 } from './platform.ts';
import { CLOCK_SKEW } from './revocation.ts';
import type { Requirement } from './signer.ts';
import type { Trust } from './trust.ts';
import { judgeTimeStamp } from './trusted-time.ts';
import { type Accepted, type Reason, type Refused, refusalAsValue, type Verdict } from './verdict.ts';
import { type VerifyRequest, verifyKnown } from './verify.ts';

/** What can be wrong with evidence besides what can be wrong with the message in it. */
export const EVIDENCE_REASONS = ['notEvidence', 'sealBroken'] as const;
export type EvidenceReason = Reason | (typeof EVIDENCE_REASONS)[number];

/** A seal that counts. */
export interface CheckedSeal {
  readonly kind: EvidenceSeal['kind'];
  /** When it was made. By the archive's own clock for `key`. */
  readonly time: Date;
  /** Who made it: the name of the authority, or the identifier of the key. */
  readonly by: string;
  /** When the authority's certificate ends; null for a key. A new seal is due before. */
  readonly until: Date | null;
}

export interface AcceptedEvidence extends Accepted {
  /** The signature existed at this time at the latest, and was right then. */
  readonly trustedTime: Date;
  /**
   * Who says so. `time-stamp`: an authority stamped the signature. `seal`: an authority stamped the
   * whole record. `archive`: only the archive says so, by its own clock and with its own key.
   */
  readonly timeBy: 'time-stamp' | 'seal' | 'archive';
  /** False if some time is only the archive's word. */
  readonly independent: boolean;
  readonly seals: readonly CheckedSeal[];
}

export interface RefusedEvidence extends Omit<Refused, 'reason'> {
  readonly reason: EvidenceReason;
  /** Which seal is broken, from 1. */
  readonly seal?: number;
}

export type EvidenceVerdict = AcceptedEvidence | RefusedEvidence;

export interface VerifyEvidenceRequest {
  /** The text of the file, or what `readEvidence` gave. */
  readonly evidence: string | EvidenceRecord;
  /** The current time: what is used as proof must count now. */
  readonly at: Date;
  readonly trust: Trust;
  /** What is trusted for time-stamps, if not `trust`. */
  readonly timeStampTrust?: Trust | undefined;
  /** Keys with which the archive seals. Without them, no seal by key counts. */
  readonly sealKeys?: readonly SealKey[] | undefined;
  /** Further lists, for example of the time-stamp authorities. */
  readonly crls?: readonly Crl[] | undefined;
  readonly require?: Requirement | undefined;
  readonly allowGost2004?: boolean | undefined;
}

/**
 * Verifies evidence. Any content gives a verdict.
 * @throws TypeError when an argument is missing or of another type
 */
export function verifyEvidence(request: VerifyEvidenceRequest): EvidenceVerdict {
  checkObject('request', request);
  const { evidence, at, trust, timeStampTrust, sealKeys = [], crls = [] } = request;
  checkTime('at', at);
  checkTrust(trust);
  if (timeStampTrust !== undefined) checkTrust(timeStampTrust);
  if (!Array.isArray(sealKeys)) fault('sealKeys', sealKeys, 'an array of JSON web keys');
  if (!Array.isArray(crls)) fault('crls', crls, 'an array');
  if (typeof evidence !== 'string') checkObject('evidence', evidence);
  const record = typeof evidence === 'string' ? readEvidence(evidence) : evidence;
  if (record === null) return { ok: false, reason: 'notEvidence', detail: 'not a record of evidence' };
  const wider = widened(trust, record.chain);
  const sources: Sources = {
    trust: wider,
    timeStampTrust: timeStampTrust === undefined ? wider : widened(timeStampTrust, record.chain),
    crls: [...crls, ...listsOf(record, wider, request.allowGost2004)],
  };
  const seals = checkSeals(record, request, sources);
  return 'ok' in seals ? seals : judge(record, request, sources, seals);
}

/** What is trusted, and the lists, with what the record itself brings. */
interface Sources {
  readonly trust: Trust;
  readonly timeStampTrust: Trust;
  readonly crls: readonly Crl[];
}

/** The trust with the record's issuers between the signer and the same anchors. */
function widened(trust: Trust, chain: readonly Uint8Array[]): Trust {
  const known = new Set([...trust.anchors, ...trust.intermediates].map(fingerprint));
  const further = chain.flatMap((der): readonly Certificate[] => {
    const read = refusalAsValue(() => certificate(der));
    if ('ok' in read || known.has(fingerprint(read)) || sameBytes(read.issuer, read.subject)) return [];
    const issues = read.isCa && (read.keyUsage?.includes('keyCertSign') ?? false);
    return issues && read.unknownCritical.length === 0 ? [read] : [];
  });
  return { ...trust, intermediates: [...trust.intermediates, ...further] };
}

function listsOf({ lists }: EvidenceRecord, trust: Trust, allowGost2004 = false): readonly Crl[] {
  return lists.flatMap((file) => {
    const loaded = loadCrl(file, trust, allowGost2004);
    return loaded.ok ? [loaded.crl] : [];
  });
}

/** Checks the seals from the last to the first. Each must have counted when the next was made. */
function checkSeals(
  record: EvidenceRecord,
  { at, sealKeys = [], allowGost2004 = false }: VerifyEvidenceRequest,
  { timeStampTrust: trust, crls }: Sources,
): readonly CheckedSeal[] | RefusedEvidence {
  const checked: CheckedSeal[] = [];
  let now = at.getTime();
  for (let index = record.seals.length - 1; index >= 0; index--) {
    const seal = record.seals[index];
    if (seal === undefined) break;
    const broken = (detail: string): RefusedEvidence => ({
      ok: false,
      reason: 'sealBroken',
      detail,
      seal: index + 1,
    });
    const before = { ...record, seals: record.seals.slice(0, index) };
    const root = rootBy(evidenceLeaf(before, seal.hash), seal);
    if (root === null) return broken('its place is none');
    let made: CheckedSeal | string;
    if (seal.kind === 'time-stamp') {
      const stamp = judgeTimeStamp(seal.seal, root, { trust, now, allowGost2004, crls });
      made = stamp.ok
        ? { kind: seal.kind, time: stamp.latest, by: stamp.authority, until: stamp.until }
        : `${stamp.reason}: ${stamp.detail}`;
    } else made = byKey(seal, root, sealKeys);
    if (typeof made === 'string') return broken(made);
    if (made.time.getTime() > now + CLOCK_SKEW) return broken('it is younger than the next one');
    now = made.time.getTime();
    checked.unshift(made);
  }
  return checked;
}

function byKey(seal: EvidenceSeal, root: Uint8Array, keys: readonly SealKey[]): CheckedSeal | string {
  const verified = verifyJws(toLatin1(seal.seal), EVIDENCE_SEAL_TYPE, keys);
  if (typeof verified === 'string') return verified;
  const { hash, root: sealed, size, time } = verified.payload;
  if (hash !== seal.hash || size !== seal.size || sealed !== toHex(root)) return 'it covers something else';
  const made = new Date(typeof time === 'string' ? time : Number.NaN);
  if (Number.isNaN(made.getTime())) return 'it says no time';
  return { kind: 'key', time: made, by: verified.kid, until: null };
}

/** The signature at the time that its time-stamp gives, else at that of the first seal. */
function judge(
  record: EvidenceRecord,
  { at, require, allowGost2004 }: VerifyEvidenceRequest,
  sources: Sources,
  seals: readonly CheckedSeal[],
): EvidenceVerdict {
  const [first] = seals;
  const request: VerifyRequest = {
    message: record.message,
    ...(record.content === null ? {} : { content: record.content }),
    maxBytes: record.message.length,
    at: 'time-stamp',
    now: first?.time ?? at,
    ...sources,
    tokens: record.tokens,
    require,
    allowGost2004,
  };
  const honest = seals.every(({ kind }) => kind === 'time-stamp');
  const ways: readonly (readonly [AcceptedEvidence['timeBy'], Date | undefined])[] = [
    ['time-stamp', undefined],
    ...(first === undefined ? [] : [waysOf(first, record)]),
  ];
  let refused: Refused | undefined;
  for (const [timeBy, known] of ways) {
    const verdict = withAnswers(request, record.ocsp, known);
    if (verdict.ok && verdict.trustedTime) {
      const { trustedTime } = verdict;
      return { ...verdict, trustedTime, timeBy, independent: honest && timeBy !== 'archive', seals };
    }
    // A revocation that one way finds is not undone by another.
    if (!verdict.ok && verdict.reason === 'revoked') return verdict;
    if (!verdict.ok && (refused === undefined || refused.reason === 'noTrustedTime')) refused = verdict;
  }
  return refused ?? { ok: false, reason: 'noTrustedTime', detail: 'no time' };
}

/** What the first seal says: an authority its own time, an archive when it verified. */
function waysOf(first: CheckedSeal, { verifiedAt }: EvidenceRecord): readonly ['seal' | 'archive', Date] {
  if (first.kind === 'time-stamp') return ['seal', first.time];
  return ['archive', verifiedAt !== null && verifiedAt <= first.time ? verifiedAt : first.time];
}

/**
 * With several answers about revocation, one that says "revoked" decides, else one that is enough.
 */
function withAnswers(
  request: VerifyRequest,
  answers: readonly Uint8Array[],
  known: Date | undefined,
): Verdict {
  const bare = verifyKnown(request, known);
  // Revocation comes last, so no answer changes another refusal.
  if (!bare.ok && bare.reason !== 'revocationUnknown') return bare;
  const verdicts = answers.map((response) => verifyKnown({ ...request, ocsp: { response } }, known));
  const revoked = verdicts.find((verdict) => !verdict.ok && verdict.reason === 'revoked');
  const accepted = [bare, ...verdicts].find(({ ok }) => ok);
  // The last one names what was wrong with an answer.
  return revoked ?? accepted ?? verdicts.at(-1) ?? bare;
}
