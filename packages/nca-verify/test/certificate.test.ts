/** Certificates without a message, and what a refusal says of those who claim to have signed. */
import { describe, expect, it } from 'vitest';
import { OID, sha256 } from '../src/algorithms.ts';
import { checkRevocation } from '../src/check-revocation.ts';
import { createTestAuthority } from '../src/testing/authority.ts';
import { makeCms, signCms, signedAttributes, signerInfo } from '../src/testing/cms.ts';
import { algorithm } from '../src/testing/der.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import { createTrust } from '../src/trust.ts';
import { verify, verifyAll } from '../src/verify.ts';
import { type CertificateRequest, readCertificate, verifyCertificate } from '../src/verify-certificate.ts';
import { AT, CONTENT, fixture, gost, gostTrust, judge, later, outcome, PERSON } from './support.ts';

const key = makeGostKey('gost2015', 'certificate');
const person = gost.issue(PERSON, { key });
const head = gost.issue(PERSON, { key, profile: 'head' });
/** A certificate with the same names by somebody's own authority. */
const forger = createTestAuthority({ at: AT, seed: 'somebody else' });
const forged = forger.issue(PERSON, { key });

function pem(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
}

describe('readCertificate', () => {
  it('reads DER, PEM and base64, and says that nothing is proven', () => {
    const read = readCertificate(person.certificate);
    expect(read).toMatchObject({
      ok: true,
      holder: { proven: false, iin: PERSON.iin, surname: PERSON.surname, kind: 'individual' },
    });
    const text = pem(person.certificate);
    const base64 = Buffer.from(person.certificate).toString('base64');
    for (const form of [text, Buffer.from(text), base64, Buffer.from(base64)])
      expect(readCertificate(form)).toMatchObject({
        holder: { certificate: { sha256: sha256(person.certificate) } },
      });
  });

  it('a forged certificate reads like a real one, which is why `proven` is false', () => {
    expect(readCertificate(forged.certificate)).toMatchObject({
      holder: { proven: false, iin: PERSON.iin },
    });
  });

  it('an unsupported key has no family', () => {
    const small = fixture('ca-test/nca_gost_test.cer');
    expect(readCertificate(small)).toMatchObject({ ok: true, holder: { proven: false } });
  });

  it('refuses what is not exactly one certificate, and throws for another argument', () => {
    const cases = [
      new Uint8Array(),
      '',
      'text',
      pem(person.certificate) + pem(head.certificate),
      signCms(person, CONTENT),
      person.certificate.subarray(1),
      person.certificate.subarray(0, -1),
      Buffer.concat([person.certificate, Uint8Array.of(0)]),
    ];
    expect(cases.map((bytes) => outcome(readCertificate(bytes) as never))).toEqual(
      cases.map(() => 'malformed'),
    );
    expect(outcome(readCertificate(Buffer.alloc(100_000, 0x30)) as never)).toBe('tooLarge');
    expect(() => readCertificate(7 as never)).toThrow('`input` is not');
  });
});

describe('verifyCertificate', () => {
  const check = (certificate: Uint8Array | string, given: Partial<CertificateRequest> = {}) =>
    outcome(
      verifyCertificate({ certificate, at: AT, trust: gostTrust, revocation: 'skip', ...given }) as never,
    );

  it('accepts a certificate of the authority, in every form', () => {
    const accepted = verifyCertificate({
      certificate: pem(person.certificate),
      at: AT,
      trust: gostTrust,
      revocation: 'skip',
      require: 'individual',
    });
    expect(accepted).toMatchObject({
      ok: true,
      holder: { proven: true, iin: PERSON.iin },
      revocation: { source: 'notChecked' },
    });
    expect(accepted.ok && accepted.chain).toHaveLength(3);
  });

  it('refuses by the rules for a signer’s certificate', () => {
    expect(check(forged.certificate)).toBe('untrusted');
    expect(check(person.certificate, { trust: createTrust([]) })).toBe('untrusted');
    expect(check(person.certificate, { at: later(-400 * 86_400_000) })).toBe('notYetValid');
    expect(check(person.certificate, { at: later(4000 * 86_400_000) })).toBe('expired');
    expect(check(head.certificate, { require: 'individual' })).toBe('notIndividual');
    expect(check(head.certificate)).toBe('ok');
    expect(check(gost.certificates[1] ?? new Uint8Array())).toBe('wrongKeyUsage');
    const altered = Uint8Array.from(person.certificate);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    expect(check(altered)).toBe('untrusted');
  });

  it('demands revocation unless it is skipped, and a typing mistake throws', () => {
    const { certificate } = person;
    const response = gost.ocsp(certificate, { status: 'good', thisUpdate: AT });
    expect(check(certificate, { revocation: 'check' })).toBe('revocationUnknown');
    expect(check(certificate, { revocation: undefined })).toBe('revocationUnknown');
    expect(check(certificate, { revocation: 'check', ocsp: { response } })).toBe('ok');
    expect(() => check(certificate, { revocation: 'no' as never })).toThrow('`revocation` is not');
    expect(() => check(certificate, { at: undefined as never })).toThrow('`at` is missing');
    expect(() => verifyCertificate({ at: AT, trust: gostTrust } as never)).toThrow(
      '`certificate` is missing',
    );
  });

  it('a stray `revocation` does not make checkRevocation skip', () => {
    const stray = { certificate: person.certificate, at: AT, trust: gostTrust, revocation: 'skip' };
    expect(outcome(checkRevocation(stray) as never)).toBe('revocationUnknown');
  });
});

describe('claims', () => {
  const message = signCms(person, CONTENT);
  const claim = { proven: false, iin: PERSON.iin, surname: PERSON.surname };

  it('are given on a refusal only when asked for, and never as a proven signer', () => {
    const content = Buffer.from('other');
    expect(judge(message, { content })).not.toHaveProperty('claims');
    expect(judge(message, { content, claims: true })).toMatchObject({ ok: false, claims: [claim] });
    expect(judge(message, { claims: true })).not.toHaveProperty('claims');
    expect(judge(message)).toMatchObject({ signer: { proven: true } });
  });

  it('name what a forger wrote, and change no reason', () => {
    const refused = judge(signCms(forged, CONTENT), { claims: true });
    expect(refused).toMatchObject({ reason: 'untrusted', claims: [claim] });
  });

  it('are empty when the message or the certificate cannot be read', () => {
    expect(judge('nothing', { claims: true })).toMatchObject({ reason: 'malformed', claims: [] });
    const nobody = makeCms({
      content: CONTENT,
      certificates: [],
      digestAlgorithms: [algorithm(OID.streebog512)],
      signers: [signerInfo(person, signedAttributes(person, CONTENT))],
    });
    expect(judge(nobody, { claims: true })).toMatchObject({ reason: 'certificateMissing', claims: [] });
    const big = judge(Buffer.alloc(200_000), { claims: true });
    expect(big).toMatchObject({ reason: 'tooLarge', claims: [] });
  });

  it('are given for each refused signer by verifyAll', () => {
    const request = { message, at: AT, trust: createTrust([]), revocation: 'skip' as const };
    expect(verifyAll({ ...request, claims: true }).verdicts).toMatchObject([{ ok: false, claims: [claim] }]);
    expect(verifyAll(request).verdicts[0]).not.toHaveProperty('claims');
    expect(() => verify({ ...request, claims: 'yes' as never })).toThrow('`claims` is not true or false');
  });
});
