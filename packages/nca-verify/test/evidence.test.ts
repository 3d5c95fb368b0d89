/**
 * Evidence that outlives its certificates: what is believed, and what any alteration does to it.
 */
import { generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadCrl } from '../src/crl.ts';
import { type SealKey, verifyJws } from '../src/es256.ts';
import {
  type EvidenceRecord,
  type EvidenceSeal,
  evidenceLeaf,
  readEvidence,
  rootBy,
  type SealHash,
  sealTree,
  writeEvidence,
} from '../src/evidence.ts';
import { makeCertificate } from '../src/testing/certificates.ts';
import { signCms } from '../src/testing/cms.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import { makeTimeStamp } from '../src/testing/time-stamps.ts';
import { createTrust } from '../src/trust.ts';
import { type VerifyEvidenceRequest, verifyEvidence } from '../src/verify-evidence.ts';
import { jws, keySeal, recordOf, sealTogether } from './evidence-support.ts';
import { seeded } from './mutator.ts';
import { AT, CONTENT, gost, gostTrust, later, MINUTE, PERSON } from './support.ts';

const DAY = 86_400_000;
const IN_2029 = new Date('2029-01-01T00:00:00Z');
const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'evidence') });

/** A time-stamp authority that ends at this time. */
function authorityUntil(notAfter: Date, notBefore = later(-30 * DAY)) {
  const key = makeGostKey();
  const certificate = makeCertificate({
    subject: Uint8Array.from([0x30, 0]),
    key,
    issuer: gost.issuing,
    notBefore,
    notAfter,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.8'],
    extendedKeyUsageCritical: true,
  });
  return { key, certificate };
}
const short = authorityUntil(later(400 * DAY));
const next = authorityUntil(later(700 * DAY), later(300 * DAY));
const last = authorityUntil(later(2000 * DAY), later(600 * DAY));

const good = gost.ocsp(person.certificate, {
  status: 'good',
  thisUpdate: later(MINUTE),
  nextUpdate: later(DAY),
});
const revokedAt = (at: Date, thisUpdate = later(DAY / 2)) =>
  gost.ocsp(person.certificate, { status: 'revoked', revokedAt: at, thisUpdate, nextUpdate: later(DAY) });

const signed = (authority: typeof short | null, identity = person) =>
  signCms(identity, CONTENT, {
    timeStamps: (data) => (authority === null ? [] : [makeTimeStamp({ authority, data, at: AT })]),
  });
const bare = recordOf({ message: signed(short), ocsp: [good], verifiedAt: AT });
const neighbour = recordOf({ message: signed(null), ocsp: [] });
const third = recordOf({ message: signed(last) });

const stampBy = (authority: typeof short, at: Date) => (data: Uint8Array) =>
  makeTimeStamp({ authority, data, at });
/** Seals the record among two others, by an authority. */
function sealed(record: EvidenceRecord, authority: typeof short, at: Date, hash: SealHash = 'sha256') {
  return sealTogether([neighbour, record, third], 'time-stamp', stampBy(authority, at), hash)[1] ?? record;
}

function check(evidence: EvidenceRecord | string, at: Date, given: Partial<VerifyEvidenceRequest> = {}) {
  return verifyEvidence({ evidence, at, trust: gostTrust, ...given });
}
function result(
  evidence: EvidenceRecord | string,
  at = IN_2029,
  given: Partial<VerifyEvidenceRequest> = {},
): string {
  const verdict = check(evidence, at, given);
  if (verdict.ok) return 'ok';
  return verdict.seal === undefined ? verdict.reason : `${verdict.reason} ${verdict.seal}`;
}

const once = sealed(bare, next, later(350 * DAY));
const twice = sealed(once, last, later(650 * DAY), 'sha512');
const thrice = sealed(twice, last, later(690 * DAY), 'streebog512');

