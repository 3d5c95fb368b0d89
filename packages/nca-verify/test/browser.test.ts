/**
 * The entry for browsers, in Chromium and in this engine: every verdict equals that of the entry for
 * Node, to the last octet. The vectors are the samples, messages of our own, and mutants.
 */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OID } from '../src/algorithms.ts';
import { body, parse } from '../src/der.ts';
import { encodeOid } from '../src/der-writer.ts';
import { writeEvidence } from '../src/evidence.ts';
import * as node from '../src/index.ts';
import { createTestAuthority, type TestAuthority } from '../src/testing/authority.ts';
import type { Identity } from '../src/testing/certificates.ts';
import { cmsPem, signCms } from '../src/testing/cms.ts';
import { makeGostKey, makeRsaKey } from '../src/testing/keys.ts';
import { type Built, buildPackage } from './built.ts';
import { keySeal, recordOf, sealTogether } from './evidence-support.ts';
import { mutate, seeded } from './mutator.ts';
import { AT, CONTENT, fixture, gost, later, PERSON } from './support.ts';

const MUTANTS = process.env['TEST_COMPLETE'] === undefined ? 300 : 2000;

type Name =
  | 'verifyEvidence'
  | 'verify'
  | 'verifyTimeStamp'
  | 'verifyAll'
  | 'verifyCertificate'
  | 'readCertificate'
  | 'checkRevocation'
  | 'loadCrl';

/** One call. Octets and times are marked, so that the call can be sent to a page as JSON. */
interface Call {
  readonly name: Name;
  readonly request: Readonly<Record<string, unknown>>;
}

/** Runs in Node and in the page, so it uses nothing from around it. Gives JSON for each call. */
function run(
  library: Record<string, (...values: unknown[]) => unknown>,
  calls: readonly Call[],
  files: readonly string[],
): string[] {
  const octets = (hex: string): Uint8Array =>
    Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const hex = (bytes: Uint8Array): string =>
    Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('');
  const revive = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revive);
    if (typeof value !== 'object' || value === null) return value;
    if ('$octets' in value) return octets(String(value.$octets));
    if ('$time' in value) return new Date(String(value.$time));
    return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, revive(inside)]));
  };
  // A Buffer would become something else before its value comes here, so the holder is asked.
  function plain(this: Record<string, unknown>, name: string): unknown {
    const value = this[name];
    if (typeof value === 'bigint') return `number ${value}`;
    const isOctets = Object.prototype.toString.call(value) === '[object Uint8Array]';
    return isOctets ? `hex ${hex(value as Uint8Array)}` : value;
  }
  const trust = library['createTrust']?.(files.map(octets));
  return calls.map(({ name, request }) => {
    const given = revive(request) as Record<string, unknown>;
    const { list, bytes, ...rest } = given;
    const call = library[name];
    if (call === undefined) return 'no such function';
    if (name === 'readCertificate') return JSON.stringify(call(bytes), plain);
    if (name === 'loadCrl') {
      const loaded = call(bytes, trust) as { crl?: { slots?: unknown; octets?: unknown } };
      // Their memory is shared in Node and not in a browser.
      return JSON.stringify({ ...loaded, crl: { ...loaded.crl, slots: null, octets: null } }, plain);
    }
    const loaded = list === undefined ? undefined : library['loadCrl']?.(list, trust);
    const crls = loaded === undefined ? [] : [(loaded as { crl: unknown }).crl];
    return JSON.stringify(call({ ...rest, trust, crls }), plain);
  });
}

const octets = (bytes: Uint8Array) => ({ $octets: Buffer.from(bytes).toString('hex') });
const time = (at: Date) => ({ $time: at.toISOString() });

