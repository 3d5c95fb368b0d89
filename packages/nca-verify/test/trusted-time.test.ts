/**
 * Time-stamps as evidence: which count, and what a signature is worth at their time. Each message
 * is right in everything but one.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { productionTrust } from '../src/anchors.ts';
import { checkRevocation } from '../src/check-revocation.ts';
import { loadCrl } from '../src/crl.ts';
import { body, parse } from '../src/der.ts';
import { encode, encodeOid, wrap } from '../src/der-writer.ts';
import { createTestAuthority } from '../src/testing/authority.ts';
import { makeCertificate } from '../src/testing/certificates.ts';
import { signCms } from '../src/testing/cms.ts';
import { algorithm, extension, integer, NULL, octetString, sequence } from '../src/testing/der.ts';
import { makeGostKey, makeRsaKey } from '../src/testing/keys.ts';
import { makeTimeStamp, type TimeStampForm, timeStampResponse } from '../src/testing/time-stamps.ts';
import {
  addTimeStamps,
  readTimeStampResponse,
  signatureValue,
  timeStampRequest,
  verifyTimeStamp,
} from '../src/time-stamp-request.ts';
import { createTrust } from '../src/trust.ts';
import { TIME_STAMP_REASONS } from '../src/trusted-time.ts';
import { type VerifyRequest, verify, verifyAll } from '../src/verify.ts';
import { mutate, seeded } from './mutator.ts';
import {
  AT,
  CONTENT,
  fixture,
  fixtureTrust,
  gost,
  gostTrust,
  later,
  MINUTE,
  outcome,
  PERSON,
} from './support.ts';

const DAY = 86_400_000;
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const rsa = createTestAuthority({ at: AT, family: 'rsa', name: 'STAMPS' });
const foreign = createTestAuthority({ at: AT, name: 'FOREIGN', seed: 'foreign stamps' });
const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'stamped') });
/** Its certificate ended a minute before AT, two days after it began. */
const short = gost.issue(PERSON, { notBefore: later(-2 * DAY), notAfter: later(-MINUTE) });

type Stamp = (signature: Uint8Array) => Uint8Array;

/** A right time-stamp, except for what is given. */
const by =
  (form: Partial<TimeStampForm> = {}, authority = gost): Stamp =>
  (data) =>
    makeTimeStamp({ authority: authority.stamping, data, at: later(-MINUTE), ...form });

function stamped(stamps: readonly Stamp[], identity = person): Uint8Array {
  return signCms(identity, CONTENT, { timeStamps: (signature) => stamps.map((stamp) => stamp(signature)) });
}

/** Judges at the time of the time-stamp, as it counts at AT. */
function judge(message: Uint8Array, given: Partial<VerifyRequest> = {}) {
  return verify({ message, at: 'time-stamp', now: AT, trust: gostTrust, revocation: 'skip', ...given });
}

function stampOutcomes(message: Uint8Array, given: Partial<VerifyRequest> = {}): readonly string[] {
  const verdict = verify({
    message,
    at: AT,
    trust: gostTrust,
    revocation: 'skip',
    timeStamps: 'verify',
    ...given,
  });
  if (!verdict.ok) throw new Error(verdict.detail);
  return (verdict.timeStamps ?? []).map((stamp) => (stamp.ok ? 'ok' : stamp.reason));
}

/** A certificate for time-stamps, except for what is given. */
function authorityWith(form: Partial<Parameters<typeof makeCertificate>[0]> = {}) {
  const key = form.key ?? makeGostKey();
  const certificate = makeCertificate({
    subject: Uint8Array.from(sequence()),
    key,
    issuer: gost.issuing,
    notBefore: later(-DAY),
    notAfter: later(DAY),
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [TIME_STAMPING],
    extendedKeyUsageCritical: true,
    ...form,
  });
  return { key, certificate };
}

