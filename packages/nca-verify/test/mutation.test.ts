/**
 * The rule for judging mutants: a mutant may be accepted only if every signed part of it (content,
 * signed attributes, the signed part of the certificate) equals that of one accepted original,
 * octet for octet. Everything else gets a verdict and never an exception.
 */
import { Session } from 'node:inspector';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OID } from '../src/algorithms.ts';
import { certificate } from '../src/certificate.ts';
import { loadCrl } from '../src/crl.ts';
import { body, parse } from '../src/der.ts';
import { encode, encodeOid } from '../src/der-writer.ts';
import { ocspStatus } from '../src/ocsp.ts';
import { signCms, signedAttributes } from '../src/testing/cms.ts';
import { algorithm, extension, sequence, setOf } from '../src/testing/der.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import { makeCrl } from '../src/testing/lists.ts';
import { createTrust } from '../src/trust.ts';
import { REASONS, type Verdict } from '../src/verdict.ts';
import { verify } from '../src/verify.ts';
import { KINDS, mutate, seeded } from './mutator.ts';
import { AT, CONTENT, fixture, gost, gostTrust, later, MINUTE, PERSON } from './support.ts';

const CASES = 8000;
const SEED = 20_261_122;
const DAY = 86_400_000;

const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'mutation') });
const stranger = gost.issue(
  { ...PERSON, iin: '900101300025', surname: 'ДРУГОЙ' },
  { key: makeGostKey('gost2015', 'stranger') },
);
const OTHER_CONTENT = Buffer.from('{"purpose":"sign-in","nonce":"another"}');

interface Original {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
  /** The signed octets, as they are in the message (with the tag there). */
  readonly attributes: Uint8Array;
  readonly certificate: Uint8Array;
  readonly detached: boolean;
}

function own(
  name: string,
  identity = person,
  content: Uint8Array = CONTENT,
  options: Parameters<typeof signCms>[2] = {},
): Original {
  const attributes = Uint8Array.from(setOf(...signedAttributes(identity, content, options)));
  attributes[0] = 0xa0;
  const bytes = signCms(identity, content, options);
  return {
    name,
    bytes,
    content,
    attributes,
    certificate: identity.certificate,
    detached: options.detached === true,
  };
}

/** Reads a sample. The test finds its parts by position, independently of the verifier. */
function sample(name: string, path: string, content: string): Original {
  const bytes = fixture(path);
  const signedData = parse(bytes).children[1]?.children[0];
  const bag = signedData?.children.find(({ tag }) => tag === 0xa0)?.children[0];
  const attributes = signedData?.children.at(-1)?.children[0]?.children.find(({ tag }) => tag === 0xa0);
  if (bag === undefined || attributes === undefined) throw new Error(`${path}: another form`);
  return {
    name,
    bytes,
    content: fixture(content),
    attributes: bytes.subarray(attributes.start, attributes.end),
    certificate: bytes.subarray(bag.start, bag.end),
    detached: path.includes('detached'),
  };
}

const originals: readonly Original[] = [
  own('attached'),
  own('detached', person, CONTENT, { detached: true }),
  own('CAdES', person, CONTENT, { cades: true, signingTime: AT }),
  own('BER', person, CONTENT, { ber: true }),
  own('of other content', person, OTHER_CONTENT),
  own('of another person', stranger),
  sample('made, GOST', 'made/gost2015/gost2015_individual_attached.der', 'made/challenge.json'),
  sample('made, RSA', 'made/rsa/rsa_individual_attached.der', 'made/challenge.json'),
  sample('with a time-stamp', 'cms/skarm_individual_attached.der', 'cms/skarm_individual_document.txt'),
];

const FILES = [
  'ca-test/root_test_gost_2022.cer',
  'ca-test/nca_gost2022_test.cer',
  'made/gost2015/root.cer',
  'made/gost2015/nca.cer',
  'made/rsa/root.cer',
  'made/rsa/nca.cer',
];
const trust = createTrust([...gost.certificates, ...FILES.map(fixture)]);
const identifiers = [
  ...Object.values(OID),
  '1.2.840.113549.1.9.3',
  '1.2.840.113549.1.9.4',
  '1.2.840.113549.1.7.1',
  '2.5.4.5',
  '2.5.29.15',
].map((id) => body(parse(encodeOid(id))));

function judge(message: Uint8Array, content?: Uint8Array): Verdict {
  return verify({ message, at: AT, trust, revocation: 'skip', content });
}

/**
 * The signed part of a certificate and its signature. The algorithm between them is not signed and
 * may lack its NULL.
 */