describe('evidence', () => {
  it('without seals counts while the authority of the time-stamp does', () => {
    expect(result(bare, later(DAY))).toBe('ok');
    expect(result(bare, later(390 * DAY))).toBe('ok');
    expect(result(bare, later(401 * DAY))).toBe('noTrustedTime');
  });
  it('sealed in time counts while the last seal does, by whichever digests', () => {
    expect(result(once, later(600 * DAY))).toBe('ok');
    expect(result(once)).toBe('sealBroken 1');
    expect([result(twice), result(thrice)]).toEqual(['ok', 'ok']);
    expect(check(thrice, IN_2029)).toMatchObject({
      timeBy: 'time-stamp',
      independent: true,
      trustedTime: later(1000),
      signer: { iin: PERSON.iin },
      revocation: { source: 'ocsp' },
      seals: [
        { kind: 'time-stamp', time: later(350 * DAY + 1000), until: later(700 * DAY) },
        { time: later(650 * DAY + 1000), until: later(2000 * DAY) },
        { time: later(690 * DAY + 1000) },
      ],
    });
  });
  it('sealed too late does not count', () => {
    // The time-stamp has ended by then, and at the time of the seal, the signer's certificate.
    expect(result(sealed(bare, last, later(610 * DAY)))).toBe('expired');
    expect(result(sealed(once, last, later(701 * DAY)))).toBe('sealBroken 1');
  });
  it('is read again as it was written', () => {
    expect(result(writeEvidence(thrice))).toBe('ok');
    expect(writeEvidence(readEvidence(writeEvidence(thrice)) ?? bare)).toBe(writeEvidence(thrice));
  });
});

describe('a certificate that ended', () => {
  const ended = gost.issue(PERSON, { notBefore: later(-DAY), notAfter: later(DAY) });
  const answer = gost.ocsp(ended.certificate, { status: 'good', thisUpdate: AT, nextUpdate: later(DAY) });
  it('before a time-stamp, and without one', () => {
    const stamped = recordOf({ message: signed(short, ended), ocsp: [answer] });
    expect(result(stamped, later(300 * DAY))).toBe('ok');
    const without = recordOf({ message: signed(null, ended), ocsp: [answer] });
    expect(result(without, later(300 * DAY))).toBe('noTrustedTime');
    expect(result(without, later(MINUTE))).toBe('noTrustedTime');
    // A seal that came while the certificate was valid says the time as well; a later one does not.
    const early = sealed(without, short, later(MINUTE));
    expect(check(early, later(300 * DAY))).toMatchObject({ ok: true, timeBy: 'seal', independent: true });
    expect(result(sealed(without, short, later(2 * DAY)), later(300 * DAY))).toBe('expired');
  });
});

describe('a certificate that was revoked', () => {
  const withAnswers = (...ocsp: readonly Uint8Array[]) => sealed({ ...bare, ocsp }, last, later(399 * DAY));
  const lastly = authorityUntil(later(2000 * DAY));
  const judge = (...ocsp: readonly Uint8Array[]) =>
    result(sealed({ ...bare, ocsp }, lastly, later(399 * DAY)));
  it('before or after the time of the signature', () => {
    expect(judge(good)).toBe('ok');
    expect(judge(revokedAt(later(MINUTE)))).toBe('ok');
    expect(judge(revokedAt(later(-MINUTE)))).toBe('revoked');
    expect(judge()).toBe('revocationUnknown');
    expect(result(withAnswers(good))).toBe('sealBroken 1');
  });
  it('one answer that says revoked before outweighs the others', () => {
    expect(judge(good, revokedAt(later(-MINUTE)))).toBe('revoked');
    expect(judge(revokedAt(later(-MINUTE)), good)).toBe('revoked');
    expect(judge(Buffer.from('none'), good)).toBe('ok');
  });
  it('an answer from after the seal does not count', () => {
    const early = sealed({ ...bare, ocsp: [good] }, lastly, later(-30 * MINUTE));
    expect(result(early)).not.toBe('ok');
  });
  it('lists in the record, or given beside it, count as well', () => {
    const list = gost.crl([], { thisUpdate: later(-MINUTE) });
    const before = gost.crl([{ certificate: person.certificate, at: later(-2 * MINUTE) }], {
      thisUpdate: later(-MINUTE),
    });
    const listed = (file: Uint8Array) =>
      sealed({ ...bare, ocsp: [], lists: [file] }, lastly, later(399 * DAY));
    expect([result(listed(list)), result(listed(before))]).toEqual(['ok', 'revoked']);
    const loaded = loadCrl(before, gostTrust);
    expect(result(thrice, IN_2029, { crls: loaded.ok ? [loaded.crl] : [] })).toBe('revoked');
  });
});

