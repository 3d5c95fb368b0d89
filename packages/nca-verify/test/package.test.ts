/**
 * What `npm pack` makes, installed in an empty folder without a network: JavaScript and strict
 * TypeScript, `import` and `require`, and inside bundles. Runs with this Node, and with each
 * program that NCA_VERIFY_NODES names (paths with ":" between).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDeclarations } from '../build.js';
import { signCms } from '../src/testing/cms.ts';
import { type Built, buildPackage } from './built.ts';
import { gost, PERSON } from './support.ts';
import { enveloped } from './xml-signer.ts';

const require = createRequire(import.meta.url);
const nodes = [process.execPath, ...(process.env['NCA_VERIFY_NODES']?.split(':').filter(Boolean) ?? [])];
let built: Built;
let app: string;
let installed: string;

beforeAll(async () => {
  built = await buildPackage();
  buildDeclarations(built.path('dist'));
  app = mkdtempSync(join(tmpdir(), 'nca-verify-app-'));
  // `--ignore-scripts`: the package was just built. The tarball runs none in any case (below).
  const packed = npm(['pack', '--ignore-scripts', '--pack-destination', app], built.path('.'));
  writeFileSync(join(app, 'package.json'), '{ "private": true }');
  npm(['install', '--offline', '--no-audit', '--no-fund', join(app, packed.trim())], app);
  installed = join(app, 'node_modules/nca-verify');
});

afterAll(() => {
  built.remove();
  rmSync(app, { recursive: true });
});

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args, '--loglevel=error'], { cwd, encoding: 'utf8' });
}

/** Runs a program to its end and gives what it printed. */
function run(node: string, file: string): string {
  const { stdout, stderr, status } = spawnSync(node, [file], { encoding: 'utf8', timeout: 60_000 });
  return [stdout.trim(), stderr, status].join('|');
}

/** Compiles strict TypeScript in the app to `out/`. */
function compile(names: readonly string[], options: Readonly<Record<string, unknown>> = {}): void {
  const types = dirname(dirname(require.resolve('@types/node/package.json')));
  writeFileSync(
    join(app, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        module: 'node16',
        target: 'es2022',
        outDir: 'out',
        types: ['node'],
        typeRoots: [types],
        // A server has no DOM, and the declarations must not need it.
        lib: ['es2022'],
        ...options,
      },
      files: names,
    }),
  );
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', app], { encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
}

/** Verifies in this thread and in a pool, and prints the IIN twice and the number of anchors. */
const BODY = `
  const at = new Date('2026-11-22T12:00:00Z');
  const authority = createTestAuthority({ at });
  const person = authority.issue({ iin: '900101300017', surname: 'A', name: 'B' });
  const message = signCms(person, Buffer.from('x'));
  const trust = createTrust(authority.certificates);
  const pool = createVerifierPool({ certificates: authority.certificates, size: 1 });
  const verdicts: readonly Verdict[] = [
    verify({ message, at, trust, revocation: 'skip' }),
    await pool.verify({ message, at, revocation: 'skip' }),
  ];
  const iins = verdicts.map((verdict) => (verdict.ok ? verdict.signer.iin : verdict.reason));
  console.log(...iins, productionTrust().anchors.length);`;
const NAMES = 'createTrust, createVerifierPool, productionTrust, verify';
const TESTING = 'createTestAuthority, signCms';
const EXPECTED = '900101300017 900101300017 2||0';

const plain = BODY.replace(': readonly Verdict[]', '');
const programs = {
  'main.mjs': `import { ${NAMES} } from 'nca-verify';
    import { ${TESTING} } from 'nca-verify/testing';
    ${plain}`,
  'main.cjs': `const { ${NAMES} } = require('nca-verify');
    const { ${TESTING} } = require('nca-verify/testing');
    (async () => {${plain}})();`,
  'main.mts': `import { ${NAMES}, type Verdict } from 'nca-verify';
    import { ${TESTING} } from 'nca-verify/testing';
    ${BODY}`,
  'main.cts': `import nca = require('nca-verify');
    import testing = require('nca-verify/testing');
    const { ${NAMES} } = nca;
    const { ${TESTING} } = testing;
    type Verdict = nca.Verdict;
    (async (): Promise<void> => {${BODY}})();`,
};

/** The entry for XML, whose program reads a signed document from a file. */
const XML_BODY = `
  const given = JSON.parse(readFileSync('GIVEN', 'utf8')) as { document: string; certificates: string[] };
  const trust = createTrust(given.certificates.map((text) => Buffer.from(text, 'base64')));
  const at = new Date('2026-11-22T12:00:00Z');
  const verdict: XmlVerdict = verifyXml({ document: given.document, at, trust, revocation: 'skip' });
  console.log(verdict.ok ? verdict.signer.iin : verdict.reason);`;
const plainXml = XML_BODY.replace(/ as \{[^}]*\}|: XmlVerdict/g, '');
const xmlPrograms = {
  'xml.mjs': `import { readFileSync } from 'node:fs';
    import { createTrust } from 'nca-verify';
    import { verifyXml } from 'nca-verify/xml';
    ${plainXml}`,
  'xml.cjs': `const { readFileSync } = require('node:fs');
    const { createTrust } = require('nca-verify');
    const { verifyXml } = require('nca-verify/xml');
    ${plainXml}`,
  'xml.mts': `import { readFileSync } from 'node:fs';
    import { createTrust } from 'nca-verify';
    import { verifyXml, type XmlVerdict } from 'nca-verify/xml';
    ${XML_BODY}`,
  'xml.cts': `import { readFileSync } from 'node:fs';
    import nca = require('nca-verify');
    import xml = require('nca-verify/xml');
    type XmlVerdict = xml.XmlVerdict;
    const { createTrust } = nca;
    const { verifyXml } = xml;
    ${XML_BODY}`,
};

