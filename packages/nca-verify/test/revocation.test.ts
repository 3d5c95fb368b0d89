import { describe, expect, it } from 'vitest';
import { OID } from '../src/algorithms.ts';
import { certificate } from '../src/certificate.ts';
import { checkRevocation, ocspRequest } from '../src/check-revocation.ts';
import { crlStatus, currentCrls, loadCrl } from '../src/crl.ts';
import { parse } from '../src/der.ts';
import { encode, encodeOid, wrap } from '../src/der-writer.ts';
import { createTestAuthority } from '../src/testing/authority.ts';
import type { Identity } from '../src/testing/certificates.ts';
import { signCms } from '../src/testing/cms.ts';
import { algorithm, bitString, extension, NULL, octetString, sequence, time } from '../src/testing/der.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import { makeCrl, type makeOcspResponse, readOcspRequest } from '../src/testing/lists.ts';
import { createTrust } from '../src/trust.ts';
import { AT, CONTENT, gost, gostTrust, judge, later, MINUTE, outcome, PERSON } from './support.ts';

const DAY = 86_400_000;
const key = makeGostKey('gost2015', 'revocation');
const person = gost.issue(PERSON, { key });
const stranger = gost.issue(PERSON, { key, override: { serial: Uint8Array.of(0x11, 0x22) } });
const cms = signCms(person, CONTENT);
const NONCE = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

type OcspChange = Partial<Parameters<typeof makeOcspResponse>[0]>;

/** The outcome for a message with an OCSP answer that is correct except for the given change. */
function withOcsp(
  change: OcspChange = {},
  given: { at?: Date; nonce?: Uint8Array | undefined; crls?: readonly Uint8Array[] } = {},
): string {
  const response = gost.ocsp(person.certificate, { status: 'good', thisUpdate: AT, nonce: NONCE, ...change });
  return withBytes(response, given);
}

function withBytes(
  response: Uint8Array,
  {
    at = AT,
    nonce = NONCE,
    crls = [],
  }: { at?: Date; nonce?: Uint8Array | undefined; crls?: readonly Uint8Array[] } = {},
): string {
  return outcome(judge(cms, { revocation: 'check', at, ocsp: { response, nonce }, crls: lists(...crls) }));
}

function lists(...files: readonly Uint8Array[]) {
  return files.flatMap((file) => {
    const loaded = loadCrl(file, gostTrust);
    return loaded.ok ? [loaded.crl] : [];
  });
}

function withCrls(files: readonly Uint8Array[], at = AT): string {
  return outcome(judge(cms, { revocation: 'check', at, crls: lists(...files) }));
}

const crl = gost.crl;
const entry = (reason?: number) => ({ certificate: person.certificate, at: later(-DAY), reason });

