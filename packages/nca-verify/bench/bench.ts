/** Measures what a verification costs and prints a table. Each figure takes about 1.5 seconds. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { SignedXml } from 'xml-crypto';
import { digest, OID, publicKey, verifySignature } from '../src/algorithms.ts';
import { gostBinary } from '../src/assets.ts';
import { certificate as readCertificate } from '../src/certificate.ts';
import { checkRevocation } from '../src/check-revocation.ts';
import { parse } from '../src/der.ts';
import { encode, wrap } from '../src/der-writer.ts';
import { GOST_2015_512, inverse } from '../src/gost-reference.ts';
import { bestBinary, gostEngine, useBinary } from '../src/gost-wasm.ts';
import { fromLittleEndian } from '../src/little-endian.ts';
import { createVerifierPool } from '../src/pool.ts';
import { streebog } from '../src/streebog.ts';
import { createTestAuthority, restoreTestAuthority, type TestAuthority } from '../src/testing/authority.ts';
import type { Identity } from '../src/testing/certificates.ts';
import { keyIdentifier } from '../src/testing/certificates.ts';
import { signCms } from '../src/testing/cms.ts';
import { algorithm, bitString, extension, integer, sequence, time } from '../src/testing/der.ts';
import { makeRsaKey } from '../src/testing/keys.ts';
import { createTrust } from '../src/trust.ts';
import { verify } from '../src/verify.ts';
import { verifyXml } from '../src/xml/verify.ts';
import { signXml } from '../test/xml-signer.ts';

const AT = new Date('2026-11-22T12:00:00Z');
const CONTENT = Buffer.from(
  `{"purpose":"sign-in","aud":"https://cabinet.example.kz","nonce":"${'00'.repeat(32)}"}`,
);
const SPAN = 1500;
const ENTRIES = 500_000;
/** So many certificates come in turn. A new `Trust` has seen none of them. */
const PEOPLE = 160;

/**
 * Verifications a second by the Java reference library, on one core of the machine of the published
 * figures.
 */
const REFERENCE = 18;

function print(what: string, value: string, note = ''): void {
  console.log(`| ${what.padEnd(52)} | ${value.padStart(16)} | ${note.padEnd(44)} |`);
}

function perSecond(count: number, milliseconds: number): number {
  return Math.round((count * 1000) / milliseconds);
}

/**
 * Runs `work` for the span, after a warm-up. Returns calls per second of processor time, so that
 * the figure of one core is right even on a busy machine.
 */
function rate(work: (i: number) => boolean): number {
  const run = (span: number): number => {
    const [started, used] = [performance.now(), process.cpuUsage()];
    let count = 0;
    for (; performance.now() - started < span; count++) {
      if (!work(count)) throw new Error('a right signature was refused');
    }
    const { user, system } = process.cpuUsage(used);
    return perSecond(count, (user + system) / 1000);
  };
  run(300);
  return run(SPAN);
}

interface Case {
  readonly person: Identity;
  readonly message: Uint8Array;
  readonly certificate: Uint8Array;
  readonly response: Uint8Array;
}

interface Family {
  readonly name: string;
  readonly authority: TestAuthority;
  readonly cases: readonly Case[];
}

const NONCE = Buffer.alloc(16, 7);

function family(name: string, kind: 'gost2015' | 'rsa'): Family {
  const authority = createTestAuthority({ family: kind, at: AT, seed: 'bench' });
  const rsaKeys = kind === 'rsa' ? [makeRsaKey(), makeRsaKey(), makeRsaKey()] : [];
  const cases = Array.from({ length: PEOPLE }, (_, i) => {
    const person = authority.issue(
      { iin: `90010130${String(i).padStart(4, '0')}`, surname: 'ТЕСТОВ', name: 'ТЕСТ' },
      { key: rsaKeys[i % 3] },
    );
    return {
      person,
      message: signCms(person, CONTENT, { cades: true, signingTime: AT }),
      certificate: person.certificate,
      response: authority.ocsp(person.certificate, { status: 'good', thisUpdate: AT, nonce: NONCE }),
    };
  });
  return { name, authority, cases };
}

function at<T>(list: readonly T[], i: number): T {
  return list[i % list.length] as T;
}