function signedParts(der: Uint8Array): Buffer {
  const [tbs, , signature] = parse(der).children;
  if (tbs === undefined || signature === undefined) throw new Error('no certificate');
  return Buffer.concat([der.subarray(tbs.start, tbs.end), der.subarray(signature.start, signature.end)]);
}

/** True when every signed part of an accepted mutant comes from one original. */
function isWhole(bytes: Uint8Array, verdict: Verdict): boolean {
  if (!verdict.ok) return true;
  const mutant = Buffer.from(bytes);
  return originals.some(
    (original) =>
      Buffer.compare(verdict.content, original.content) === 0 &&
      signedParts(verdict.signer.certificate.der).equals(signedParts(original.certificate)) &&
      mutant.includes(Buffer.from(verdict.signer.certificate.der)) &&
      mutant.includes(Buffer.from(original.attributes)),
  );
}

/** The blocks of our parsers that ran during `work`, in per cent, as V8 counts them. */
function covered(work: () => void): Map<string, number> {
  const session = new Session();
  session.connect();
  const share = new Map<string, number>();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  work();
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error !== null) throw error;
    for (const script of coverage.result) {
      const file = /src\/(der|cms|certificate|name|algorithms|trust|signer|verify)\.ts$/.exec(
        script.url,
      )?.[1];
      if (file === undefined) continue;
      const ranges = script.functions
        .filter(({ functionName }) => functionName !== '')
        .flatMap(({ ranges }) => ranges);
      const run = ranges.filter(({ count }) => count > 0).length;
      share.set(file, Math.round((100 * run) / ranges.length));
    }
  });
  session.disconnect();
  return share;
}

// A quiet machine needs seconds; the limit is for a busy one. Milliseconds.
const PATIENCE = { timeout: 300_000 };

describe('messages', PATIENCE, () => {
  // This test runs first, because V8 only counts code that it has not optimised yet.
  it(`${CASES} mutants: accepted only when every signed part is that of an original`, () => {
    const random = seeded(SEED);
    const tally = new Map<string, number>();
    const kindsUsed = new Set<string>();
    const broken: string[] = [];
    const coverage = covered(() => {
      for (let i = 0; i < CASES; i++) {
        const original = originals[i % originals.length];
        if (original === undefined) continue;
        const others = originals.map(({ bytes }) => bytes);
        const mutant = mutate(original.bytes, others, identifiers, random);
        // Attached mutants are judged with and without the expected content. Detached ones need it.
        const expected = original.detached || random() < 0.5 ? original.content : undefined;
        const verdict = judge(mutant.bytes, expected);
        const result = verdict.ok ? 'accepted' : verdict.reason;
        tally.set(result, (tally.get(result) ?? 0) + 1);
        for (const kind of mutant.kinds) kindsUsed.add(kind);
        const contentKept =
          !verdict.ok || expected === undefined || Buffer.compare(verdict.content, expected) === 0;
        if (!isWhole(mutant.bytes, verdict) || !contentKept)
          broken.push(`case ${i} ${original.name} ${mutant.kinds}`);
      }
    });
    console.log(`mutants: ${CASES}, ${[...tally].map(([what, count]) => `${what} ${count}`).join(', ')}`);
    console.log(
      `blocks run, per cent: ${[...coverage].map(([file, share]) => `${file} ${share}`).join(', ')}`,
    );
    expect(broken).toEqual([]);
    expect(kindsUsed.size).toBe(KINDS.length);
    // The mutator is only useful if its mutants get past the first check and reach every reason.
    for (const reason of [
      'malformed',
      'noSignedAttributes',
      'contentMismatch',
      'algorithmNotAllowed',
      'certificateMissing',
      'badSignature',
      'accepted',
    ]) {
      expect([reason, (tally.get(reason) ?? 0) > 10]).toEqual([reason, true]);
    }
    for (const file of ['der', 'cms', 'certificate'])
      expect([file, (coverage.get(file) ?? 0) >= 80]).toEqual([file, true]);
  });

  it('the originals are accepted', () => {
    const answers = originals.map(({ name, bytes, content }) => [name, judge(bytes, content).ok]);
    expect(answers).toEqual(originals.map(({ name }) => [name, true]));
  });

  it('random bytes and text get a verdict', () => {
    const isVerdict = (verdict: Verdict): boolean => !verdict.ok && REASONS.includes(verdict.reason);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, asSequence) => {
        if (asSequence) bytes[0] = 0x30;
        return isVerdict(judge(bytes));
      }),
      { seed: SEED, numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.base64String({ maxLength: 400 })), (text) =>
        isVerdict(verify({ message: text, at: AT, trust })),
      ),
      { seed: SEED, numRuns: 2000 },
    );
    expect(judge(new Uint8Array()).ok).toBe(false);
  });

  it('every truncation and single changed octet of a message is refused or harmless', () => {
    const broken: string[] = [];
    for (const original of originals.slice(0, 3)) {
      for (let at = 0; at < original.bytes.length; at++) {
        const cut = judge(original.bytes.subarray(0, at), original.content);
        if (cut.ok) broken.push(`${original.name}: cut at ${at}`);
        const changed = Uint8Array.from(original.bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        const verdict = judge(changed, original.content);
        if (!isWhole(changed, verdict)) broken.push(`${original.name}: octet ${at}`);
      }
    }
    expect(broken).toEqual([]);
  });
});

