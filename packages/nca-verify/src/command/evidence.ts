/**
 * `nca-verify --evidence FILE`: was a signature right when it was made, and why can that be
 * believed?
 */
import type { Crl } from '../crl.ts';
import type { SealKey } from '../es256.ts';
import type { Trust } from '../trust.ts';
import { type AcceptedEvidence, type EvidenceVerdict, verifyEvidence } from '../verify-evidence.ts';
import type { BulkRules } from './bulk.ts';
import { Misuse, readFile, type Values } from './options.ts';
import { asObject, nameOf } from './print.ts';

/** Verifies the record, prints the verdict, and gives the exit code. */
export function verifyEvidenceFile(
  values: Values,
  { at, require, allowGost2004 }: BulkRules,
  trust: Trust,
  crls: readonly Crl[],
): number {
  const evidence = Buffer.from(readFile(values.evidence ?? '')).toString('utf8');
  const sealKeys = readKeys(values['seal-keys']);
  const verdict = verifyEvidence({ evidence, at, trust, sealKeys, crls, require, allowGost2004 });
  const shown = values.json ? JSON.stringify(evidenceAsObject(verdict)) : evidenceAsText(verdict, at);
  process.stdout.write(`${shown}\n`);
  return verdict.ok ? 0 : 1;
}

function readKeys(path: string | undefined): readonly SealKey[] {
  if (path === undefined) return [];
  try {
    const { keys } = JSON.parse(Buffer.from(readFile(path)).toString('utf8')) as { keys?: unknown };
    if (Array.isArray(keys)) return keys as SealKey[];
  } catch (error) {
    if (error instanceof Misuse) throw error;
  }
  throw new Misuse(`${path}: not a set of JSON web keys`);
}

function evidenceAsObject(verdict: EvidenceVerdict): Record<string, unknown> {
  if (!verdict.ok) return { ok: false, reason: verdict.reason, seal: verdict.seal, detail: verdict.detail };
  const { timeBy, independent, seals } = verdict;
  return { ...asObject(verdict), timeBy, independent, seals };
}

const day = (time: Date): string => time.toISOString();

/** The verdict in words, and the reasons to believe it, one in a line. */
function evidenceAsText(verdict: EvidenceVerdict, at: Date): string {
  if (!verdict.ok) {
    const where = verdict.seal === undefined ? '' : ` of seal ${verdict.seal}`;
    return `refused: ${verdict.reason}${where} (${verdict.detail})`;
  }
  const { signer, trustedTime } = verdict;
  const iin = signer.iin === null ? '' : `, IIN ${signer.iin}`;
  return [
    `The signature was right at ${day(trustedTime)}.`,
    `  signer: ${nameOf(signer)}${iin}`,
    `Why that can be believed at ${day(at)}:`,
    ...[...reasonsOf(verdict)].map((reason, index) => `  ${index + 1}. ${reason}`),
    ...(verdict.independent ? [] : [`  But: ${DOUBT}`]),
  ].join('\n');
}

const DOUBT =
  'a time above is only the word of the archive, by its own clock. Whoever doubts the archive cannot rely on it.';

const WHO: Readonly<Record<AcceptedEvidence['timeBy'], string>> = {
  'time-stamp': 'A time-stamp authority vouches that the signature existed then.',
  seal: 'A time-stamp authority vouches that the whole record existed then.',
  archive: 'The archive vouches that it verified the signature then.',
};

function* reasonsOf({ signer, trustedTime, timeBy, timeStamps, revocation, seals }: AcceptedEvidence) {
  const { notBefore, notAfter } = signer.certificate;
  yield `The signature is over this content, by the key in the certificate of the signer.`;
  yield WHO[timeBy];
  if (timeBy === 'time-stamp') {
    for (const stamp of timeStamps ?? [])
      if (stamp.ok) yield `The time-stamp is by ${stamp.authority}, for the time ${day(stamp.time)}.`;
  }
  yield `The certificate was valid then: from ${day(notBefore)} to ${day(notAfter)}.`;
  const source = revocation.source === 'ocsp' ? 'an answer of the authority' : 'a revocation list';
  yield `It was not revoked by ${day(trustedTime)}: ${source} as of ${revocation.asOf === null ? '?' : day(revocation.asOf)}.`;
  for (const [index, { kind, time, by, until }] of seals.entries()) {
    const what =
      index === 0 ? 'all of this' : `all of this and the ${index === 1 ? 'seal' : `${index} seals`} before`;
    yield kind === 'time-stamp'
      ? `Seal ${index + 1} covers ${what}: by ${by} at ${day(time)}${until === null ? '' : `, good until ${day(until)}`}.`
      : `Seal ${index + 1} covers ${what}: by the key ${by} of the archive, at ${day(time)} by its clock.`;
  }
  if (timeStamps?.some((stamp) => stamp.ok && stamp.revocation.source === 'notChecked'))
    yield 'Not checked: whether the certificate of the time-stamp authority was revoked (no list was given).';
}