const altered: Stamp = (data) => {
  const token = Uint8Array.from(by()(data));
  const text = Buffer.from(token).indexOf(Buffer.from('20261122'));
  token[text + 3] = 0x35;
  return token;
};
const falseSignature: Stamp = (data) => {
  const token = Uint8Array.from(by()(data));
  token[token.length - 1] = (token.at(-1) ?? 0) ^ 1;
  return token;
};

describe('a time-stamp', () => {
  const withPurpose = (form: Parameters<typeof authorityWith>[0]) => by({ authority: authorityWith(form) });
  it.each<[string, Stamp, string]>([
    ['of the authority', by(), 'ok'],
    ['with signingCertificateV2', by({ naming: 2 }), 'ok'],
    ['with an accuracy', by({ accuracy: 1500 }), 'ok'],
    ['with a fraction of a second', by({ fraction: '.25' }), 'ok'],
    ['with a nonce', by({ nonce: Buffer.alloc(8, 9) }), 'ok'],
    ['whose imprint is by SHA-256', (data) => imprint('2.16.840.1.101.3.4.2.1', 'sha256', data), 'ok'],
    ['whose imprint is by SHA-512', (data) => imprint('2.16.840.1.101.3.4.2.3', 'sha512', data), 'ok'],
    ['whose imprint is by GOST 34.311-95', (data) => oldImprint(data), 'ok'],
    ['whose imprint is by SHA-1', (data) => imprint('1.3.14.3.2.26', 'sha1', data), 'algorithmNotAllowed'],
    ['that another signature had', () => by()(Buffer.from('another signature')), 'imprintMismatch'],
    ['about the content instead', () => by()(CONTENT), 'imprintMismatch'],
    ['whose time was altered', altered, 'contentMismatch'],
    ['whose signature was altered', falseSignature, 'badSignature'],
    ['without the purpose', withPurpose({ extendedKeyUsage: [] }), 'wrongKeyUsage'],
    ['whose purpose is not critical', withPurpose({ extendedKeyUsageCritical: false }), 'wrongKeyUsage'],
    [
      'of a key with another purpose, too',
      withPurpose({ extendedKeyUsage: [TIME_STAMPING, '1.3.6.1.5.5.7.3.9'] }),
      'wrongKeyUsage',
    ],
    ['of a key that may not sign', withPurpose({ keyUsage: ['keyAgreement'] }), 'wrongKeyUsage'],
    ['of a CA', withPurpose({ ca: {} }), 'wrongKeyUsage'],
    ['by the signer', by({ authority: person }), 'wrongKeyUsage'],
    ['by the signer, whose key was certified for it', withPurpose({ key: person.key }), 'wrongKeyUsage'],
    ['by a key that a person certified', by({ authority: authorityWith({ issuer: person }) }), 'untrusted'],
    ['of another root', by({}, foreign), 'untrusted'],
    ['of an authority that had ended', withPurpose({ notAfter: later(-2 * MINUTE) }), 'expired'],
    ['of an authority that ended since', withPurpose({ notAfter: later(-MINUTE / 2) }), 'expired'],
    ['of an authority that had not begun', withPurpose({ notBefore: later(-MINUTE / 2) }), 'notYetValid'],
    ['from the future', by({ at: later(6 * MINUTE) }), 'inFuture'],
    ['a little ahead, as clocks are', by({ at: later(4 * MINUTE) }), 'ok'],
    ['that names no certificate', by({ naming: 'none' }), 'certificateMissing'],
    ['that names another certificate', by({ named: gost.responder.certificate }), 'certificateMissing'],
    ['without its certificate', by({ certificates: [] }), 'certificateMissing'],
    ['of another content type', by({ contentType: '1.2.840.113549.1.7.1' }), 'malformed'],
    ['of version 2', by({ version: 2 }), 'malformed'],
    ['with an unknown critical extension', by({ extra: [unknownExtension(true)] }), 'malformed'],
    ['with an unknown extension', by({ extra: [unknownExtension(false)] }), 'ok'],
    ['with a fraction that ends in zero', by({ fraction: '.50' }), 'malformed'],
    ['that is none', () => octetString(Buffer.from('a time-stamp of 1999')), 'malformed'],
  ])('%s: %s', (_what, stamp, expected) => {
    expect(stampOutcomes(stamped([stamp]))).toEqual([expected]);
    const verdict = judge(stamped([stamp]));
    expect(outcome(verdict)).toBe(expected === 'ok' ? 'ok' : 'noTrustedTime');
    // A refusal names what was wrong, or what could not be checked.
    if (!verdict.ok) expect(verdict.detail).toContain(expected);
    if (expected !== 'ok') expect(TIME_STAMP_REASONS).toContain(expected);
  });

  function imprint(id: string, name: string, data: Uint8Array): Uint8Array {
    const hash = createHash(name).update(data).digest();
    return by({ imprint: { algorithm: algorithm(id), hash } })(data);
  }
  function oldImprint(data: Uint8Array): Uint8Array {
    const old = makeGostKey('gost2004', 'imprint');
    return by({ imprint: { algorithm: algorithm(old.digestId()), hash: old.hash(data) } })(data);
  }
  function unknownExtension(critical: boolean): Uint8Array {
    return wrap(0xa1, extension('1.2.3.4', NULL, critical));
  }

  it('may be of another family than the signature', () => {
    const trust = createTrust([...gost.certificates, ...rsa.certificates]);
    expect(stampOutcomes(stamped([by({}, rsa)]), { trust })).toEqual(['ok']);
    expect(stampOutcomes(stamped([by({}, rsa)]))).toEqual(['untrusted']);
    const other = signCms(rsa.issue(PERSON, { key: makeRsaKey() }), CONTENT, {
      timeStamps: (signature) => [by()(signature)],
    });
    expect(outcome(judge(other, { trust }))).toBe('ok');
    // One family is trusted for signatures, the other one for time-stamps.
    const apart = { trust: createTrust(rsa.certificates), timeStampTrust: gostTrust };
    expect(outcome(judge(other, apart))).toBe('ok');
    expect(outcome(judge(other, { ...apart, timeStampTrust: apart.trust }))).toBe('noTrustedTime');
  });

  it('by an archived key counts only where such keys are allowed', () => {
    const stamp = by({ authority: authorityWith({ key: makeGostKey('gost2004') }) });
    expect(stampOutcomes(stamped([stamp]))).toEqual(['algorithmNotAllowed']);
    expect(stampOutcomes(stamped([stamp]), { allowGost2004: true })).toEqual(['ok']);
  });

  it('of a revoked authority counts for nothing, whenever it was revoked', () => {
    for (const at of [later(-2 * MINUTE), later(-MINUTE / 2)]) {
      const file = gost.crl([{ certificate: gost.stamping.certificate, at }], { thisUpdate: later(-1000) });
      const list = loadCrl(file, gostTrust);
      if (!list.ok) throw new Error(list.detail);
      expect(stampOutcomes(stamped([by()]), { crls: [list.crl] })).toEqual(['revoked']);
    }
    const clean = loadCrl(gost.crl([], { thisUpdate: later(-2 * MINUTE) }), gostTrust);
    if (!clean.ok) throw new Error(clean.detail);
    const verdict = judge(stamped([by()]), { crls: [clean.crl] });
    expect(verdict.ok && verdict.timeStamps?.[0]).toMatchObject({ revocation: { source: 'crl' } });
    const unlisted = judge(stamped([by()]));
    expect(unlisted.ok && unlisted.timeStamps?.[0]).toMatchObject({ revocation: { source: 'notChecked' } });
  });

  it('says when, how exactly, by whom, and until when it counts', () => {
    const verdict = judge(stamped([by({ accuracy: 1500, fraction: '.25' })]));
    expect(verdict).toMatchObject({
      ok: true,
      trustedTime: later(-MINUTE + 250 + 1500),
      timeStamps: [
        {
          ok: true,
          time: later(-MINUTE + 250),
          accuracy: 1500,
          policy: '1.2.398.3.3.2.6.4',
          authority: 'TIME-STAMPING AUTHORITY',
          certificate: { keyFamily: 'gost2015', extendedKeyUsage: [TIME_STAMPING] },
        },
      ],
    });
    // Without a word about its accuracy, the second that it names may be over.
    const plain = judge(stamped([by()]));
    expect(plain).toMatchObject({ trustedTime: later(-MINUTE + 1000), timeStamps: [{ accuracy: null }] });
  });
});