describe('answers and lists', PATIENCE, () => {
  const issuer = gostTrust.intermediates[0];
  if (issuer === undefined) throw new Error('no issuer');

  it('2000 mutants of an OCSP answer: "good" only for the signed octets of the original', () => {
    const good = gost.ocsp(person.certificate, { status: 'good', thisUpdate: AT });
    const others = [
      good,
      gost.ocsp(stranger.certificate, { status: 'good', thisUpdate: AT }),
      gost.ocsp(person.certificate, { status: 'revoked', thisUpdate: AT }),
      gost.ocsp(person.certificate, { status: 'good', thisUpdate: later(-60 * MINUTE) }),
      gost.ocsp(person.certificate, {
        status: 'good',
        thisUpdate: later(-2 * DAY),
        nextUpdate: later(DAY),
      }),
    ];
    // The signed data: the first element of the basic answer, as a text to search for.
    const basic = parse(body(parse(good).children[1]?.children[0]?.children[1] ?? parse(good)));
    const data = basic.children[0];
    if (data === undefined) throw new Error('no data');
    const signed = Buffer.from(basic.source.subarray(data.start, data.end));
    const random = seeded(SEED + 1);
    const statusOf = (response: Uint8Array): string =>
      ocspStatus({
        response,
        certificate: certificate(person.certificate),
        issuer,
        trust: gostTrust,
        at: AT.getTime(),
        nonce: null,
        allowGost2004: false,
      }).status;
    const broken: number[] = [];
    for (let i = 0; i < 2000; i++) {
      const { bytes } = mutate(good, others, identifiers, random);
      if (statusOf(bytes) === 'good' && !Buffer.from(bytes).includes(signed)) broken.push(i);
    }
    expect(broken).toEqual([]);
    expect(others.map(statusOf)).toEqual(['good', 'unknown', 'revoked', 'unknown', 'unknown']);
  });

  it('2000 mutants of a list: loaded only when the signed octets are those of the original', () => {
    const list = gost.crl(
      [
        { certificate: person.certificate, at: AT, reason: 1 },
        { serial: Uint8Array.of(9), at: AT },
      ],
      { thisUpdate: AT },
    );
    const empty = gost.crl([], { thisUpdate: AT, number: 2 });
    const form = { issuer: gost.issuing, thisUpdate: AT, nextUpdate: later(60 * MINUTE) };
    const scoped = makeCrl({
      ...form,
      revoked: [{ certificate: person.certificate, at: AT, reason: 1 }],
      extraExtensions: [extension('2.5.29.28', sequence(encode(0x82, Uint8Array.of(0xff))), true)],
    });
    const bare = makeCrl({
      ...form,
      revoked: [{ certificate: person.certificate, at: AT }],
      innerAlgorithm: algorithm(gost.issuing.key.signatureId(), null),
    });
    const all = [list, empty, scoped, bare];
    const signed = all.map((bytes) => {
      const tbs = parse(bytes).children[0];
      return Buffer.from(bytes.subarray(tbs?.start, tbs?.end));
    });
    const random = seeded(SEED + 2);
    const broken: number[] = [];
    for (let i = 0; i < 2000; i++) {
      const { bytes } = mutate([list, scoped, bare][i % 3] ?? list, all, identifiers, random);
      if (loadCrl(bytes, gostTrust).ok && !signed.some((octets) => Buffer.from(bytes).includes(octets)))
        broken.push(i);
    }
    expect(broken).toEqual([]);
    expect(all.map((bytes) => loadCrl(bytes, gostTrust).ok)).toEqual(all.map(() => true));
  });
});