function signature({ name, authority, cases }: Family): void {
  const parsed = cases.map(({ certificate }) => readCertificate(certificate));
  const ca = publicKey(parse(authority.issuing.key.publicKey));
  // First the certificates' own signatures, by a key that repeats. Then the same bytes with keys
  // that are new each time.
  const known = rate((i) => {
    const leaf = at(parsed, i);
    return verifySignature(ca, leaf.signatureAlgorithm, [leaf.tbs], leaf.signature, true);
  });
  const fresh = rate((i) => {
    const leaf = at(parsed, i);
    return verifySignature(ca, leaf.signatureAlgorithm, [leaf.tbs], leaf.signature, false);
  });
  const peer = name.startsWith('GOST') ? byNoble(authority, cases) : 0;
  const note = peer === 0 ? '' : `${Math.round(fresh / peer)} times @noble/curves (${peer}/s)`;
  print(`${name}: one signature, key unknown`, `${fresh}/s`, note);
  print(`${name}: one signature, CA key with its table`, `${known}/s`);
}

/** The standard's equation by `@noble/curves`, on the same signatures: the digest is ours. */
function byNoble(authority: TestAuthority, cases: readonly Case[]): number {
  const { p, a, b, n, gx, gy } = GOST_2015_512;
  const Point = weierstrass({ p, a, b, n, h: 1n, Gx: gx, Gy: gy });
  const ca = publicKey(parse(authority.issuing.key.publicKey));
  if (ca.family !== 'gost2015') throw new Error('not a GOST key');
  const q = Point.fromAffine({
    x: fromLittleEndian(ca.bytes.subarray(0, 64)),
    y: fromLittleEndian(ca.bytes.subarray(64)),
  });
  const parsed = cases.map(({ certificate }) => readCertificate(certificate));
  return rate((i) => {
    const leaf = at(parsed, i);
    const r = fromLittleEndian(leaf.signature.subarray(0, 64));
    const s = fromLittleEndian(leaf.signature.subarray(64));
    const e = fromLittleEndian(digest(OID.streebog512, leaf.tbs) ?? new Uint8Array()) % n || 1n;
    const v = inverse(e, n);
    const sum = Point.BASE.multiplyUnsafe((s * v) % n).add(q.multiplyUnsafe(((n - r) * v) % n));
    return sum.toAffine().x % n === r;
  });
}