/** Puts the package that the entry for XML needs where the app finds it, as an install would. */
function installSaxes(): () => void {
  const folders = ['saxes', 'xmlchars'].map((name) => {
    const folder = join(app, 'node_modules', name);
    cpSync(dirname(require.resolve(`${name}/package.json`)), folder, { recursive: true });
    return folder;
  });
  return () => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  };
}

describe('the tarball', () => {
  it('holds what runs, and no maps, sources, tests or scripts that an install would run', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    const stray = files.filter((path) => /\.map$|\.wasm|\.test\.|^(src|test|assembly|bench)\b/.test(path));
    expect(stray).toEqual([]);
    const { scripts, dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
      dependencies?: unknown;
    };
    for (const name of ['preinstall', 'install', 'postinstall']) expect(scripts[name]).toBeUndefined();
    expect(dependencies).toBeUndefined();
    const scriptsOf = files.filter((path) => /\.c?js$/.test(path) && existsSync(join(installed, path)));
    for (const path of scriptsOf)
      expect([path, readFileSync(join(installed, path), 'utf8').includes('sourceMappingURL')]).toEqual([
        path,
        false,
      ]);
  });

  it('runs its command', () => {
    const command = join(app, 'node_modules/.bin/nca-verify');
    const { stdout, status } = spawnSync(command, ['--help'], { encoding: 'utf8' });
    expect([stdout.startsWith('Usage: nca-verify'), status]).toEqual([true, 0]);
  });
});

describe.each(nodes)('with %s', (node) => {
  it.each(['main.mjs', 'main.cjs'] as const)('%s in JavaScript', (name) => {
    writeFileSync(join(app, name), programs[name]);
    expect(run(node, join(app, name))).toBe(EXPECTED);
  });

  it('in strict TypeScript, both by `import` and by `require`', () => {
    for (const name of ['main.mts', 'main.cts'] as const) writeFileSync(join(app, name), programs[name]);
    compile(['main.mts', 'main.cts']);
    expect(run(node, join(app, 'out/main.mjs'))).toBe(EXPECTED);
    expect(run(node, join(app, 'out/main.cjs'))).toBe(EXPECTED);
  });

  it('the entry for XML alone needs `saxes`', () => {
    const person = gost.issue(PERSON);
    const certificates = gost.certificates.map((der) => Buffer.from(der).toString('base64'));
    const given = join(app, 'given.json');
    writeFileSync(given, JSON.stringify({ document: enveloped(person, '<a><!--></a>'), certificates }));
    for (const [name, text] of Object.entries(xmlPrograms))
      writeFileSync(join(app, name), text.replace('GIVEN', given));
    // Everything else ran without it: nothing else loads it.
    expect(existsSync(join(app, 'node_modules/saxes'))).toBe(false);
    expect(run(node, join(app, 'xml.mjs'))).toMatch(/ERR_MODULE_NOT_FOUND[\s\S]*\|1$/);
    expect(run(node, join(app, 'xml.cjs'))).toMatch(/MODULE_NOT_FOUND[\s\S]*\|1$/);
    compile(['xml.mts', 'xml.cts']);
    const uninstall = installSaxes();
    try {
      for (const name of ['xml.mjs', 'xml.cjs', 'out/xml.mjs', 'out/xml.cjs'])
        expect([name, run(node, join(app, name))]).toEqual([name, `${PERSON.iin}||0`]);
    } finally {
      uninstall();
    }
  });

  it('the entry for browsers needs neither Node nor its types', () => {
    const message = Buffer.from(signCms(gost.issue(PERSON), Buffer.from('x'))).toString('base64');
    const certificates = gost.certificates.map((der) => Buffer.from(der).toString('base64'));
    const body = `
      const octets = (text: string): Uint8Array => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
      const trust = createTrust(${JSON.stringify(certificates)}.map(octets));
      const at = new Date('2026-11-22T12:00:00Z');
      const prepared: boolean = await prepare();
      const verdict: Verdict = verify({ message: '${message}', at, trust, revocation: 'skip' });
      console.log(prepared, verdict.ok ? verdict.signer.iin : verdict.reason);`;
    const names = 'createTrust, prepare, verify, type Verdict';
    writeFileSync(join(app, 'page.mts'), `import { ${names} } from 'nca-verify/browser';${body}`);
    compile(['page.mts'], { types: [], lib: ['es2022', 'dom'] });
    expect(run(node, join(app, 'out/page.mjs'))).toBe(`true ${PERSON.iin}||0`);
  });

  it.each(['esm', 'cjs'] as const)('inside a bundle (%s) that is alone in its folder', async (format) => {
    const entry = format === 'esm' ? 'main.mjs' : 'main.cjs';
    writeFileSync(join(app, entry), programs[entry]);
    const alone = mkdtempSync(join(tmpdir(), 'nca-verify-alone-'));
    try {
      mkdirSync(join(alone, 'deep'));
      const outfile = join(alone, `deep/bundle.${format === 'esm' ? 'mjs' : 'cjs'}`);
      await build({
        entryPoints: [join(app, entry)],
        outfile,
        bundle: true,
        minify: true,
        format,
        platform: 'node',
        logLevel: 'error',
      });
      expect(run(node, outfile)).toBe(EXPECTED);
    } finally {
      rmSync(alone, { recursive: true });
    }
  });
});