function vectors(): { calls: Call[]; files: string[] } {
  const rsa = createTestAuthority({ at: AT, family: 'rsa', name: 'BROWSER' });
  const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'browser') });
  const old = gost.issue(PERSON, { key: makeGostKey('gost2004', 'browser') });
  const rsaPerson = rsa.issue(PERSON, { key: makeRsaKey(3072) });
  const folders = ['ca-test', 'made/gost2015', 'made/rsa'];
  const files = [
    ...folders.flatMap((folder) =>
      readdirSync(new URL(`./fixtures/${folder}/`, import.meta.url))
        .filter((name) => name.endsWith('.cer'))
        .map((name) => fixture(`${folder}/${name}`)),
    ),
    ...gost.certificates,
    ...rsa.certificates,
  ];
  const common = { at: time(AT), revocation: 'skip' };
  const verify = (message: Uint8Array | string, more: Record<string, unknown> = {}): Call => ({
    name: 'verify',
    request: {
      message: typeof message === 'string' ? message : octets(message),
      claims: true,
      ...common,
      ...more,
    },
  });
  const list = gost.crl([{ certificate: rsaPerson.certificate, at: AT }], { thisUpdate: later(-60_000) });
  const revoked = gost.crl([{ certificate: person.certificate, at: AT }], { thisUpdate: later(-60_000) });
  const detached = signCms(person, CONTENT, { detached: true, cades: true });
  const samples = readdirSync(new URL('./fixtures/cms/', import.meta.url)).map((name) =>
    fixture(`cms/${name}`),
  );
  const made = ['gost2015', 'rsa'].flatMap((family) =>
    ['individual_attached', 'individual_detached', 'good', 'tampered_content'].map((name) =>
      fixture(`made/${family}/${family}_${name}.der`),
    ),
  );
  const own = [
    signCms(person, CONTENT, { signingTime: AT, cades: true }),
    signCms(person, CONTENT, { ber: true }),
    signCms(rsaPerson, CONTENT, { digest: 'sha512' }),
    signCms(rsaPerson, CONTENT),
    signCms(old, CONTENT),
  ];
  const random = seeded(109);
  const identifiers = Object.values(OID).map((id) => body(parse(encodeOid(id))));
  const sources = [...own, ...made];
  const mutants = Array.from({ length: MUTANTS }, (_, i) =>
    mutate(sources[i % sources.length] ?? detached, sources, identifiers, random),
  );
  const ocsp = (status: 'good' | 'revoked') => ({
    response: octets(gost.ocsp(person.certificate, { status, thisUpdate: AT, nonce: Buffer.alloc(16, 1) })),
    nonce: octets(Buffer.alloc(16, 1)),
  });
  const certificates = [person, rsaPerson, old, gost.issuing].map(({ certificate }) => certificate);
  const calls: Call[] = [
    ...[...samples, ...made, ...own].flatMap((message) => [
      verify(message, { require: 'individual', allowGost2004: true }),
      verify(message, { content: octets(CONTENT) }),
      { name: 'verifyAll' as const, request: { message: octets(message), ...common } },
    ]),
    verify(cmsPem(detached), { content: octets(CONTENT) }),
    verify(Buffer.from(detached).toString('base64'), { content: octets(CONTENT) }),
    verify(Buffer.from(`\ufeff${cmsPem(detached)}`, 'utf16le'), { content: octets(CONTENT) }),
    verify(Buffer.from(`text before\n${cmsPem(detached)}`)),
    verify('no message'),
    ...mutants.map(({ bytes }) => verify(bytes, { allowGost2004: true })),
    verify(detached, { content: octets(CONTENT), revocation: 'check', list: octets(list) }),
    verify(detached, { content: octets(CONTENT), revocation: 'check', list: octets(revoked) }),
    verify(detached, { content: octets(CONTENT), revocation: 'check', ocsp: ocsp('good') }),
    verify(detached, { content: octets(CONTENT), revocation: 'check', ocsp: ocsp('revoked') }),
    verify(detached, { content: octets(CONTENT), revocation: 'check' }),
    ...certificates.flatMap((certificate): Call[] => [
      { name: 'readCertificate', request: { bytes: octets(certificate) } },
      { name: 'verifyCertificate', request: { certificate: octets(certificate), ...common } },
      {
        name: 'checkRevocation',
        request: { certificate: octets(certificate), at: time(AT), list: octets(list) },
      },
    ]),
    ...stampCalls(person, rsaPerson, rsa, list),
    ...evidenceCalls(person),
    ...readdirSync(new URL('./fixtures/crl/', import.meta.url)).map(
      (name): Call => ({ name: 'loadCrl', request: { bytes: octets(fixture(`crl/${name}`)) } }),
    ),
  ];
  return { calls, files: files.map((file) => Buffer.from(file).toString('hex')) };
}

