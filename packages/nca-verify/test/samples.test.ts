import { describe, expect, it } from 'vitest';
import { productionCertificates, productionTrust } from '../src/anchors.ts';
import { certificate } from '../src/certificate.ts';
import { loadCrl } from '../src/crl.ts';
import { ocspStatus } from '../src/ocsp.ts';
import { buildChain, createTrust } from '../src/trust.ts';
import { refusalAsValue } from '../src/verdict.ts';
import type { VerifyRequest } from '../src/verify.ts';
import { verify } from '../src/verify.ts';
import { fixture, fixtureTrust, outcome } from './support.ts';

const nca = fixtureTrust('ca-test');
const NONCE = Buffer.from('0102030405060708', 'hex');

function judge(message: string, at: string, given: Partial<VerifyRequest> = {}) {
  return verify({ message: fixture(message), at: new Date(at), trust: nca, revocation: 'skip', ...given });
}

describe('signatures made by the reference library with the keys of the test authority', () => {
  const AT = '2026-08-01T00:00:00Z';

  it('an individual, attached, with a time-stamp in the unsigned attributes', () => {
    const verdict = judge('cms/skarm_individual_attached.der', AT, { require: 'individual' });
    expect(verdict).toMatchObject({
      ok: true,
      signer: {
        iin: '123456789011',
        bin: null,
        surname: 'ТЕСТОВ',
        name: 'ТЕСТ',
        patronymic: 'ТЕСТОВИЧ',
        kind: 'individual',
        certificate: { keyFamily: 'gost2015', serial: '6c425659bd2fc6dc587b871aede1857727cf8451' },
      },
      signedAt: new Date('2026-07-20T09:08:06Z'),
      revocation: { source: 'notChecked' },
    });
    expect(verdict.ok && Buffer.from(verdict.content)).toEqual(fixture('cms/skarm_individual_document.txt'));
    expect(verdict.ok && verdict.chain.length).toBe(3);
  });

  it('its time-stamp is about its signature', () => {
    const name = 'cms/skarm_individual_attached.der';
    expect(outcome(judge(name, AT, { timeStamps: 'check' }))).toBe('ok');
  });

  it('an individual, detached', () => {
    const content = fixture('cms/skarm_individual_document.txt');
    const name = 'cms/skarm_individual_detached.der';
    expect(outcome(judge(name, AT, { content }))).toBe('ok');
    expect(outcome(judge(name, AT))).toBe('contentMismatch');
    expect(outcome(judge(name, AT, { content: content.subarray(1) }))).toBe('contentMismatch');
  });

  it('a legal entity, which may not sign in', () => {
    const name = 'cms/skarm_legal_entity_attached.der';
    expect(judge(name, AT)).toMatchObject({
      ok: true,
      signer: { kind: 'legalEntity', bin: '123456789021', iin: '123456789011', organisation: 'АО "ТЕСТ"' },
    });
    expect(outcome(judge(name, AT, { require: 'individual' }))).toBe('notIndividual');
  });

  it('as base64 and PEM, in one line or many, as text or bytes', () => {
    const der = Buffer.from(fixture('cms/skarm_individual_attached.der'));
    const base64 = der.toString('base64');
    const lines = base64.match(/.{1,76}/g)?.join('\r\n') ?? '';
    const pem = `-----BEGIN CMS-----\n${base64.match(/.{1,64}/g)?.join('\n')}\n-----END CMS-----\n`;
    const words = 'Қолтаңба / Подпись: 0\n-----\n';
    const framed = [
      base64,
      `${lines}\r\n`,
      pem,
      `\ufeff${pem}`,
      `\ufeff${base64}`,
      `${words}${pem}`,
      `0 ${pem}\nthe end`,
      `\ufeff${words}${pem.replaceAll('\n', '\r\n')}`,
    ];
    const utf16 = Buffer.from(`\ufeff${pem}`, 'utf16le');
    for (const message of [...framed, ...framed.map((text) => Buffer.from(text)), utf16]) {
      expect(outcome(verify({ message, at: new Date(AT), trust: nca, revocation: 'skip' }))).toBe('ok');
    }
    for (const message of [
      base64.slice(1),
      `${base64}!`,
      `${base64}====`,
      pem.replace('CMS', 'TEXT'),
      ` ${pem}${pem}`,
      pem.replace('END CMS', 'END PKCS7'),
      `-----BEGIN CMS-----\n${pem}`,
      `-----BEGIN CMS-----\n-----END CMS-----\n${base64}`,
      `words ${base64}`,
      pem.slice(0, -12),
    ]) {
      expect(outcome(verify({ message, at: new Date(AT), trust: nca, revocation: 'skip' }))).toBe(
        'malformed',
      );
    }
  });

  it('an individual by RSA', () => {
    const name = 'cms/ncanode_CmsIntegrationTest_0.der';
    expect(judge(name, '2021-06-01T00:00:00Z', { require: 'individual' })).toMatchObject({
      ok: true,
      signer: { iin: '123456789011', certificate: { keyFamily: 'rsa' } },
    });
    expect(outcome(judge(name, '2026-06-01T00:00:00Z'))).toBe('expired');
  });

  it('two signers are refused', () => {
    expect(outcome(judge('cms/ncanode_CmsServiceTest_1.der', '2023-01-01T00:00:00Z'))).toBe('severalSigners');
  });

  it('inside and outside the validity of the certificate', () => {
    const name = 'cms/skarm_individual_attached.der';
    expect(outcome(judge(name, '2026-05-08T06:45:13Z'))).toBe('ok');
    expect(outcome(judge(name, '2026-05-08T06:45:12Z'))).toBe('notYetValid');
    expect(outcome(judge(name, '2027-05-08T06:45:13Z'))).toBe('ok');
    expect(outcome(judge(name, '2027-05-08T06:45:14Z'))).toBe('expired');
  });

  it('not against the production anchors, nor any other', () => {
    const name = 'cms/skarm_individual_attached.der';
    for (const trust of [productionTrust(), fixtureTrust('made/gost2015'), createTrust([])]) {
      expect(outcome(judge(name, AT, { trust }))).toBe('untrusted');
    }
  });
});

