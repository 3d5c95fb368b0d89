import type { JSONWebKeySet } from 'jose';
import type { Accepted, EvidenceVerdict, Verdict } from 'nca-verify/browser';
import { checkLog, type PublishedHead, refuting } from './check-log.ts';
import { checkSeal, mostReceiptBytes } from './check-seal.ts';
import { isOfCode, openCode, type ReceiptCode, type ReceiptCodeReason } from './receipt-code.ts';
import type { SealedContent } from './sealed-content.ts';

/** A value that was found, by the name of its word. */
export interface Fact {
  readonly name: string;
  readonly value: string | null;
  /** The value before, of a changed field. */
  readonly old?: string | null;
}

/**
 * What a file or a code turned out to be. Names only, so that a page and a command show the same in
 * words of their own.
 */
export interface CheckOutcome {
  readonly verdict:
    | 'sealed'
    | 'disputed'
    | 'otherReceipt'
    | 'altered'
    | 'broken'
    | 'foreign'
    | 'noSeal'
    | 'signed'
    | 'signedThen'
    | 'notSigned'
    | 'tooLarge'
    | 'code'
    | ReceiptCodeReason;
  readonly notes: readonly string[];
  readonly facts: readonly Fact[];
}

/** By what a file is judged. */
export interface Judging {
  /** The published keys of the service. */
  readonly keys: JSONWebKeySet;
  /** Published heads of the log. Undefined where there are none. */
  readonly heads?: readonly PublishedHead[] | undefined;
  /** Whether a person chose the heads, or they came with the page. */
  readonly headsBy: 'person' | 'page';
  /** The code by which the person came. */
  readonly code?: ReceiptCode | undefined;
  /** Verifies a signature, all but the revocation of its certificate. */
  verify(message: Uint8Array | string): Promise<Verdict>;
  /** Verifies evidence: a signature with the answers of its time, and seals over them. */
  verifyEvidence(text: string): Promise<EvidenceVerdict>;
}

/** What a file is by its first bytes. Whatever is no PDF and no JSON may be a signature. */
export function kindOfFile(file: Uint8Array): 'receipt' | 'evidence' | 'signature' {
  const start = String.fromCharCode(...file.subarray(0, 5));
  if (start === '%PDF-') return 'receipt';
  return start.startsWith('{') ? 'evidence' : 'signature';
}

/**
 * Judges a receipt (PDF), a signature (CMS) or evidence (JSON). Runs in Node.js and in browsers,
 * without a network.
 */
export async function judgeFile(file: Uint8Array, by: Judging): Promise<CheckOutcome> {
  if (file.length > mostReceiptBytes) return { verdict: 'tooLarge', notes: [], facts: [] };
  switch (kindOfFile(file)) {
    case 'receipt':
      return judgeReceipt(file, by);
    case 'evidence':
      return judgeEvidence(file, by);
    case 'signature':
      return judgeSignature(file, by);
  }
}

async function judgeReceipt(file: Uint8Array, by: Judging): Promise<CheckOutcome> {
  const checked = await checkSeal(file, by.keys);
  if (!checked.ok) {
    const { reason: verdict, sealed } = checked;
    return sealed
      ? { verdict, notes: ['altered-sealed'], facts: sealedFacts(sealed) }
      : { verdict, notes: [], facts: [] };
  }
  const content = checked.value;
  const standing = await checkLog(content, by.keys, by.heads);
  const name = standing.ok ? standing.value : standing.reason;
  const isOther = by.code !== undefined && !(await isOfCode(content, by.code));
  const isRefuted = !standing.ok && refuting.has(standing.reason);
  return {
    verdict: isOther ? 'otherReceipt' : isRefuted ? 'disputed' : 'sealed',
    notes: [
      ...(by.code && !isOther ? ['code-same'] : []),
      // A head that the page brought is one of this site, and the page may be older than the file.
      `log-${by.headsBy === 'page' ? ({ published: 'onSite', cutOff: 'newer' }[name as string] ?? name) : name}`,
      'sealed-now',
    ],
    facts: sealedFacts(content),
  };
}

function sealedFacts({ number, madeAt, holder, document, changes, ...rest }: SealedContent) {
  return [
    { name: 'number', value: number },
    { name: 'madeAt', value: madeAt },
    { name: 'holder', value: [holder.name, holder.iin].filter((part) => part !== null).join(', ') },
    { name: 'document', value: document },
    ...changes.map(({ field, old, new: value }) => ({ name: `field-${field}`, old, value })),
    { name: 'proof', value: rest.proof },
    { name: 'state', value: rest.state },
    { name: 'origin', value: rest.origin },
  ];
}

async function judgeSignature(file: Uint8Array, { verify }: Judging): Promise<CheckOutcome> {
  // DER begins with a sequence. PEM and base64 are text.
  const verdict = await verify(file[0] === 0x30 ? file : new TextDecoder().decode(file));
  if (!verdict.ok) return { verdict: 'notSigned', notes: [`reason-${verdict.reason}`], facts: [] };
  const { trustedTime, timeStamps } = verdict;
  return {
    verdict: 'signed',
    notes: [
      trustedTime ? 'timeStamp' : timeStamps?.length ? 'wrongTimeStamp' : 'noTimeStamp',
      // Only the authority knows whether the certificate was revoked, and it is not asked.
      'notRevocation',
    ],
    facts: signatureFacts(verdict),
  };
}

async function judgeEvidence(file: Uint8Array, { verifyEvidence }: Judging): Promise<CheckOutcome> {
  const verdict = await verifyEvidence(new TextDecoder().decode(file));
  if (!verdict.ok) return { verdict: 'notSigned', notes: [refusedEvidence(verdict.reason)], facts: [] };
  const { independent, timeBy } = verdict;
  return {
    verdict: 'signedThen',
    notes: [`evidence-${independent ? timeBy : 'archive'}`, 'evidence-notRevoked'],
    facts: signatureFacts(verdict),
  };
}

function refusedEvidence(reason: Extract<EvidenceVerdict, { ok: false }>['reason']): string {
  if (reason === 'revocationUnknown') return 'notRevocation';
  return `reason-${reason === 'notEvidence' ? 'malformed' : reason}`;
}

/** Who signed what, when and with which certificate. */
function signatureFacts({ signer, signedAt, content, trustedTime }: Accepted): readonly Fact[] {
  const { certificate, surname, name, patronymic, iin } = signer;
  const holder = [surname, name, patronymic, iin].filter((part) => part !== null).join(' ');
  return [
    { name: 'holder', value: holder },
    ...(signedAt ? [{ name: 'signedAt', value: signedAt.toISOString() }] : []),
    ...(trustedTime ? [{ name: 'trustedTime', value: trustedTime.toISOString() }] : []),
    { name: 'certificate', value: certificate.serial },
    { name: 'issuer', value: certificate.issuer },
    { name: 'until', value: certificate.notAfter.toISOString() },
    { name: 'content', value: new TextDecoder().decode(content) },
  ];
}

/** Judges the code of a receipt, and gives the code when it is right. */
export async function judgeCode(
  text: string,
  keys: JSONWebKeySet,
): Promise<CheckOutcome & { readonly code?: ReceiptCode }> {
  const opened = await openCode(text, keys);
  if (!opened.ok) return { verdict: opened.reason, notes: [], facts: [] };
  const { number, madeAt } = opened.value;
  return {
    verdict: 'code',
    notes: ['code-values', 'code-file'],
    facts: [
      { name: 'number', value: number },
      { name: 'madeAt', value: madeAt },
    ],
    code: opened.value,
  };
}