describe('altered evidence', () => {
  const full = sealed(
    sealed(
      { ...bare, chain: [gost.issuing.certificate], tokens: [Buffer.from('x')], lists: [Buffer.from('y')] },
      last,
      later(399 * DAY),
    ),
    last,
    later(650 * DAY),
  );
  // `last` begins after `short` ended, so its first seal is put by one that lives all the time.
  const lasting = authorityUntil(later(2000 * DAY));
  const base = sealed({ ...full, seals: [] }, lasting, later(399 * DAY));
  const whole = sealed(base, last, later(650 * DAY));
  const at = (index: number, change: (seal: EvidenceSeal) => EvidenceSeal): EvidenceRecord => ({
    ...whole,
    seals: whole.seals.map((seal, i) => (i === index ? change(seal) : seal)),
  });

  it('starts from one that is right', () => expect(result(whole)).toBe('ok'));
  it.each<[string, EvidenceRecord]>([
    ['message', { ...whole, message: flip(whole.message, whole.message.length - 1) }],
    ['content', { ...whole, content: CONTENT }],
    ['time of the archive', { ...whole, verifiedAt: later(1) }],
    ['time of the archive, missing', { ...whole, verifiedAt: null }],
    ['chain', { ...whole, chain: [] }],
    ['chain, more', { ...whole, chain: [...whole.chain, gost.root.certificate] }],
    ['answer', { ...whole, ocsp: [flip(good, 40)] }],
    ['answer, exchanged', { ...whole, ocsp: [revokedAt(later(MINUTE))] }],
    ['answer, missing', { ...whole, ocsp: [] }],
    ['answer, moved to the lists', { ...whole, ocsp: [], lists: [good] }],
    ['token', { ...whole, tokens: [Buffer.from('z')] }],
    ['token, missing', { ...whole, tokens: [] }],
    ['list', { ...whole, lists: [Buffer.from('z')] }],
    ['first seal', at(0, (seal) => ({ ...seal, seal: flip(seal.seal, seal.seal.length - 1) }))],
    ['first path', at(0, (seal) => ({ ...seal, path: seal.path.map((node) => flip(node, 0)) }))],
    ['first place', at(0, (seal) => ({ ...seal, place: 0 }))],
    ['first size', at(0, (seal) => ({ ...seal, size: 4 }))],
    ['first digest', at(0, (seal) => ({ ...seal, hash: 'sha512' }))],
    ['first kind', at(0, (seal) => ({ ...seal, kind: 'key' }))],
    ['last seal', at(1, (seal) => ({ ...seal, seal: flip(seal.seal, seal.seal.length - 1) }))],
    ['last path', at(1, (seal) => ({ ...seal, path: [] }))],
    ['last place', at(1, (seal) => ({ ...seal, place: 9 }))],
    ['first seal, missing', { ...whole, seals: whole.seals.slice(1) }],
    ['seals, exchanged', { ...whole, seals: whole.seals.toReversed() }],
    ['first seal, twice', { ...whole, seals: [...whole.seals.slice(0, 1), ...whole.seals] }],
  ])('%s', (_what, record) => {
    expect(result(record)).toMatch(/^sealBroken [123]$/);
  });
  it('a chain of seals that is broken in the middle names its place', () => {
    const broken = thrice.seals.map((seal, i) => (i === 1 ? { ...seal, seal: flip(seal.seal, 300) } : seal));
    // The seal after it covers it, and is found first.
    expect(result({ ...thrice, seals: broken })).toBe('sealBroken 3');
    const ended = sealed(sealed(once, next, later(690 * DAY)), last, later(701 * DAY));
    expect(result(ended)).toBe('sealBroken 2');
    // A wrong seal that was sealed again: the last counts, and the one below it does not.
    const [first] = sealTogether([bare], 'time-stamp', () => Buffer.from('no token'));
    const again = sealed(sealed(first ?? bare, lasting, later(399 * DAY)), last, later(650 * DAY));
    expect(result(again)).toBe('sealBroken 1');
    const younger = sealed(sealed(bare, lasting, later(399 * DAY)), lasting, later(398 * DAY));
    expect(result(younger)).toBe('sealBroken 1');
  });
  it('the last seal, missing: an earlier one has ended', () => {
    expect(result({ ...thrice, seals: thrice.seals.slice(0, 1) })).toBe('sealBroken 1');
  });
  it('in any one character is refused, or means the same', () => {
    const text = writeEvidence(whole);
    const random = seeded(204);
    const letters = 'Aa0/+=", {}[]:\n';
    const seen = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const place = Math.floor(random() * text.length);
      const letter = letters[Math.floor(random() * letters.length)] ?? '';
      const changed = text.slice(0, place) + letter + text.slice(place + (random() < 0.8 ? 1 : 0));
      const outcome = result(changed);
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      if (outcome === 'ok') expect(JSON.parse(changed)).toEqual(JSON.parse(text));
    }
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['notEvidence', 'sealBroken 2']));
  });
  it('is no record', () => {
    const right = JSON.parse(writeEvidence(thrice)) as Record<string, unknown>;
    const [seal] = right['seals'] as readonly object[];
    const wrong: readonly unknown[] = [
      null,
      [],
      { ...right, type: 'receipt' },
      { ...right, version: 2 },
      { ...right, message: '' },
      { ...right, message: 'a' },
      { ...right, content: 1 },
      { ...right, verifiedAt: '2026-11-22' },
      { ...right, ocsp: {} },
      { ...right, chain: Array.from({ length: 21 }, () => 'AAAA') },
      { ...right, extra: 1 },
      { ...right, seals: [{ ...seal, hash: 'md5' }] },
      { ...right, seals: [{ ...seal, hash: 'toString' }] },
      { ...right, seals: [{ ...seal, kind: 'other' }] },
      { ...right, seals: [{ ...seal, place: -1 }] },
      { ...right, seals: [{ ...seal, path: ['zz'] }] },
      { ...right, seals: [{}] },
    ];
    for (const value of wrong) expect(result(JSON.stringify(value))).toBe('notEvidence');
    expect(result('{')).toBe('notEvidence');
    expect(result(recordOf({ message: Buffer.from('x') }))).toBe('malformed');
  });
});