/** Time-stamps, right and wrong: at their time, and only named. */
function stampCalls(
  person: Identity,
  other: Identity,
  authority: TestAuthority,
  list: Uint8Array,
): readonly Call[] {
  const foreign = createTestAuthority({ at: AT, name: 'FOREIGN', seed: 'foreign stamps' });
  const early = later(-3_600_000);
  const stamps: readonly ((signature: Uint8Array) => readonly Uint8Array[])[] = [
    () => [],
    (signature) => [gost.timeStamp(signature, early, { accuracy: 500, fraction: '.125' })],
    (signature) => [authority.timeStamp(signature, early, { naming: 2 }), gost.timeStamp(signature, AT)],
    (signature) => [foreign.timeStamp(signature, early)],
    () => [gost.timeStamp(CONTENT, early)],
    (signature) => [gost.timeStamp(signature, early, { authority: person })],
    (signature) => [gost.timeStamp(signature, later(3_600_000))],
    (signature) => [gost.timeStamp(signature, early, { naming: 'none' })],
  ];
  const messages = [
    ...stamps.flatMap((timeStamps) => [person, other].map((who) => signCms(who, CONTENT, { timeStamps }))),
    ...['individual', 'legal_entity'].map((kind) => fixture(`cms/skarm_${kind}_attached.der`)),
  ];
  const nonce = octets(Buffer.alloc(8, 7));
  const value = Buffer.from('anything');
  const token = gost.timeStamp(value, AT, { nonce: Buffer.alloc(8, 7) });
  return [
    ...messages.flatMap((message) => {
      const request = { message: octets(message), revocation: 'skip' };
      return [
        { name: 'verify' as const, request: { ...request, at: 'time-stamp', now: time(AT) } },
        { name: 'verify' as const, request: { ...request, at: time(AT), timeStamps: 'verify' } },
        {
          name: 'verify' as const,
          request: { ...request, at: 'time-stamp', now: time(AT), revocation: 'check', list: octets(list) },
        },
      ];
    }),
    ...[token, gost.timeStamp(value, AT), value].flatMap((each): Call[] => [
      {
        name: 'verifyTimeStamp',
        request: { token: octets(each), data: octets(value), nonce, at: time(AT) },
      },
    ]),
  ];
}

/** Evidence with seals of both kinds: right, altered, and of a time when they no longer count. */
function evidenceCalls(person: Identity): readonly Call[] {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const sealKeys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'archive' }];
  const answer = (status: 'good' | 'revoked') =>
    gost.ocsp(person.certificate, { status, thisUpdate: AT, nextUpdate: later(86_400_000) });
  const stamps = [() => [], (signature: Uint8Array) => [gost.timeStamp(signature, AT)]];
  const records = stamps.flatMap((timeStamps) =>
    (['good', 'revoked'] as const).map((status) =>
      recordOf({ message: signCms(person, CONTENT, { timeStamps }), ocsp: [answer(status)], verifiedAt: AT }),
    ),
  );
  const byKey = sealTogether(records, 'key', keySeal(privateKey, 'archive', later(60_000)), 'sha512');
  const again = sealTogether(
    byKey,
    'time-stamp',
    (root) => gost.timeStamp(root, later(120_000)),
    'streebog512',
  );
  const altered = again.map((record) => ({ ...record, ocsp: [] }));
  const texts = [...records, ...byKey, ...again, ...altered].map(writeEvidence);
  return [...texts, 'none'].flatMap((evidence) =>
    ['2029-01-01T00:00:00Z', '2049-01-01T00:00:00Z'].flatMap((at): Call[] => [
      { name: 'verifyEvidence', request: { evidence, at: time(new Date(at)), sealKeys } },
      { name: 'verifyEvidence', request: { evidence, at: time(new Date(at)) } },
    ]),
  );
}