describe('lists and answers of the test authority', () => {
  it('verifies the lists, and judges by full list and delta', () => {
    const [base, delta, older] = [
      'crl/skarm_nca_gost2022_test.crl',
      'crl/skarm_nca_gost2022_d_test.crl',
      'crl/ncanode_nca_gost2022_test.crl',
    ].map((name) => loadCrl(fixture(name), nca));
    expect(base).toMatchObject({ ok: true, crl: { number: 14n, baseNumber: null, entries: 54 } });
    expect(delta).toMatchObject({ ok: true, crl: { number: 10n, baseNumber: 14n, entries: 0 } });
    expect(older).toMatchObject({ ok: true, crl: { number: 4n, entries: 6 } });
  });

  it('verifies the list of 2026, whose inner algorithm has no parameters where the outer one has NULL', () => {
    const file = fixture('crl/ncanodego_nca_gost2022_test.crl');
    const loaded = loadCrl(file, nca);
    expect(loaded).toMatchObject({ ok: true, crl: { baseNumber: null, scope: { holders: 'all' } } });
    if (!loaded.ok) throw new Error(loaded.detail);
    expect(loaded.crl.entries).toBeGreaterThan(0);
    const at = '2026-08-12T00:00:00Z';
    const name = 'cms/skarm_individual_attached.der';
    const checked = judge(name, at, { revocation: 'check', crls: [loaded.crl] });
    expect(checked).toMatchObject({ ok: true, revocation: { source: 'crl' } });
    // The signature covers the algorithm as written: with the NULL added, it is another list.
    const changed = Uint8Array.from(file);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(outcome(loadCrl(changed, nca) as never)).toBe('badSignature');
  });

  it('reads certificates and lists in PEM behind a byte order mark and after other words', () => {
    const pem = (label: string, der: Uint8Array): string =>
      `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
    const list = pem('X509 CRL', fixture('crl/skarm_nca_gost2022_test.crl'));
    for (const text of [`\ufeff${list}`, `0: a list\n${list}`, `\ufeff0${list}tail`]) {
      expect(loadCrl(Buffer.from(text), nca).ok).toBe(true);
    }
    expect(loadCrl(Buffer.from(`${list}${list}`), nca).ok).toBe(false);
    const files = ['ca-test/root_test_gost_2022.cer', 'ca-test/nca_gost2022_test.cer'].map((path) =>
      pem('CERTIFICATE', fixture(path)),
    );
    for (const text of [
      files.join(''),
      `\ufeff${files.join('words\n')}`,
      `0 s:/C=KZ\n${files.join('1 s:\n')}`,
    ]) {
      const { anchors, intermediates } = createTrust([Buffer.from(text)]);
      expect([anchors.length, intermediates.length]).toEqual([1, 1]);
    }
  });

  it('trusts a verified answer while it is fresh; a certificate that was never issued is revoked without a date', () => {
    const [issuer] = nca.intermediates.filter(
      ({ notAfter }) => notAfter === Date.parse('2032-07-04T09:55:23Z'),
    );
    const message = judge('cms/skarm_individual_attached.der', '2026-08-01T00:00:00Z');
    if (!message.ok || issuer === undefined) throw new Error('no certificate');
    // The certificates that these answers are about are not available. Only the serial number
    // matters here.
    const ask = (name: string, serial: string, at: string) =>
      ocspStatus({
        response: fixture(`ocsp/ocsp_response_${name}.bin`),
        certificate: { ...certificate(message.signer.certificate.der), serial: Buffer.from(serial, 'hex') },
        issuer,
        trust: nca,
        at: Date.parse(at),
        nonce: null,
        allowGost2004: false,
      });
    const revoked = '3a90343e720594c55204b19cb9a402422ef0e622';
    const never = '0ff06211dc82beb00253ffa000f1de84abef454f';
    expect(ask('ceo_2015_revoked', revoked, '2022-09-02T17:00:00Z')).toMatchObject({
      status: 'revoked',
      at: Date.parse('2022-07-27T10:25:30Z'),
    });
    expect(ask('individual_2015', never, '2022-09-02T17:00:00Z')).toMatchObject({
      status: 'revoked',
      at: null,
    });
    expect(ask('individual_2015', revoked, '2022-09-02T17:00:00Z')).toMatchObject({ status: 'unknown' });
    expect(ask('individual_2015', never, '2022-09-02T17:30:00Z')).toMatchObject({ status: 'unknown' });
  });
});

describe.each(['gost2015', 'rsa'])('the made hierarchy, %s', (family) => {
  const folder = `made/${family}`;
  const trust = fixtureTrust(folder);
  const AT = '2026-11-22T12:00:00Z';
  const content = fixture('made/challenge.json');
  const given = { trust, revocation: 'check' as const };
  const attached = `${folder}/${family}_individual_attached.der`;

  it('accepts attached and detached', () => {
    for (const kind of ['attached', 'detached']) {
      const verdict = judge(`${folder}/${family}_individual_${kind}.der`, AT, {
        trust,
        content,
        require: 'individual',
      });
      expect(verdict).toMatchObject({ ok: true, signer: { iin: '900101300017', surname: 'ҚҰНАНБАЕВ' } });
    }
  });

  it('refuses tampered content', () => {
    expect(outcome(judge(`${folder}/${family}_tampered_content.der`, AT, { trust }))).toBe('contentMismatch');
  });

  it('accepts the OCSP answer only with its nonce', () => {
    const response = fixture(`${folder}/${family}_good.der`);
    const ask = (nonce: Uint8Array | undefined, at = AT) =>
      judge(attached, at, { ...given, ocsp: { response, nonce } });
    expect(ask(NONCE)).toMatchObject({ ok: true, revocation: { source: 'ocsp' } });
    expect(ask(undefined)).toMatchObject({ ok: true });
    expect(outcome(ask(Buffer.from('0102030405060709', 'hex')))).toBe('revocationUnknown');
    expect(outcome(ask(NONCE, '2026-11-21T12:00:00Z'))).toBe('revocationUnknown');
  });

  it('accepts the list while it is in force', () => {
    const loaded = loadCrl(fixture(`${folder}/${family}_nca.crl`), trust);
    if (!loaded.ok) throw new Error(loaded.detail);
    const ask = (at: string) => judge(attached, at, { ...given, crls: [loaded.crl] });
    expect(ask(AT)).toMatchObject({ ok: true, revocation: { source: 'crl' } });
    expect(outcome(ask('2025-12-31T23:00:00Z'))).toBe('revocationUnknown');
  });

  it('reports unknown revocation without an answer or a list', () => {
    expect(outcome(judge(attached, AT, given))).toBe('revocationUnknown');
  });
});

describe('signatures of real certificates', () => {
  it.each([
    ['ca-test/nca_gost2022_test.cer', '2026-08-01T00:00:00Z', false],
    ['ca-test/nca_rsa_test.cer', '2021-06-01T00:00:00Z', false],
    ['ca-test/nca_gost_test.cer', '2021-06-01T00:00:00Z', true],
  ])('%s chains to its root, GOST 34.310-2004 only when allowed', (path, at, old) => {
    const chain = (allowGost2004: boolean): string => {
      const built = refusalAsValue(() =>
        buildChain(certificate(fixture(path)), nca, Date.parse(at), allowGost2004),
      );
      return 'ok' in built ? built.reason : `${built.length} certificates`;
    };
    expect([chain(true), chain(false)]).toEqual(['2 certificates', old ? 'untrusted' : '2 certificates']);
  });

  it('the test hierarchy has three roots and three intermediates', () => {
    expect([nca.anchors.length, nca.intermediates.length]).toEqual([3, 3]);
  });

  it('the intermediates in force chain to the pinned roots', () => {
    const trust = productionTrust();
    const lengths = trust.intermediates.map(
      (each) => buildChain(each, trust, Date.parse('2026-11-22T12:00:00Z'), false).length,
    );
    expect(lengths).toEqual([2, 2]);
  });
});

describe('the pinned anchors', () => {
  it('are the four certificates in force, two roots and two intermediates', () => {
    expect(productionCertificates()).toHaveLength(4);
    const { anchors, intermediates } = productionTrust();
    expect([anchors.length, intermediates.length]).toEqual([2, 2]);
  });
});