describe('seals by the archive itself', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'archive' } as SealKey;
  const sealKeys = [{ ...other.publicKey.export({ format: 'jwk' }), kid: 'other' } as SealKey, jwk];
  const byKey = (record: EvidenceRecord, at: Date, key = privateKey, kid = 'archive') =>
    sealTogether([record, neighbour], 'key', keySeal(key, kid, at))[0] ?? record;
  const plain = recordOf({ message: signed(null), ocsp: [good], verifiedAt: AT });

  it('count where the keys are given, and say that the time is the archive’s word', () => {
    const record = byKey(plain, later(DAY));
    expect(check(record, IN_2029, { sealKeys })).toMatchObject({
      ok: true,
      timeBy: 'archive',
      independent: false,
      trustedTime: AT,
      seals: [{ kind: 'key', by: 'archive', until: null, time: later(DAY) }],
    });
    expect(result(record)).toBe('sealBroken 1');
    expect(result(plain, IN_2029, { sealKeys })).toBe('noTrustedTime');
  });
  it('a time-stamp keeps its own time, and seals of both kinds may follow each other', () => {
    const mixed = sealed(byKey(bare, later(300 * DAY)), last, later(650 * DAY));
    expect(check(mixed, IN_2029, { sealKeys })).toMatchObject({
      ok: true,
      timeBy: 'time-stamp',
      independent: false,
      trustedTime: later(1000),
    });
  });
  it.each<[string, Uint8Array | ((root: Uint8Array, hash: SealHash, size: number) => Uint8Array)]>([
    ['another key', keySeal(other.privateKey, 'archive', later(DAY))],
    ['a key that is not given', keySeal(privateKey, 'stranger', later(DAY))],
    ['a time after now', keySeal(privateKey, 'archive', later(3000 * DAY))],
    ['another root', (root, hash, size) => keySeal(privateKey, 'archive', AT)(root.toReversed(), hash, size)],
    ['another size', (root, hash, size) => keySeal(privateKey, 'archive', AT)(root, hash, size + 1)],
    ['another digest', (root, _hash, size) => keySeal(privateKey, 'archive', AT)(root, 'sha512', size)],
    [
      'no time',
      (root, hash, size) =>
        jws(
          privateKey,
          { alg: 'ES256', kid: 'archive', typ: 'evidence-seal+jws' },
          { hash, root: Buffer.from(root).toString('hex'), size },
        ),
    ],
    ['another type', () => jws(privateKey, { alg: 'ES256', kid: 'archive', typ: 'receipt+jws' }, {})],
    ['no JWS', Buffer.from('a.b')],
  ])('with %s are broken', (_what, seal) => {
    const made = typeof seal === 'function' ? seal : () => seal;
    const [record] = sealTogether([plain], 'key', made);
    expect(result(record ?? plain, IN_2029, { sealKeys })).toBe('sealBroken 1');
  });
  it('do not undo a revocation before the time-stamp by an earlier word of the archive', () => {
    const answer = (status: 'good' | 'revoked', thisUpdate: Date) =>
      gost.ocsp(person.certificate, {
        status,
        revokedAt: later(-5 * MINUTE),
        thisUpdate,
        nextUpdate: later(DAY),
      });
    const ocsp = [answer('good', later(-10 * MINUTE)), answer('revoked', later(MINUTE))];
    const record = byKey({ ...bare, verifiedAt: later(-10 * MINUTE), ocsp }, later(DAY));
    expect(result(record, later(2 * DAY), { sealKeys })).toBe('revoked');
    const without = byKey({ ...plain, verifiedAt: later(-10 * MINUTE), ocsp }, later(DAY));
    expect(result(without, later(2 * DAY), { sealKeys })).toBe('ok');
  });
  it('do not vouch for a time after their own', () => {
    const late = { ...plain, verifiedAt: later(2 * DAY) };
    expect(check(byKey(late, later(DAY)), IN_2029, { sealKeys })).toMatchObject({ trustedTime: later(DAY) });
  });
  it('the arithmetic agrees with OpenSSL, right and wrong', () => {
    for (let i = 0; i < 20; i++) {
      const text = Buffer.from(`message ${i}`);
      const head = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'archive', typ: 't' })).toString(
        'base64url',
      );
      const body = Buffer.from(JSON.stringify({ text: text.toString() })).toString('base64url');
      const signature = nodeSign('sha256', Buffer.from(`${head}.${body}`), {
        key: privateKey,
        dsaEncoding: 'ieee-p1363',
      });
      const ask = (bytes: Uint8Array, key = jwk) =>
        typeof verifyJws(`${head}.${body}.${Buffer.from(bytes).toString('base64url')}`, 't', [key]) !==
        'string';
      expect(ask(signature)).toBe(true);
      expect(ask(flip(signature, i * 3))).toBe(false);
      expect(ask(signature.subarray(1))).toBe(false);
      expect(ask(Buffer.concat([Buffer.alloc(32), signature.subarray(32)]))).toBe(false);
      expect(ask(Buffer.concat([signature.subarray(0, 32), Buffer.alloc(32)]))).toBe(false);
      expect(ask(signature, { ...jwk, y: jwk.x })).toBe(false);
    }
  });
});