/** Signed XML of a kilobyte of data, beside `xml-crypto`, which does not judge the certificate. */
function signedXml({ name, authority }: Family): void {
  const trust = createTrust(authority.certificates);
  const person = authority.issue({ iin: '900101300017', surname: 'ТЕСТОВ', name: 'ТЕСТ' });
  const rows = Array.from({ length: 20 }, (_, i) => `<row id="${i}"><sum>${i * 100}</sum></row>`);
  const document = signXml(person, `<pay xmlns="urn:pay">${rows.join('')}</pay>`);
  const ours = rate(() => verifyXml({ document, at: AT, trust, revocation: 'skip' }).ok);
  if (name.startsWith('GOST')) {
    print(`${name}: signed XML, one core`, `${ours}/s`);
    return;
  }
  const [element = ''] = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(document) ?? [];
  const publicCert = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(person.key.publicKey).toString('base64')}\n-----END PUBLIC KEY-----`;
  const theirs = rate(() => {
    const signature = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
    signature.loadSignature(element);
    return signature.checkSignature(document);
  });
  const note = `${(ours / theirs).toFixed(1)} times xml-crypto, without a certificate (${theirs}/s)`;
  print(`${name}: signed XML, one core`, `${ours}/s`, note);
}

function oneCore({ name, authority, cases }: Family): void {
  let trust = createTrust(authority.certificates);
  const one = (i: number) =>
    verify({ message: at(cases, i).message, content: CONTENT, at: AT, trust, revocation: 'skip' }).ok;
  const unseen = (i: number) => {
    if (i % PEOPLE === 0) trust = createTrust(authority.certificates);
    return one(i);
  };
  const gost = name.startsWith('GOST');
  const leaf = rate(unseen);
  const seen = rate(one);
  if (gost) useBinary(gostBinary('gost.wasm'));
  const scalar = gost ? rate(unseen) : 0;
  if (gost) useBinary(bestBinary());
  const reference = gost ? `${Math.round(leaf / REFERENCE)} times the Java reference (${REFERENCE}/s)` : '';
  print(`${name}: CMS + new leaf certificate, one core`, `${leaf}/s`, reference);
  if (gost)
    print(`${name}: the same without SIMD`, `${scalar}/s`, `SIMD: ${(leaf / scalar).toFixed(2)} times`);
  print(`${name}: CMS + certificate seen before, one core`, `${seen}/s`);
  const stamped = cases
    .slice(0, 20)
    .map(({ person }) =>
      signCms(person, CONTENT, { timeStamps: (value) => [authority.timeStamp(value, AT)] }),
    );
  const atStamp = { at: 'time-stamp' as const, now: AT, trust, revocation: 'skip' as const };
  const withStamp = rate((i) => verify({ message: at(stamped, i), content: CONTENT, ...atStamp }).ok);
  print(`${name}: CMS at its time-stamp, one core`, `${withStamp}/s`);
  const signIn = rate((i) => {
    const { message, response } = at(cases, i);
    const verdict = verify({
      message,
      content: CONTENT,
      at: AT,
      trust,
      revocation: 'skip',
      require: 'individual',
    });
    if (!verdict.ok) return false;
    const { der } = verdict.signer.certificate;
    return checkRevocation({ certificate: der, at: AT, trust, ocsp: { response, nonce: NONCE } }).ok;
  });
  print(`${name}: full sign-in with OCSP, one core`, `${signIn}/s`, 'certificate seen before');
}

/** What a forger can make us spend on one message: the longest time of many refused messages. */
function hostile({ authority, cases }: Family): void {
  const trust = createTrust(authority.certificates);
  const right = at(cases, 0).message;
  const flipped = Uint8Array.from(right);
  flipped[flipped.length - 3] = (flipped.at(-3) ?? 0) ^ 1;
  const nulls = Buffer.alloc(64_000, Uint8Array.of(5, 0));
  const messages: Record<string, Uint8Array | string> = {
    'a wrong signature': flipped,
    '64 KB of empty elements': encode(0x30, nulls),
    '64 KB of nesting': Buffer.alloc(64_000, Uint8Array.of(0x30, 0x80)),
    '64 KB of random bytes': encode(0x30, createHash('shake256', { outputLength: 64_000 }).digest()),
    '10 MB': Buffer.alloc(10_000_000, 0x30),
    '10 MB of text': 'A'.repeat(10_000_000),
  };
  worstOf('hostile messages', messages, (message) => verify({ message, at: AT, trust }).ok);
}

/** The same for documents, around a signature that is right but for its digest. */
function hostileXml({ authority }: Family): void {
  const trust = createTrust(authority.certificates);
  const person = authority.issue({ iin: '900101300017', surname: 'ТЕСТОВ', name: 'ТЕСТ' });
  const [element = ''] = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(signXml(person, '<a/>')) ?? [];
  const declared = Array.from({ length: 10 }, (_, i) => `xmlns:p${i}="urn:${i}"`).join(' ');
  const nested = (inside: string): string => `<a ${declared}>`.repeat(50) + inside + '</a>'.repeat(50);
  const documents: Record<string, string> = {
    'a wrong digest': `<b>${element}</b>`,
    '60 KB of empty elements': `<a>${element}${'<b/>'.repeat(14_000)}</a>`,
    '60 KB of instructions': `<a>${element}${'<?a?>'.repeat(11_000)}</a>`,
    '500 namespaces around 10,000 elements': nested(element + '<b/>'.repeat(10_000)),
    '40 KB in what is signed': `<a>${element.replace('<ds:Reference', `${'<b/>'.repeat(10_000)}<ds:Reference`)}</a>`,
    '64 KB of nesting': '<a>'.repeat(21_000),
    '10 MB': 'x'.repeat(10_000_000),
  };
  worstOf('hostile XML', documents, (document) => verifyXml({ document, at: AT, trust }).ok);
}

function worstOf<T>(name: string, all: Record<string, T>, accepts: (one: T) => boolean): void {
  const spent = Object.entries(all).map(([what, one]): [number, string] => {
    let worst = 0;
    for (let i = 0; i < 20; i++) {
      const used = process.cpuUsage();
      if (accepts(one)) throw new Error(`${what} was accepted`);
      const { user, system } = process.cpuUsage(used);
      worst = Math.max(worst, (user + system) / 1000);
    }
    return [worst, what];
  });
  const [worst, what] = spent.sort(([a], [b]) => b - a)[0] ?? [0, ''];
  print(`${name}: processor time of the worst`, `${worst.toFixed(1)} ms`, what);
}

/** Keeps the pool busy for the span. */
async function busy(work: (i: number) => Promise<boolean>): Promise<number> {
  let count = 0;
  let running = true;
  const lane = async (): Promise<void> => {
    while (running) if (!(await work(count++))) throw new Error('a right signature was refused');
  };
  const started = performance.now();
  const lanes = Array.from({ length: 8 }, lane);
  await pause(SPAN);
  running = false;
  await Promise.all(lanes);
  return perSecond(count, performance.now() - started);
}

async function allCores({ name, authority, cases }: Family): Promise<void> {
  const cores = availableParallelism();
  const pool = createVerifierPool({ certificates: authority.certificates, size: cores });
  const one = (i: number) =>
    pool.verify({ message: at(cases, i).message, content: CONTENT, at: AT, revocation: 'skip' });
  const signIn = async (i: number): Promise<boolean> => {
    const { message, response } = at(cases, i);
    const verdict = await pool.verify({
      message,
      content: CONTENT,
      at: AT,
      revocation: 'skip',
      require: 'individual',
    });
    if (!verdict.ok) return false;
    const { der } = verdict.signer.certificate;
    return (await pool.checkRevocation({ certificate: der, at: AT, ocsp: { response, nonce: NONCE } })).ok;
  };
  await Promise.all(Array.from({ length: 100 }, (_, i) => one(i)));
  print(
    `${name}: CMS + certificate seen before, pool of ${cores}`,
    `${await busy(async (i) => (await one(i)).ok)}/s`,
  );
  print(`${name}: full sign-in with OCSP, pool of ${cores}`, `${await busy(signIn)}/s`);
  await pool.close();
}

/**
 * How late the timers of the main thread fire: when idle, while one worker verifies at a steady
 * pace, and while it works without a pause.
 */
async function eventLoop({ authority, cases }: Family): Promise<void> {
  const size = Math.max(1, availableParallelism() - 1);
  const pool = createVerifierPool({ certificates: authority.certificates, size });
  const one = (i: number) =>
    pool.verify({ message: at(cases, i).message, content: CONTENT, at: AT, revocation: 'skip' });
  await Promise.all(Array.from({ length: 200 }, (_, i) => one(i)));
  const measure = async (what: string, load: () => Promise<unknown>): Promise<void> => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await load();
    delay.disable();
    // The histogram holds intervals. Subtract the timer's own resolution, which is no delay.
    const late = (nanoseconds: number): string => `${Math.max(0, nanoseconds / 1e6 - 1).toFixed(1)}`;
    print(
      `event-loop delay ${what}`,
      `p99 ${late(delay.percentile(99))} ms`,
      `median ${late(delay.percentile(50))}, worst ${late(delay.max)} ms`,
    );
  };
  await measure('idle', () => pause(SPAN));
  await measure(`while a pool of ${size} never rests`, () => busy(async (i) => (await one(i)).ok));
  const trust = createTrust(authority.certificates);
  await measure('without the pool, in batches of ten', async () => {
    const started = performance.now();
    for (let i = 0; performance.now() - started < SPAN; ) {
      for (let k = 0; k < 10; k++)
        verify({ message: at(cases, i++).message, content: CONTENT, at: AT, trust, revocation: 'skip' });
      await pause(1);
    }
  });
  await pool.close();
}

/** Writes a list of 500,000 entries, in its own process so that its memory is not counted. */
function makeList(file: string, saved: string): void {
  const { issuing } = restoreTestAuthority(saved);
  const identifier = algorithm(issuing.key.signatureId());
  const reason = sequence(extension('2.5.29.21', encode(0x0a, Uint8Array.of(1))));
  const when = time(new Date('2026-03-01T00:00:00Z'));
  const entries: Uint8Array[] = [];
  for (let i = 0; i < ENTRIES; i++) {
    const serial = createHash('sha1').update(`entry ${i}`).digest();
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x10;
    entries.push(sequence(encode(0x02, serial), when, reason));
  }
  const tbs = sequence(
    integer(1),
    identifier,
    Uint8Array.from(readCertificate(issuing.certificate).subject),
    time(AT),
    time(new Date(AT.getTime() + 86_400_000)),
    encode(0x30, Buffer.concat(entries)),
    wrap(
      0xa0,
      sequence(
        extension('2.5.29.20', integer(1)),
        extension('2.5.29.35', sequence(encode(0x80, keyIdentifier(issuing.key)))),
      ),
    ),
  );
  const out = openSync(file, 'w');
  writeSync(out, sequence(tbs, identifier, bitString(issuing.key.sign(tbs))));
  closeSync(out);
}

/** Loads the list in a pool and measures the memory, also in its own process. */
async function scanList(file: string, saved: string): Promise<void> {
  const authority = restoreTestAuthority(saved);
  const pool = createVerifierPool({ certificates: authority.certificates, size: 1 });
  const person = authority.issue({ iin: '900101300017', surname: 'ТЕСТОВ', name: 'ТЕСТ' });
  const message = signCms(person, CONTENT);
  for (let i = 0; i < 50; i++) await pool.verify({ message, at: AT, revocation: 'skip' });
  globalThis.gc?.();
  const megabytes = (): number => process.memoryUsage.rss() / 1e6;
  const before = megabytes();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, megabytes());
  }, 2);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  const loaded = await pool.loadCrl(file);
  const took = performance.now() - started;
  delay.disable();
  if (!loaded.ok) throw new Error(loaded.detail);
  peak = Math.max(peak, megabytes());
  clearInterval(watch);
  const size = (statSync(file).size / 1e6).toFixed(1);
  print(
    `CRL of ${loaded.crl.entries} entries, ${size} MB: verified and scanned`,
    `${Math.round(took)} ms`,
    `event-loop delay meanwhile ${Math.max(0, delay.max / 1e6 - 1).toFixed(1)} ms at worst`,
  );
  print(
    'CRL: extra memory while scanning, at the peak',
    `${Math.round(peak - before)} MB`,
    `kept: ${Math.round(megabytes() - before)} MB, shared by all threads`,
  );
  const trust = createTrust(authority.certificates);
  const { crl } = loaded;
  const verdict = checkRevocation({ certificate: person.certificate, at: AT, trust, crls: [crl] });
  if (!verdict.ok) throw new Error(verdict.detail);
  const whole = rate(
    () => checkRevocation({ certificate: person.certificate, at: AT, trust, crls: [crl] }).ok,
  );
  print('CRL: revocation check of a certificate, chain included', `${whole}/s`);
  await pool.close();
}

async function main(): Promise<void> {
  const [task, file, saved] = process.argv.slice(2);
  if (task === 'make-list' && file !== undefined && saved !== undefined) return makeList(file, saved);
  if (task === 'scan-list' && file !== undefined && saved !== undefined) return scanList(file, saved);

  console.log(
    `${cpus()[0]?.model ?? 'a processor'}, ${availableParallelism()} cores, Node ${process.versions.node}, ${gostEngine() === null ? 'plain TypeScript' : 'WebAssembly'}; load at the start ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(
    '"One core" is a second of processor time; pools and delays are by the clock, and suffer from whatever else runs.\n',
  );
  print('what', 'figure', 'remark');
  console.log(`|${'-'.repeat(54)}|${'-'.repeat(17)}:|${'-'.repeat(46)}|`);
  const families = [family('GOST 2015-512', 'gost2015'), family('RSA-2048', 'rsa')];
  const block = Buffer.alloc(1 << 20, 0xa5);
  const hashed = rate(() => streebog(512, block).length === 64);
  print('Streebog-512', `${((hashed * block.length) / 1e6).toFixed(0)} MB/s`);
  for (const each of families) signature(each);
  for (const each of families) oneCore(each);
  for (const each of families) signedXml(each);
  for (const each of families) await allCores(each);
  const [gost] = families;
  if (gost === undefined) return;
  hostile(gost);
  hostileXml(gost);
  await eventLoop(gost);
  const folder = mkdtempSync(join(tmpdir(), 'nca-verify-bench-'));
  const list = join(folder, 'list.crl');
  for (const step of ['make-list', 'scan-list']) {
    const child = spawnSync(
      process.execPath,
      ['--expose-gc', fileURLToPath(import.meta.url), step, list, gost.authority.save()],
      { stdio: 'inherit' },
    );
    if (child.status !== 0) throw new Error(`${step} failed`);
  }
  rmSync(folder, { recursive: true });
}

await main();