describe('several time-stamps', () => {
  const early = by({ at: later(-3 * MINUTE) });
  it('the earliest that counts gives the time, and a wrong one does no harm', () => {
    const verdict = judge(stamped([by(), early, by({}, foreign), by({ at: later(-DAY) }, foreign)]));
    expect(verdict).toMatchObject({ ok: true, trustedTime: later(-3 * MINUTE + 1000) });
    expect(verdict.ok && verdict.timeStamps?.map(({ ok }) => ok).toSorted()).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
  it('one beside the message counts as well, if it is about this signature', () => {
    const bare = signCms(person, CONTENT);
    const value = signatureValue(bare);
    if (!value.ok) throw new Error(value.detail);
    expect(outcome(judge(bare, { tokens: [by()(value.value)] }))).toBe('ok');
    expect(outcome(judge(bare, { tokens: [by()(Buffer.from('x'))] }))).toBe('noTrustedTime');
    expect(outcome(judge(bare))).toBe('noTrustedTime');
  });
  it.each([{}, { ber: true }, { detached: true, cades: true }, { timeStamps: () => [Buffer.from([4, 0])] }])(
    'one may be put into the message later: %j',
    (options) => {
      const bare = signCms(person, CONTENT, options);
      const value = signatureValue(bare);
      if (!value.ok) throw new Error(value.detail);
      const added = addTimeStamps(bare, [by()(value.value), by({ at: later(-2 * MINUTE) })(value.value)]);
      if (!added.ok) throw new Error(added.detail);
      expect(judge(added.message, { content: CONTENT })).toMatchObject({
        ok: true,
        trustedTime: later(-2 * MINUTE + 1000),
      });
      expect(addTimeStamps(bare, [])).toEqual({ ok: true, message: bare });
    },
  );
  it('cannot be put into what is no message', () => {
    expect(addTimeStamps(Buffer.from('x'), [])).toMatchObject({ ok: false, reason: 'malformed' });
    expect(addTimeStamps(gost.issuing.certificate, [])).toMatchObject({ ok: false, reason: 'malformed' });
    expect(() => addTimeStamps(CONTENT, 'x' as never)).toThrow('tokens');
  });
  it('more than four are refused', () => {
    expect(outcome(judge(stamped(Array.from({ length: 5 }, () => by()))))).toBe('tooLarge');
  });
  it('are judged for each of several signers', () => {
    const all = verifyAll({
      message: stamped([by()]),
      at: 'time-stamp',
      now: AT,
      trust: gostTrust,
      revocation: 'skip',
    });
    expect(all.ok && all.verdicts[0].trustedTime).toEqual(later(-MINUTE + 1000));
  });
});

describe('a signature whose certificate has ended', () => {
  it('is right at the time of its time-stamp', () => {
    const message = stamped([by({ at: later(-DAY) })], short);
    expect(outcome(judge(message, { at: AT, now: undefined }))).toBe('expired');
    expect(outcome(judge(message))).toBe('ok');
    expect(outcome(judge(message, { now: later(300 * DAY) }))).toBe('ok');
  });
  it('is not without one, nor by one from after the end or before the beginning', () => {
    expect(outcome(judge(stamped([], short)))).toBe('noTrustedTime');
    expect(outcome(judge(stamped([by({ at: later(-MINUTE + 1000) })], short)))).toBe('expired');
    // The certificate ends within the second that the time-stamp leaves open.
    expect(outcome(judge(stamped([by({ at: later(-MINUTE) })], short)))).toBe('expired');
    expect(outcome(judge(stamped([by({ at: later(-MINUTE - 1000) })], short)))).toBe('ok');
    expect(outcome(judge(stamped([by({ at: later(-3 * DAY) })], short)))).toBe('notYetValid');
  });
});

describe('a certificate that was revoked', () => {
  const T = later(-MINUTE);
  const message = stamped([by()]);
  const answer = (revokedAt: Date | null, thisUpdate: Date, form = {}) => ({
    response: gost.ocsp(person.certificate, {
      status: revokedAt === null ? 'good' : 'revoked',
      ...(revokedAt === null ? {} : { revokedAt }),
      thisUpdate,
      nextUpdate: new Date(thisUpdate.getTime() + DAY),
      ...form,
    }),
  });
  const ask = (ocsp: { response: Uint8Array }, now = AT) =>
    outcome(judge(message, { revocation: 'check', ocsp, now }));
  const NEXT_YEAR = later(300 * DAY);

  it.each<[string, Date | null, Date, Date, string]>([
    ['good at the time', null, T, AT, 'ok'],
    ['good a little later', null, later(MINUTE), later(2 * MINUTE), 'ok'],
    ['good, said an hour before', null, later(-60 * MINUTE), AT, 'ok'],
    ['good, said two days before', null, later(-2 * DAY), AT, 'revocationUnknown'],
    ['good, said a month later', null, later(30 * DAY), NEXT_YEAR, 'revocationUnknown'],
    ['good, said in the future', null, later(10 * MINUTE), AT, 'revocationUnknown'],
    ['revoked before', later(-2 * MINUTE), AT, AT, 'revoked'],
    [
      'revoked before, as was learned a month later',
      later(-2 * MINUTE),
      later(30 * DAY),
      NEXT_YEAR,
      'revoked',
    ],
    ['revoked in the second of the time-stamp', T, AT, AT, 'revoked'],
    ['revoked after', later(-30_000), AT, AT, 'ok'],
    ['revoked after, as was learned a month later', later(29 * DAY), later(30 * DAY), NEXT_YEAR, 'ok'],
    ['never issued', new Date(0), AT, AT, 'revoked'],
  ])('by a responder, %s: %s', (_what, revokedAt, thisUpdate, now, expected) => {
    expect(ask(answer(revokedAt, thisUpdate), now)).toBe(expected);
  });

  it('an answer by a responder that was certified only later counts at its own time', () => {
    const responder = authorityWith({
      notBefore: later(DAY / 4),
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'],
      extendedKeyUsageCritical: false,
    });
    expect(ask(answer(null, later(DAY / 2), { responder }), later(DAY))).toBe('ok');
    expect(ask(answer(null, T, { responder }), later(DAY))).toBe('revocationUnknown');
  });

  const listed = (revokedAt: Date | null, thisUpdate: Date) => {
    const entries = revokedAt === null ? [] : [{ certificate: person.certificate, at: revokedAt }];
    const list = loadCrl(gost.crl(entries, { thisUpdate }), gostTrust);
    if (!list.ok) throw new Error(list.detail);
    return list.crl;
  };
  it.each<[string, Date | null, Date, Date, string]>([
    ['not named at the time', null, later(-2 * MINUTE), AT, 'ok'],
    ['not named in the next list', null, later(DAY / 2), later(DAY), 'ok'],
    ['not named a month later', null, later(30 * DAY), NEXT_YEAR, 'revocationUnknown'],
    ['revoked before', later(-3 * MINUTE), later(-2 * MINUTE), AT, 'revoked'],
    ['revoked before, as was learned later', later(-3 * MINUTE), later(DAY / 2), later(DAY), 'revoked'],
    ['revoked after', later(DAY / 4), later(DAY / 2), later(DAY), 'ok'],
    ['revoked after, as was learned a month later', later(29 * DAY), later(30 * DAY), NEXT_YEAR, 'ok'],
  ])('by a list, %s: %s', (_what, revokedAt, thisUpdate, now, expected) => {
    const crls = [listed(revokedAt, thisUpdate)];
    expect(outcome(judge(message, { revocation: 'check', crls, now }))).toBe(expected);
  });

  it('one list that says revoked before outweighs every other', () => {
    const crls = [listed(null, later(-2 * MINUTE)), listed(later(-3 * MINUTE), later(DAY / 2))];
    expect(outcome(judge(message, { revocation: 'check', crls, now: later(DAY) }))).toBe('revoked');
  });

  it('without a time-stamp, nothing changed: what was learned later counts', () => {
    const crls = [listed(later(-30_000), later(-10_000))];
    const given = { certificate: person.certificate, at: AT, trust: gostTrust };
    expect(outcome(checkRevocation({ ...given, crls }) as never)).toBe('revoked');
    expect(outcome(checkRevocation({ ...given, ocsp: answer(later(-30_000), AT) }) as never)).toBe('revoked');
  });
});

describe('asking an authority', () => {
  const nonce = Buffer.from('00ff112233445566', 'hex');
  const data = Buffer.from('a signature');
  const ask = (family: typeof gost, options: object = {}) => {
    const request = timeStampRequest(data, { nonce, ...options });
    const read = readTimeStampResponse(family.answerTimeStamp(request, AT));
    if (!read.ok) throw new Error(read.detail);
    return read.token;
  };
  const check = (token: Uint8Array, given: object = {}) =>
    verifyTimeStamp({ token, data, at: AT, trust: gostTrust, nonce, ...given });

  it('gives a token that counts, by each digest and policy', () => {
    for (const digest of ['streebog512', 'sha256', 'sha512'] as const)
      expect(check(ask(gost, { digest, policy: '1.2.398.3.3.2.6.2' }))).toMatchObject({
        ok: true,
        policy: '1.2.398.3.3.2.6.2',
      });
    expect(check(ask(rsa), { trust: createTrust(rsa.certificates) }).ok).toBe(true);
  });
  it('refuses another nonce, and none', () => {
    const other = timeStampRequest(data, { nonce: Buffer.alloc(8, 5) });
    const read = readTimeStampResponse(gost.answerTimeStamp(other, AT));
    expect(outcome(check(read.ok ? read.token : data) as never)).toBe('nonceMismatch');
    expect(outcome(check(gost.timeStamp(data, AT)) as never)).toBe('nonceMismatch');
    expect(check(gost.timeStamp(data, AT), { nonce: undefined }).ok).toBe(true);
  });
  it('a refusal of the authority is one here', () => {
    expect(readTimeStampResponse(timeStampResponse(null))).toMatchObject({ ok: false, reason: 'notGranted' });
    expect(readTimeStampResponse(sequence(sequence(integer(0))))).toMatchObject({ reason: 'malformed' });
    expect(readTimeStampResponse(Buffer.from('<html>'))).toMatchObject({ reason: 'malformed' });
    expect(readTimeStampResponse(encode(0x30, encodeOid('1.2.3')))).toMatchObject({ reason: 'malformed' });
  });
  it('names a wrong argument', () => {
    expect(() => timeStampRequest(data, { nonce: Buffer.alloc(4) })).toThrow('nonce');
    expect(() => timeStampRequest(data, { nonce, digest: 'md5' as never })).toThrow('digest');
    expect(() => judge(stamped([]), { now: undefined })).toThrow('now');
    expect(() => judge(stamped([]), { at: AT })).toThrow('now');
    expect(() => judge(stamped([]), { timeStamps: 'all' as never })).toThrow('timeStamps');
    expect(() => judge(stamped([]), { tokens: [''] as never })).toThrow('tokens');
  });
});

describe('forged time-stamps', () => {
  const original = stamped([by({ accuracy: 500 }), by({ at: later(-2 * MINUTE), naming: 2 })]);
  const others = [
    original,
    stamped([by({}, foreign)]),
    stamped([() => by()(CONTENT)]),
    signCms(person, CONTENT),
  ];
  const right = judge(original);
  const identifiers = [TIME_STAMPING, '1.2.840.113549.1.9.16.1.4'].map((id) => body(parse(encodeOid(id))));

  it('never give an earlier time, and never throw', () => {
    const random = seeded(202);
    const seen = new Map<string, number>();
    const earliest = right.ok ? (right.trustedTime?.getTime() ?? 0) : Number.NaN;
    for (let i = 0; i < (process.env['TEST_COMPLETE'] === undefined ? 1500 : 10_000); i++) {
      const { bytes } = mutate(others[i % others.length] ?? original, others, identifiers, random);
      const verdict = judge(bytes);
      seen.set(outcome(verdict), (seen.get(outcome(verdict)) ?? 0) + 1);
      if (!verdict.ok) continue;
      expect(verdict.trustedTime?.getTime()).toBeGreaterThanOrEqual(earliest);
      expect(Buffer.from(verdict.content).equals(CONTENT)).toBe(true);
    }
    for (const reason of ['ok', 'noTrustedTime', 'malformed']) expect(seen.get(reason)).toBeGreaterThan(10);
  });

  it('alone give a verdict, whatever is in them', () => {
    const random = seeded(203);
    const data = Buffer.from('a signature');
    const tokens = [
      gost.timeStamp(data, AT),
      rsa.timeStamp(data, AT),
      gost.timeStamp(data, AT, { naming: 2 }),
    ];
    for (let i = 0; i < 1500; i++) {
      const { bytes } = mutate(tokens[i % 3] ?? data, tokens, identifiers, random);
      const verdict = verifyTimeStamp({ token: bytes, data, at: AT, trust: gostTrust });
      if (verdict.ok) expect(verdict.time).toEqual(AT);
      else expect(TIME_STAMP_REASONS).toContain(verdict.reason);
    }
  });
});

describe('time-stamps of the real authority, over signatures with keys of its test hierarchy', () => {
  const trust = fixtureTrust('ca-test');
  const name = (kind: string) => fixture(`cms/skarm_${kind}.der`);
  const given = { trust, timeStampTrust: productionTrust(), now: new Date('2026-11-22T12:00:00Z') };

  it.each(['individual_attached', 'legal_entity_attached'])('%s', (kind) => {
    const verdict = judge(name(kind), given);
    expect(verdict).toMatchObject({
      ok: true,
      timeStamps: [{ ok: true, policy: '1.2.398.3.3.2.6.4', authority: 'TIME-STAMPING AUTHORITY' }],
    });
    const [stamp] = (verdict.ok && verdict.timeStamps) || [];
    expect(stamp?.ok && stamp.chain).toHaveLength(3);
    expect(stamp?.ok && stamp.until).toEqual(new Date('2028-10-27T06:23:28Z'));
    expect(
      verdict.ok && Math.abs((verdict.trustedTime?.getTime() ?? 0) - (verdict.signedAt?.getTime() ?? 0)),
    ).toBeLessThan(10_000);
  });
  it('detached, after the end of the signer’s certificate, and before the authority’s', () => {
    const content = fixture('cms/skarm_individual_document.txt');
    const ask = (now: string) =>
      outcome(judge(name('individual_detached'), { ...given, content, now: new Date(now) }));
    expect(ask('2027-12-01T00:00:00Z')).toBe('ok');
    expect(ask('2028-10-28T00:00:00Z')).toBe('noTrustedTime');
    expect(ask('2026-07-01T00:00:00Z')).toBe('noTrustedTime');
  });
  it('not against the test hierarchy, whose authority is another', () => {
    expect(outcome(judge(name('individual_attached'), { ...given, timeStampTrust: trust }))).toBe(
      'noTrustedTime',
    );
  });
});
