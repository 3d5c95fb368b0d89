import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCrl } from '../src/crl.ts';
import type { TestAuthority } from '../src/testing/authority.ts';
import { signCms } from '../src/testing/cms.ts';
import { makeGostKey } from '../src/testing/keys.ts';
import { readPkcs12 } from '../src/testing/pkcs12.ts';
import { createTrust } from '../src/trust.ts';
import { verify } from '../src/verify.ts';
import { XML_REASONS } from '../src/xml/verdict.ts';
import { type Built, buildPackage } from './built.ts';
import { AT, CONTENT, gost, PERSON } from './support.ts';
import { signXml } from './xml-signer.ts';

let built: Built;
beforeAll(async () => {
  built = await buildPackage();
});
afterAll(() => {
  built.remove();
});

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/**
 * The README's first example, turned into a function of its undefined names and run against the
 * built package.
 */
async function example(): Promise<(given: Record<string, unknown>) => Promise<string>> {
  const code = /## Use\n\n```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const [head, ...body] = code.split('\n\n');
  const names = ['caCertificates', 'signature', 'challenge', 'now', 'nonce', 'post', 'responderUrl'];
  const source = `${head?.replace("'nca-verify'", "'./dist/index.js'")}
    export async function run({ ${names.join(', ')} }) { ${body.join('\n\n')} }`;
  const file = built.path('example.mjs');
  writeFileSync(file, (await transform(source, { loader: 'ts' })).code);
  const { run } = (await import(pathToFileURL(file).href)) as {
    run: (given: Record<string, unknown>) => Promise<string>;
  };
  return run;
}

it('the example accepts a valid sign-in and names each refusal', async () => {
  const run = await example();
  const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'readme') });
  const company = gost.issue(PERSON, { key: person.key, profile: 'head' });
  const ask = (
    identity: typeof person,
    revoked: readonly Uint8Array[] = [],
    challenge: Uint8Array = CONTENT,
  ) =>
    run({
      caCertificates: gost.certificates,
      signature: signCms(identity, CONTENT),
      challenge,
      now: AT,
      nonce: Buffer.alloc(16, 3),
      responderUrl: 'http://127.0.0.1/',
      post: async (_: string, request: Uint8Array) =>
        gost.answerOcsp(request, [person.certificate], revoked, AT),
    });
  expect(await ask(person)).toBe(PERSON.iin);
  expect(await ask(person, [], Buffer.from('another'))).toBe('contentMismatch');
  expect(await ask(company)).toBe('notIndividual');
});

it('the example for tests makes a key file and a list that fit together', async () => {
  const code = /```ts\n(import \{ createTestAuthority[\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const [head, ...body] = code.split('\n\n');
  const source = `${head?.replace("'nca-verify/testing'", "'./dist/testing.js'")}
    export async function run({ challenge, writeFile }) { ${body.join('\n\n')} return { authority, message }; }`;
  const file = built.path('testing-example.mjs');
  writeFileSync(file, (await transform(source, { loader: 'ts' })).code);
  const { run } = (await import(pathToFileURL(file).href)) as {
    run: (given: unknown) => Promise<{ authority: TestAuthority; message: Uint8Array }>;
  };
  const files = new Map<string, Uint8Array>();
  const made = await run({
    challenge: CONTENT,
    writeFile: (name: string, bytes: Uint8Array) => files.set(name, bytes),
  });
  const trust = createTrust(made.authority.certificates);
  const list = loadCrl(files.get('demo.crl') ?? new Uint8Array(), trust);
  const [name] = [...files.keys()];
  const identity = readPkcs12(files.get(name ?? '') ?? new Uint8Array(), 'Qwerty12');
  // The example uses the current time, so this is the only test that must do so as well.
  const given = { at: new Date(), trust, crls: list.ok ? [list.crl] : [], require: 'individual' as const };
  expect(name).toMatch(/^GOST512_[0-9a-f]{40}\.p12$/);
  expect(verify({ message: made.message, content: CONTENT, ...given }).ok).toBe(true);
  expect(verify({ message: signCms(identity, CONTENT), ...given }).ok).toBe(true);
});

it('the example for XML returns what was signed, and names each refusal', async () => {
  const code = /```ts\n(import \{ createTrust \}[\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const [head, ...body] = code.split('\n\n');
  const source = `${head?.replace("'nca-verify'", "'./dist/index.js'").replace("'nca-verify/xml'", "'./dist/xml.js'")}
    export function run({ signedXml, sentXml, now, caCertificates, parse }) { ${body.join('\n\n')} }`;
  const file = built.path('xml-example.mjs');
  writeFileSync(file, (await transform(source, { loader: 'ts' })).code);
  // The package that the entry needs is installed beside the tests, not beside the copy.
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), built.path('node_modules'));
  const { run } = (await import(pathToFileURL(file).href)) as { run: (given: unknown) => unknown };
  const person = gost.issue(PERSON, { key: makeGostKey('gost2015', 'readme') });
  const ask = (signedXml: string, sentXml: string) =>
    run({
      signedXml,
      sentXml,
      now: AT,
      caCertificates: gost.certificates,
      parse: (octets: Uint8Array) => Buffer.from(octets).toString(),
    });
  const signed = signXml(person, '<pay><amount>900</amount></pay>');
  expect(ask(signed, "<?xml version='1.0'?><pay><amount>900</amount></pay>")).toBe(
    '<pay><amount>900</amount></pay>',
  );
  expect(ask(signed, '<pay/>')).toBe('contentMismatch');
  expect(ask('<pay/>', '<pay/>')).toBe('noSigner');
});

it('lists every reason, and shows the usage of the command', async () => {
  const { REASONS } = (await import(built.url('index.js').href)) as { REASONS: readonly string[] };
  const all = [...REASONS, ...XML_REASONS];
  expect(all.filter((reason) => !readme.includes(`\`${reason}\``))).toEqual([]);
});