/** The path of a Chromium: `CHROMIUM_PATH`, or the first in PATH that starts. */
function findChromium(): string | undefined {
  const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'chrome'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const named = process.env['CHROMIUM_PATH'];
  return (named === undefined ? paths.filter(existsSync) : [named]).find(
    (path) => spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0,
  );
}

const executable = findChromium();
if (executable === undefined)
  console.log('The entry for browsers is not tested in one: no Chromium was found.');

let built: Built;
let script: string;
const { calls, files } = vectors();
let expected: readonly string[];

beforeAll(async () => {
  built = await buildPackage();
  script = readFileSync(built.path('dist/browser.js'), 'utf8');
  expected = run(node as never, calls, files);
});
afterAll(() => built.remove());

describe('the entry for browsers', { timeout: 120_000 }, () => {
  it('names nothing of Node', () => {
    // Words in comments do not run.
    const code = script.replace(/\/\*[\s\S]*?\*\//g, '');
    expect(
      code.match(/\bnode:|\bBuffer\.|\brequire\(|\bprocess\.|\bimport\b.*\bfrom\b|__dirname/g),
    ).toBeNull();
    expect(Buffer.byteLength(script)).toBeLessThan(225_000);
  });

  it('gives the verdicts of the entry for Node in this engine', async () => {
    const library = (await import(built.url('browser.js').href)) as never;
    expect(run(library, calls, files)).toEqual(expected);
    // The vectors are only useful if they reach many verdicts.
    const reasons = new Set(expected.map((text) => (JSON.parse(text) as { reason?: string }).reason ?? 'ok'));
    for (const reason of [
      'sealBroken',
      'noTrustedTime',
      'ok',
      'malformed',
      'contentMismatch',
      'badSignature',
      'untrusted',
      'revoked',
      'nonceMismatch',
    ])
      expect(reasons).toContain(reason);
  });
});

describe.runIf(executable !== undefined)('in Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executable ?? '',
      args: ['--no-sandbox', '--disable-gpu'],
    });
  });
  afterAll(() => browser.close());

  /** Opens a page with a content policy and the library, and gives what `run` gives there. */
  async function inPage(
    policy: string,
    some: readonly Call[],
  ): Promise<{ prepared: boolean; verdicts: string[] }> {
    const page: Page = await browser.newPage();
    try {
      await page.route('**/*', (route) =>
        route.request().url().endsWith('browser.js')
          ? route.fulfill({ contentType: 'text/javascript', body: script })
          : route.fulfill({
              contentType: 'text/html',
              headers: { 'content-security-policy': policy },
              body: '<script type="module" src="run.js"></script>',
            }),
      );
      await page.route('**/run.js', (route) =>
        route.fulfill({
          contentType: 'text/javascript',
          body: `import * as library from './browser.js';
            window.judge = async (calls, files) => {
              const prepared = await library.prepare();
              return { prepared, verdicts: (${run.toString()})(library, calls, files) };
            };`,
        }),
      );
      await page.goto('http://127.0.0.1/');
      await page.waitForFunction('window.judge !== undefined');
      return await page.evaluate(`window.judge(${JSON.stringify(some)}, ${JSON.stringify(files)})`);
    } finally {
      await page.close();
    }
  }

  it('gives the verdicts of the entry for Node, with WebAssembly', async () => {
    const { prepared, verdicts } = await inPage("script-src 'self' 'wasm-unsafe-eval'", calls);
    expect(prepared).toBe(true);
    expect(verdicts).toEqual(expected);
  });

  it('gives them in plain JavaScript where the page forbids WebAssembly', async () => {
    const { prepared, verdicts } = await inPage("script-src 'self'", calls.slice(0, 60));
    expect(prepared).toBe(false);
    expect(verdicts).toEqual(expected.slice(0, 60));
  });
});