describe('the tree of a seal', () => {
  it.each([1, 2, 3, 5, 8, 9])(
    'of %i leaves leads each of them to its root, and to no other place',
    (size) => {
      const leaves = Array.from({ length: size }, (_, i) =>
        evidenceLeaf(recordOf({ message: Buffer.of(i) }), 'sha256'),
      );
      const { root, paths } = sealTree(leaves, 'sha256');
      expect(paths).toHaveLength(size);
      leaves.forEach((leaf, place) => {
        const path = paths[place] ?? [];
        const seal = {
          kind: 'key' as const,
          hash: 'sha256' as const,
          place,
          size,
          path,
          seal: new Uint8Array(),
        };
        expect(rootBy(leaf, seal)).toEqual(root);
        expect(rootBy(leaf, { ...seal, path: [...path, leaf] })).toBeNull();
        expect(rootBy(leaf, { ...seal, place: size })).toBeNull();
        if (size > 1) expect(rootBy(leaf, { ...seal, place: (place + 1) % size })).not.toEqual(root);
      });
    },
  );
});

it('issuers in a record lead only to anchors that are trusted', () => {
  const root = createTrust([gost.root.certificate]);
  const chain = [gost.issuing.certificate, gost.root.certificate];
  expect(result({ ...bare, chain }, later(DAY), { trust: root })).toBe('ok');
  expect(result(bare, later(DAY), { trust: root })).toBe('noTrustedTime');
  expect(result({ ...bare, chain }, later(DAY), { trust: createTrust([]) })).toBe('noTrustedTime');
  const forged = makeCertificate({
    subject: Uint8Array.from([0x30, 0]),
    key: makeGostKey(),
    issuer: person,
    notBefore: later(-DAY),
    notAfter: later(DAY),
    keyUsage: ['keyCertSign'],
    ca: {},
  });
  expect(result({ ...bare, chain: [...chain, forged, Buffer.from('x')] }, later(DAY), { trust: root })).toBe(
    'ok',
  );
});

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