describe('OCSP', () => {
  it('asks about the certificate with the nonce, and accepts the answer', () => {
    const verdict = judge(cms);
    if (!verdict.ok) throw new Error(verdict.reason);
    const request = ocspRequest(verdict.chain, NONCE);
    expect(Buffer.from(readOcspRequest(request).nonce ?? [])).toEqual(NONCE);
    const ask = (issued: readonly Uint8Array[], revoked: readonly Uint8Array[]) =>
      outcome(
        checkRevocation({
          certificate: verdict.signer.certificate.der,
          at: AT,
          trust: gostTrust,
          ocsp: { response: gost.answerOcsp(request, issued, revoked, AT), nonce: NONCE },
        }) as never,
      );
    expect(ask([person.certificate], [])).toBe('ok');
    expect(ask([], [person.certificate])).toBe('revoked');
    expect(ask([], [])).toBe('revoked');
  });

  it('says good, from the delegated responder or the issuer itself', () => {
    expect(withOcsp()).toBe('ok');
    expect(withOcsp({ responder: gost.issuing })).toBe('ok');
    expect(withOcsp({ byKey: true })).toBe('ok');
    expect(withOcsp({ byKey: true, responder: gost.issuing })).toBe('ok');
  });

  it('says revoked, on hold, never issued, or unknown', () => {
    expect(withOcsp({ status: 'revoked', revokedAt: later(-DAY) })).toBe('revoked');
    expect(withOcsp({ status: 'revoked', revokedAt: new Date(0) })).toBe('revoked');
    expect(withOcsp({ status: 'unknown' })).toBe('revocationUnknown');
  });

  it('is fresh within five minutes of clock difference and ten minutes of age', () => {
    const age = (minutes: number) => withOcsp({ thisUpdate: later(-minutes * MINUTE) });
    expect([age(-6), age(-4), age(0), age(9), age(11), age(1440)]).toEqual([
      'revocationUnknown',
      'ok',
      'ok',
      'ok',
      'revocationUnknown',
      'revocationUnknown',
    ]);
  });

  it('is accepted until nextUpdate where the answer has one', () => {
    const thisUpdate = later(-60 * MINUTE);
    expect(withOcsp({ thisUpdate, nextUpdate: later(MINUTE) })).toBe('ok');
    expect(withOcsp({ thisUpdate, nextUpdate: later(-6 * MINUTE) })).toBe('revocationUnknown');
  });

  it('is not accepted when older than a day, whatever nextUpdate says, or than the caller allows', () => {
    const nextUpdate = later(3650 * DAY);
    const age = (milliseconds: number) => withOcsp({ thisUpdate: later(-milliseconds), nextUpdate });
    expect([age(DAY), age(DAY + 1000), age(3650 * DAY)]).toEqual([
      'ok',
      'revocationUnknown',
      'revocationUnknown',
    ]);
    const ask = (maxOcspAge: number, change: OcspChange) => {
      const response = gost.ocsp(person.certificate, { status: 'good', thisUpdate: AT, ...change });
      return outcome(judge(cms, { revocation: 'check', ocsp: { response }, maxOcspAge }));
    };
    const hour = { thisUpdate: later(-60 * MINUTE), nextUpdate };
    expect([ask(60 * MINUTE, hour), ask(59 * MINUTE, hour)]).toEqual(['ok', 'revocationUnknown']);
    // Without nextUpdate, the limit of ten minutes stays.
    expect(ask(DAY, { thisUpdate: later(-11 * MINUTE) })).toBe('revocationUnknown');
    expect(ask(MINUTE, { thisUpdate: later(-2 * MINUTE) })).toBe('revocationUnknown');
  });

  it('is not accepted when signed in the future, or before the status that it holds', () => {
    const nextUpdate = later(DAY);
    expect(withOcsp({ producedAt: later(6 * MINUTE), nextUpdate })).toBe('revocationUnknown');
    expect(withOcsp({ producedAt: later(4 * MINUTE), nextUpdate })).toBe('ok');
    expect(withOcsp({ producedAt: later(-DAY), nextUpdate })).toBe('revocationUnknown');
  });

  it('is accepted with algorithms without parameters', () => {
    const bare = algorithm(gost.responder.key.signatureId(), null);
    expect(withOcsp({ signatureAlgorithm: bare, hashAlgorithm: algorithm(OID.sha256, null) })).toBe('ok');
    const other = algorithm(gost.responder.key.signatureId(), octetString(NULL));
    expect(withOcsp({ signatureAlgorithm: other })).toBe('revocationUnknown');
  });

  it('is not accepted from a responder whose own certificate is on a list', () => {
    const listed = crl([{ certificate: gost.responder.certificate, at: later(-DAY) }], { thisUpdate: AT });
    const empty = crl([], { thisUpdate: AT });
    const response = (status: 'good' | 'revoked') =>
      gost.ocsp(person.certificate, { status, thisUpdate: AT, nonce: NONCE });
    const ask = (status: 'good' | 'revoked', list: Uint8Array) =>
      judge(cms, {
        revocation: 'check',
        ocsp: { response: response(status), nonce: NONCE },
        crls: lists(list),
      });
    expect(ask('good', empty)).toMatchObject({ ok: true, revocation: { source: 'ocsp' } });
    expect(outcome(ask('revoked', empty))).toBe('revoked');
    // The list is used instead, and the responder's answer counts neither way.
    expect(ask('good', listed)).toMatchObject({ ok: true, revocation: { source: 'crl' } });
    expect(ask('revoked', listed)).toMatchObject({ ok: true, revocation: { source: 'crl' } });
    const foreign = lists(listed).map((list) => ({ ...list, nextUpdate: AT.getTime() - DAY }));
    const stale = judge(cms, {
      revocation: 'check',
      ocsp: { response: response('good'), nonce: NONCE },
      crls: foreign,
    });
    expect(stale).toMatchObject({ ok: true, revocation: { source: 'ocsp' } });
  });

  it('must carry the nonce of the request', () => {
    expect(withOcsp({ nonce: undefined })).toBe('revocationUnknown');
    expect(withOcsp({ nonce: Buffer.alloc(16) })).toBe('revocationUnknown');
    expect(
      outcome(
        judge(cms, {
          revocation: 'check',
          ocsp: { response: gost.ocsp(person.certificate, { status: 'good', thisUpdate: AT }) },
        }),
      ),
    ).toBe('ok');
  });

  it('is not accepted about another certificate, or about two at once', () => {
    expect(withOcsp({ certificate: stranger.certificate })).toBe('revocationUnknown');
    const single = singleOf(gost.ocsp(stranger.certificate, { status: 'good', thisUpdate: AT }));
    expect(withOcsp({ before: [single] })).toBe('revocationUnknown');
    const impostor = createTestAuthority({ at: AT, seed: 'impostor' });
    expect(withOcsp({ issuer: impostor.issuing })).toBe('revocationUnknown');
  });

  it('is not accepted from a wrong key, a leaf without the purpose, an expired or a foreign responder', () => {
    const impostor = createTestAuthority({ at: AT, seed: 'impostor' });
    const expired: Identity = gost.issue(PERSON, {
      key: gost.responder.key,
      notBefore: later(-2 * DAY),
      notAfter: later(-DAY),
      override: { extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'], keyUsage: ['digitalSignature'] },
    });
    const stolen: Identity = { certificate: gost.responder.certificate, key };
    for (const responder of [person, expired, stolen, impostor.responder, impostor.issuing]) {
      expect(withOcsp({ responder })).toBe('revocationUnknown');
    }
    const critical = gost.issue(PERSON, {
      key,
      override: {
        extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'],
        keyUsage: ['digitalSignature'],
        extraExtensions: [extension('1.2.3.4', NULL, true)],
      },
    });
    expect(withOcsp({ responder: critical })).toBe('revocationUnknown');
    expect(withOcsp({ certificates: [] })).toBe('revocationUnknown');
  });

  it('is not accepted with an unknown critical extension', () => {
    expect(withOcsp({ extraExtensions: [extension('1.2.3.4', NULL)] })).toBe('ok');
    expect(withOcsp({ extraExtensions: [extension('1.2.3.4', NULL, true)] })).toBe('revocationUnknown');
  });

  it('is not accepted when the responder refuses, or sends something else', () => {
    for (const responseStatus of [1, 2, 3, 5, 6])
      expect(withOcsp({ responseStatus })).toBe('revocationUnknown');
    const right = gost.ocsp(person.certificate, { status: 'good', thisUpdate: AT, nonce: NONCE });
    const flipped = Uint8Array.from(right);
    flipped[150] = (flipped[150] ?? 0) ^ 1;
    const html = Buffer.from('<html>200 OK</html>');
    for (const bytes of [
      new Uint8Array(),
      html,
      right.subarray(0, -1),
      flipped,
      Buffer.alloc(100_000),
      Buffer.concat([right, NULL]),
    ]) {
      expect(withBytes(bytes)).toBe('revocationUnknown');
    }
  });

  it('is never "good" when truncated or changed in any octet', () => {
    const right = gost.ocsp(person.certificate, { status: 'good', thisUpdate: AT, nonce: NONCE });
    const wrong: string[] = [];
    for (let at = 0; at < right.length; at += 7) {
      const changed = Uint8Array.from(right);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      if (withBytes(changed) === 'ok') wrong.push(`octet ${at}`);
      if (withBytes(right.subarray(0, at)) === 'ok') wrong.push(`length ${at}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('lists', () => {
  it('good, revoked, on hold', () => {
    const others = Array.from({ length: 300 }, (_, i) => ({
      serial: Uint8Array.of(1, i >> 8, i & 255),
      at: later(-DAY),
      reason: i % 7,
    }));
    expect(withCrls([crl([], { thisUpdate: AT })])).toBe('ok');
    expect(withCrls([crl(others, { thisUpdate: AT })])).toBe('ok');
    expect(withCrls([crl([...others, entry()], { thisUpdate: AT })])).toBe('revoked');
    expect(withCrls([crl([entry(6), ...others], { thisUpdate: AT })])).toBe('revoked');
  });

  it('finds each of twenty thousand serial numbers and no other', () => {
    const serial = (i: number): Uint8Array =>
      Uint8Array.of(0x20, i >> 16, (i >> 8) & 255, i & 255, ...Buffer.alloc(i % 13, i));
    const revoked = Array.from({ length: 20_000 }, (_, i) => ({
      serial: serial(i),
      at: later(-DAY),
      reason: i % 3 ? 1 : undefined,
    }));
    const [loaded] = lists(crl(revoked, { thisUpdate: AT }));
    const issuer = gostTrust.intermediates[0];
    if (loaded === undefined || issuer === undefined) throw new Error('no list');
    const of = certificate(person.certificate);
    const statuses = Array.from(
      { length: 40_000 },
      (_, i) => crlStatus({ ...of, serial: serial(i) }, issuer, [loaded], AT.getTime()).status,
    );
    expect(loaded.entries).toBe(20_000);
    expect(new Set(statuses.slice(0, 20_000))).toEqual(new Set(['revoked']));
    expect(new Set(statuses.slice(20_000))).toEqual(new Set(['good']));
  });

  it('a serial number that occurs twice is revoked if either entry says so', () => {
    const base = crl([], { thisUpdate: later(-DAY), nextUpdate: later(DAY), number: 5 });
    for (const reasons of [
      [8, 1],
      [1, 8],
    ]) {
      const delta = crl(
        reasons.map((reason) => entry(reason)),
        { thisUpdate: AT, baseNumber: 5 },
      );
      expect(withCrls([base, delta])).toBe('revoked');
    }
  });

  it('count while they are in force, with five minutes of clock difference', () => {
    const list = crl([], { thisUpdate: AT, nextUpdate: later(DAY) });
    const at = (offset: number) => withCrls([list], later(offset));
    expect([at(-6 * MINUTE), at(-4 * MINUTE), at(DAY + 4 * MINUTE), at(DAY + 6 * MINUTE)]).toEqual([
      'revocationUnknown',
      'ok',
      'ok',
      'revocationUnknown',
    ]);
  });

  it('the newest full list in force is the one that counts', () => {
    const old = crl([], { thisUpdate: later(-DAY), nextUpdate: later(DAY), number: 1 });
    const fresh = crl([entry()], { thisUpdate: AT, number: 2 });
    expect(withCrls([old, fresh])).toBe('revoked');
    expect(withCrls([fresh, old])).toBe('revoked');
  });

  it('a delta adds, changes and removes entries, and does not count by itself', () => {
    const base = crl([], { thisUpdate: later(-DAY), nextUpdate: later(DAY), number: 5 });
    const held = crl([entry(6)], { thisUpdate: later(-DAY), nextUpdate: later(DAY), number: 5 });
    const delta = (revoked: Parameters<typeof crl>[0], baseNumber = 5, thisUpdate = AT) =>
      crl(revoked, { thisUpdate, number: 3, baseNumber });
    expect(withCrls([base, delta([])])).toBe('ok');
    expect(withCrls([base, delta([entry(1)])])).toBe('revoked');
    expect(withCrls([held, delta([entry(8)])])).toBe('ok');
    expect(withCrls([held, delta([])])).toBe('revoked');
    expect(withCrls([delta([])])).toBe('revocationUnknown');
    // A delta to a later list, or one that is older than the list, changes nothing.
    expect(withCrls([held, delta([entry(8)], 6)])).toBe('revoked');
    expect(withCrls([held, delta([entry(8)], 5, later(-2 * DAY))])).toBe('revoked');
  });

  it('of another authority, by another key, or tampered with do not count', () => {
    const impostor = createTestAuthority({ at: AT, seed: 'impostor' });
    const forged = makeCrl({
      issuer: { ...gost.issuing, key },
      revoked: [],
      thisUpdate: AT,
      nextUpdate: later(DAY),
    });
    const byRoot = makeCrl({ issuer: gost.root, revoked: [], thisUpdate: AT, nextUpdate: later(DAY) });
    const tampered = Buffer.from(crl([entry()], { thisUpdate: AT }));
    tampered[tampered.length - 200] = (tampered.at(-200) ?? 0) ^ 1;
    for (const list of [impostor.crl([], { thisUpdate: AT }), forged, byRoot, tampered]) {
      expect(withCrls([list])).toBe('revocationUnknown');
    }
  });

  it('of the root revoke an intermediate', () => {
    const base = crl([], { thisUpdate: AT });
    const rootList = makeCrl({
      issuer: gost.root,
      revoked: [{ certificate: gost.issuing.certificate, at: later(-DAY) }],
      thisUpdate: AT,
      nextUpdate: later(DAY),
    });
    expect(withCrls([base, rootList])).toBe('revoked');
  });

  it('malformed ones are refused with a reason', () => {
    const right = crl([entry(1)], { thisUpdate: AT });
    const reason = (file: Uint8Array) => outcome(loadCrl(file, gostTrust) as never);
    expect(reason(right)).toBe('ok');
    expect(reason(Buffer.concat([right, NULL]))).toBe('malformed');
    expect(reason(new Uint8Array())).toBe('malformed');
    expect(reason(Buffer.from('-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----'))).toBe('malformed');
    const critical = [extension('2.5.29.28', octetString(NULL), true)];
    expect(
      reason(
        makeCrl({
          issuer: gost.issuing,
          revoked: [],
          thisUpdate: AT,
          nextUpdate: later(DAY),
          extraExtensions: critical,
        }),
      ),
    ).toBe('malformed');
    expect(reason(right)).toBe('ok');
    const pem = `-----BEGIN X509 CRL-----\n${Buffer.from(right).toString('base64')}\n-----END X509 CRL-----\n`;
    expect(reason(Buffer.from(pem))).toBe('ok');
    const accepted: number[] = [];
    for (let length = 0; length < right.length; length++)
      if (reason(right.subarray(0, length)) === 'ok') accepted.push(length);
    expect(accepted).toEqual([]);
  });

  it('by RSA, in shared memory like the others', () => {
    const rsa = createTestAuthority({ family: 'rsa', at: AT });
    const trust = createTrust(rsa.certificates);
    const identity = rsa.issue(PERSON);
    const ask = (revoked: Parameters<typeof crl>[0]) => {
      const loaded = loadCrl(rsa.crl(revoked, { thisUpdate: AT }), trust);
      const crls = loaded.ok ? [loaded.crl] : [];
      return outcome(judge(signCms(identity, CONTENT), { trust, revocation: 'check', crls }));
    };
    expect(ask([])).toBe('ok');
    expect(ask([{ certificate: identity.certificate, at: AT }])).toBe('revoked');
  });
});

describe('both', () => {
  const good = crl([], { thisUpdate: AT });
  const bad = crl([entry(1)], { thisUpdate: AT });

  it('a list is used when the answer is unusable, and never overrules a usable one', () => {
    expect(withOcsp({ thisUpdate: later(-DAY) }, { crls: [good] })).toBe('ok');
    expect(withOcsp({ status: 'revoked' }, { crls: [good] })).toBe('revoked');
    expect(withOcsp({ status: 'unknown' }, { crls: [good] })).toBe('revocationUnknown');
    expect(withOcsp({}, { crls: [bad] })).toBe('revoked');
  });

  it('without any source, revocation is unknown', () => {
    expect(outcome(judge(cms, { revocation: 'check' }))).toBe('revocationUnknown');
  });
});

/** The SingleResponse of an answer that has one. */
function singleOf(response: Uint8Array): Uint8Array {
  const sha256 = encode(0x06, Buffer.from('608648016503040201', 'hex'));
  const at = Buffer.from(response).indexOf(sha256);
  // SEQUENCE { SEQUENCE { SEQUENCE { sha256 …: three headers of two octets each, since all are
  // short.
  const start = at - 6;
  return response.subarray(start, start + 2 + (response[start + 1] ?? 0));
}

describe('the scope of a list', () => {
  const flag = (tag: number): Uint8Array => encode(tag, Uint8Array.of(0xff));
  const uri = (text: string): Uint8Array => wrap(0xa0, encode(0x86, Buffer.from(text)));
  const NAME = 'http://crl.example/full.crl';
  const DELTA_NAME = 'http://crl.example/delta.crl';
  const point = (text: string): Uint8Array => wrap(0xa0, uri(text));
  const scoped = (
    parts: readonly Uint8Array[],
    {
      revoked = [] as Parameters<typeof crl>[0],
      critical = false,
      ...form
    }: Partial<Parameters<typeof crl>[1]> & {
      revoked?: Parameters<typeof crl>[0];
      critical?: boolean;
    } = {},
  ): Uint8Array =>
    makeCrl({
      issuer: gost.issuing,
      revoked,
      thisUpdate: AT,
      nextUpdate: later(DAY),
      ...form,
      extraExtensions: [extension('2.5.29.28', sequence(...parts), critical)],
    });
  const reasons = encode(0x83, Uint8Array.of(6, 0x40));
  const named = gost.issue(PERSON, {
    key,
    override: {
      serial: Uint8Array.of(0x33, 0x44),
      extraExtensions: [
        extension('2.5.29.31', sequence(sequence(point(NAME)))),
        extension('2.5.29.46', sequence(sequence(point(DELTA_NAME)))),
      ],
    },
  });
  const namedEntry = (reason?: number) => ({ certificate: named.certificate, at: later(-DAY), reason });
  const withNamed = (...files: readonly Uint8Array[]) =>
    outcome(judge(signCms(named, CONTENT), { revocation: 'check', crls: lists(...files) }));

  it.each([false, true])('narrows it, critical: %s', (critical) => {
    const both = (...parts: readonly Uint8Array[]) => [
      withCrls([scoped(parts, { critical })]),
      withCrls([scoped(parts, { critical, revoked: [entry(1)] })]),
    ];
    expect(both()).toEqual(['ok', 'revoked']);
    expect(both(point(NAME))).toEqual(['ok', 'revoked']);
    expect(both(flag(0x81))).toEqual(['ok', 'revoked']);
    expect(both(flag(0x82))).toEqual(['revocationUnknown', 'revoked']);
    expect(both(reasons)).toEqual(['revocationUnknown', 'revoked']);
    // These are not lists of certificates of one issuer, so they cannot be loaded.
    expect(both(flag(0x84))).toEqual(['revocationUnknown', 'revocationUnknown']);
    expect(both(flag(0x85))).toEqual(['revocationUnknown', 'revocationUnknown']);
    const reason = (...parts: readonly Uint8Array[]) =>
      outcome(loadCrl(scoped(parts, { critical }), gostTrust) as never);
    for (const parts of [
      [flag(0x84)],
      [flag(0x85)],
      [flag(0x81), flag(0x82)],
      [encode(0x81, Uint8Array.of(0))],
      [encode(0x81, Uint8Array.of(1))],
      [flag(0x82), flag(0x81)],
      [flag(0x86)],
      [wrap(0xa0)],
      [encode(0x80, Buffer.from(NAME))],
    ]) {
      expect(reason(...parts)).toBe('malformed');
    }
  });

  it('a narrow list beside a full one does not hide what the full one says', () => {
    const whole = (revoked: Parameters<typeof crl>[0]) => crl(revoked, { thisUpdate: later(-MINUTE) });
    expect(withCrls([whole([entry(1)]), scoped([flag(0x81)])])).toBe('revoked');
    expect(withCrls([whole([entry(1)]), scoped([flag(0x82)])])).toBe('revoked');
    expect(withCrls([whole([]), scoped([flag(0x82)])])).toBe('ok');
    expect(withCrls([whole([]), scoped([reasons], { revoked: [entry(1)] })])).toBe('revoked');
  });

  it('a list with a name covers the certificates that name it', () => {
    expect(withNamed(scoped([point(NAME)], { critical: true }))).toBe('ok');
    expect(withNamed(scoped([point(NAME)], { revoked: [namedEntry()] }))).toBe('revoked');
    expect(withNamed(scoped([point('http://crl.example/other.crl')]))).toBe('revocationUnknown');
    expect(withNamed(scoped([point('http://crl.example/other.crl')], { revoked: [namedEntry()] }))).toBe(
      'revoked',
    );
    const two = wrap(
      0xa0,
      wrap(0xa0, encode(0x86, Buffer.from('http://a')), encode(0x86, Buffer.from(NAME))),
    );
    expect(withNamed(scoped([two]))).toBe('ok');
    const relative = wrap(0xa0, wrap(0xa1, NULL));
    expect(withNamed(scoped([relative]))).toBe('revocationUnknown');
  });

  it('a delta of another scope adds entries, but removes none and does not replace the right delta', () => {
    const form = { thisUpdate: AT, baseNumber: 1 };
    const base = (revoked: Parameters<typeof crl>[0] = []) =>
      crl(revoked, { thisUpdate: later(-MINUTE), number: 1 });
    const right = (reason?: number) =>
      scoped([point(DELTA_NAME)], { ...form, revoked: [namedEntry(reason)] });
    const wrong = (revoked: Parameters<typeof crl>[0]) =>
      scoped([point('http://crl.example/other.crl')], { ...form, thisUpdate: later(MINUTE), revoked });
    expect(withNamed(base(), right(1))).toBe('revoked');
    expect(withNamed(base([namedEntry(6)]), right(8))).toBe('ok');
    expect(withNamed(base(), right(1), wrong([]))).toBe('revoked');
    expect(withNamed(base([namedEntry(6)]), wrong([namedEntry(8)]))).toBe('revoked');
    expect(withNamed(base(), wrong([namedEntry(1)]))).toBe('revoked');
    expect(withNamed(base(), wrong([]))).toBe('ok');
  });
});

describe('entries', () => {
  const load = (file: Uint8Array) => outcome(loadCrl(file, gostTrust) as never);
  const { serial } = certificate(person.certificate);
  const raw = (octets: Uint8Array) => crl([{ serial: octets, at: later(-DAY) }], { thisUpdate: AT });

  it('with a serial number that is not minimal make the list unusable, and hide nothing', () => {
    expect(load(raw(serial))).toBe('ok');
    const padded = Buffer.concat([Uint8Array.of(0), serial]);
    expect((serial[0] ?? 0) < 0x80).toBe(true);
    expect(load(raw(padded))).toBe('malformed');
    expect(load(raw(Uint8Array.of(0xff, 0x80)))).toBe('malformed');
    expect(load(raw(Uint8Array.of(0x00, 0x80)))).toBe('ok');
    expect(withCrls([raw(padded)])).toBe('revocationUnknown');
  });

  it('of another issuer, or with a reason of two octets, make the list unusable', () => {
    const withEntry = (...extensions: readonly Uint8Array[]) => {
      const right = crl([entry(1)], { thisUpdate: AT });
      const tbs = parse(right).children[0];
      if (tbs === undefined) throw new Error('no list');
      const parts: Uint8Array[] = tbs.children.map((child) =>
        Uint8Array.from(right.subarray(child.start, child.end)),
      );
      parts[5] = sequence(sequence(encode(0x02, serial), time(AT), sequence(...extensions)));
      const changed = sequence(...parts);
      const { key: caKey } = gost.issuing;
      return load(sequence(changed, algorithm(caKey.signatureId()), bitString(caKey.sign(changed))));
    };
    expect(withEntry(extension('2.5.29.21', encode(0x0a, Uint8Array.of(1)), true))).toBe('ok');
    expect(withEntry(extension('2.5.29.21', encode(0x0a, Uint8Array.of(8, 0))))).toBe('malformed');
    expect(withEntry(extension('2.5.29.29', sequence(NULL)))).toBe('malformed');
  });
});

describe('the algorithms of a list', () => {
  const id = gost.issuing.key.signatureId();
  const load = (innerAlgorithm: Uint8Array, outerAlgorithm: Uint8Array) =>
    outcome(
      loadCrl(
        makeCrl({
          issuer: gost.issuing,
          revoked: [],
          thisUpdate: AT,
          nextUpdate: later(DAY),
          innerAlgorithm,
          outerAlgorithm,
        }),
        gostTrust,
      ) as never,
    );

  it('are the same when one leaves out the NULL, and never when anything else differs', () => {
    const [bare, full] = [algorithm(id, null), algorithm(id)];
    expect([load(bare, full), load(full, bare), load(bare, bare), load(full, full)]).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
    const other = algorithm(id, octetString(NULL));
    expect([load(other, full), load(bare, other), load(full, other)]).toEqual(
      Array(3).fill('algorithmNotAllowed'),
    );
    expect(load(other, other)).toBe('malformed');
    expect(load(algorithm(OID.sha256WithRsa), full)).toBe('algorithmNotAllowed');
    const three = sequence(encodeOid(id), NULL, NULL);
    expect([load(three, three), load(bare, three)]).toEqual(['malformed', 'malformed']);
  });
});

describe('the lists to keep', () => {
  const load = (form: Partial<Parameters<typeof crl>[1]> & { entries?: Parameters<typeof crl>[0] } = {}) => {
    const loaded = loadCrl(crl(form.entries ?? [], { thisUpdate: AT, ...form }), gostTrust);
    if (!loaded.ok) throw new Error(loaded.detail);
    return loaded.crl;
  };
  const old = load({ thisUpdate: later(-3 * DAY), nextUpdate: later(-DAY) });
  const yesterday = load({ thisUpdate: later(-DAY), nextUpdate: later(DAY) });
  const today = load({ number: 2, nextUpdate: later(DAY) });
  const tomorrow = load({ number: 3, thisUpdate: later(DAY), nextUpdate: later(2 * DAY) });
  const deltaOfYesterday = load({ baseNumber: 1, thisUpdate: later(-MINUTE), nextUpdate: later(DAY) });
  const delta = load({ baseNumber: 2, thisUpdate: later(MINUTE), nextUpdate: later(DAY) });

  it('leaves out expired and replaced lists, and keeps those that come into force later', () => {
    expect(currentCrls([old, yesterday, today, tomorrow], AT)).toEqual([today, tomorrow]);
    expect(currentCrls([today, yesterday], AT)).toEqual([today]);
    expect(currentCrls([old], AT)).toEqual([]);
    expect(currentCrls([today, { ...today }], AT)).toHaveLength(1);
    expect(currentCrls([yesterday, tomorrow], later(2 * DAY))).toEqual([tomorrow]);
  });

  it('keeps a delta until a newer full list or a newer delta to the same one is there', () => {
    expect(currentCrls([yesterday, deltaOfYesterday], AT)).toEqual([yesterday, deltaOfYesterday]);
    expect(currentCrls([today, deltaOfYesterday, delta], AT)).toEqual([today, delta]);
    expect(currentCrls([yesterday, deltaOfYesterday, delta], AT)).toEqual([
      yesterday,
      deltaOfYesterday,
      delta,
    ]);
  });

  it('keeps the list of another issuer and of another scope', () => {
    const narrow = { ...today, scope: { ...today.scope, holders: 'users' as const } };
    expect(currentCrls([yesterday, narrow], AT)).toHaveLength(2);
    expect(currentCrls([{ ...old, issuer: '00', nextUpdate: today.nextUpdate }, today], AT)).toHaveLength(2);
  });
});
