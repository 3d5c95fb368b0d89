/** Verdicts as the command prints them: in words, or as one line of JSON. */
import type { TimeStampVerdict } from '../trusted-time.ts';
import type { ClaimedSigner, Signer, Verdict } from '../verdict.ts';
import type { AllVerdicts } from '../verify.ts';

/** Without the DER, which would make a line unreadable: the fingerprint names the certificate. */
function withoutDer(signer: Signer | ClaimedSigner): Record<string, unknown> {
  const { der: _der, ...certificate } = signer.certificate;
  return { ...signer, certificate };
}

function stampAsObject(stamp: TimeStampVerdict): Record<string, unknown> {
  if (!stamp.ok) return { ...stamp };
  const { certificate, chain: _chain, ...rest } = stamp;
  const { der: _der, ...summary } = certificate;
  return { ...rest, certificate: summary };
}

export function asObject(verdict: Verdict): Record<string, unknown> {
  if (verdict.ok) {
    const { signer, signedAt, revocation, trustedTime, timeStamps } = verdict;
    const stamped =
      timeStamps === undefined ? {} : { trustedTime, timeStamps: timeStamps.map(stampAsObject) };
    return { ok: true, reason: null, signer: withoutDer(signer), signedAt, revocation, ...stamped };
  }
  const { reason, detail, claims = [] } = verdict;
  return { ok: false, reason, signer: null, detail, claims: claims.map(withoutDer) };
}

/** The verdict of a message whose signers were all judged. */
export function allAsObject(judged: AllVerdicts): Record<string, unknown> {
  const verdicts = judged.verdicts.map(asObject);
  return judged.ok
    ? { ok: true, reason: null, verdicts }
    : { ok: false, reason: judged.reason, detail: judged.detail, verdicts };
}

export function nameOf({ surname, name, patronymic, commonName }: Signer | ClaimedSigner): string | null {
  return [surname, name, patronymic].filter(Boolean).join(' ') || commonName;
}

function stampInWords(stamp: TimeStampVerdict): string {
  if (!stamp.ok) return `does not count: ${stamp.reason} (${stamp.detail})`;
  const { time, authority, until, revocation } = stamp;
  const checked = revocation.source === 'notChecked' ? ', revocation not checked' : '';
  return `${time.toISOString()} by ${authority}, counts until ${until.toISOString()}${checked}`;
}

export function asText(verdict: Verdict): string {
  if (!verdict.ok) {
    const claims = (verdict.claims ?? []).map((claim) =>
      [
        nameOf(claim),
        claim.iin === null ? null : `IIN ${claim.iin}`,
        claim.bin === null ? null : `BIN ${claim.bin}`,
      ]
        .filter(Boolean)
        .join(', '),
    );
    return [
      `refused: ${verdict.reason} (${verdict.detail})`,
      ...claims.map((claim) => `  claims to be signed by, unproven: ${claim}`),
    ].join('\n');
  }
  const { signer, signedAt, revocation, trustedTime, timeStamps } = verdict;
  const { certificate } = signer;
  const lines: readonly (readonly [string, string | null])[] = [
    ['signer', nameOf(signer)],
    ['kind', signer.kind],
    ['IIN', signer.iin],
    ['BIN', signer.bin],
    ['organisation', signer.organisation],
    ['certificate', `${certificate.serial}, issued by ${certificate.issuer}`],
    ['valid', `${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`],
    ['signed at', signedAt === null ? null : `${signedAt.toISOString()} (by the signer's clock)`],
    ['existed at', trustedTime ? `${trustedTime.toISOString()} at the latest` : null],
    ...(timeStamps ?? []).map((stamp): readonly [string, string] => ['time-stamp', stampInWords(stamp)]),
    [
      'not revoked',
      revocation.asOf === null ? 'not checked' : `${revocation.source}, ${revocation.asOf.toISOString()}`,
    ],
  ];
  return [
    'accepted',
    ...lines.flatMap(([label, value]) => (value === null ? [] : `  ${label}: ${value}`)),
  ].join('\n');
}

export function allAsText(judged: AllVerdicts): string {
  if (judged.verdicts.length === 0 && !judged.ok) return asText(judged);
  return judged.verdicts.map(asText).join('\n');
}
