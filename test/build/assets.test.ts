import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../src/platform/root.ts';

/** The build is plain JavaScript, so its types are declared here. */
const { buildAssets }: { buildAssets: (root: string) => Promise<Record<string, string>> } = await import(
  join(root, 'scripts/build-assets.mjs')
);
const { pruneCss }: { pruneCss: (css: string, markup: string) => string } = await import(
  join(root, 'scripts/prune-css.mjs')
);

describe('the built assets', () => {
  const copy = mkdtempSync(join(tmpdir(), 'kabinet-assets-'));
  const folder = join(copy, 'dist/assets');
  let manifest: Record<string, string>;
  beforeAll(async () => {
    symlinkSync(join(root, 'src'), join(copy, 'src'));
    manifest = await buildAssets(copy);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('has the style sheet, the icon, each script and each picture under an address with its hash', () => {
    const sources = readdirSync(join(root, 'src/client')).filter((name) => name.endsWith('.ts'));
    // The part of the scripts of passkeys that is loaded when it is used.
    const loadedLater = 'ceremony.js';
    const pictures = readdirSync(join(root, 'src/features/help/pictures'));
    expect(pictures.length).toBeGreaterThan(50);
    expect(Object.keys(manifest)).toEqual(
      [
        'app.css',
        'check.css',
        'codes.css',
        loadedLater,
        'help.css',
        'icon.svg',
        ...pictures,
        ...sources.map((name) => name.replace(/ts$/, 'js')),
      ].sort(),
    );
    for (const [name, address] of Object.entries(manifest)) {
      const [stem, extension] = name.split('.');
      expect(address).toMatch(new RegExp(`^/assets/${stem}-[A-Z0-9]{8}\\.${extension}$`));
    }
    expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toEqual(manifest);
  });

  it('gives the same names for the same sources', async () => {
    expect(await buildAssets(copy)).toEqual(manifest);
  });

  it('keeps the files of former builds for a week, for running services', async () => {
    const weekAgo = Date.now() / 1000 - 8 * 24 * 3600;
    for (const name of ['app-former.css', 'app-old.css']) writeFileSync(join(folder, name), 'b{}');
    utimesSync(join(folder, 'app-old.css'), weekAgo, weekAgo);
    await buildAssets(copy);
    const left = readdirSync(folder);
    expect(left).toContain('app-former.css');
    expect(left).not.toContain('app-old.css');
  });

  it('compresses every file beforehand, without loss', () => {
    for (const address of Object.values(manifest)) {
      const plain = read(address);
      expect(brotliDecompressSync(read(`${address}.br`)).equals(plain)).toBe(true);
      expect(gunzipSync(read(`${address}.gz`)).equals(plain)).toBe(true);
    }
  });

  it('leaves most of the first 14 KB to the page', () => {
    expect(read(`${manifest['app.css']}.br`).length).toBeLessThan(7 * 1024);
    expect(read(`${manifest['show-password.js']}.br`).length).toBeLessThan(400);
    expect(read(`${manifest['submit-once.js']}.br`).length).toBeLessThan(1024);
  });

  it('loads what needs the library of passkeys only when it is used, by the address of its file', () => {
    const later = manifest['ceremony.js']?.replace('/assets/', './') ?? '';
    expect(read(manifest['ceremony.js'] ?? '').toString()).toContain('credentials.get');
    for (const name of ['passkey.js', 'passkey-autofill.js']) {
      const script = read(manifest[name] ?? '').toString();
      expect(script).toContain(`import("${later}")`);
      expect(script).not.toContain('credentials.get');
      expect(script).not.toMatch(/\bfrom"/);
    }
    expect(read(`${manifest['passkey-autofill.js']}.br`).length).toBeLessThan(300);
  });

  it('refers to no file that the content policy refuses, and has no nesting, which older browsers skip', () => {
    const css = read(manifest['app.css'] ?? '').toString();
    expect(css).not.toContain('url(');
    expect(css).not.toContain('&');
    expect(css).not.toContain('light-dark(');
  });

  it('keeps what the pages use of Designsystemet', () => {
    const css = read(manifest['app.css'] ?? '').toString();
    for (const rule of ['.ds-button[data-variant=secondary]', '.ds-skip-link', '[role=switch]']) {
      expect(css).toContain(rule);
    }
    expect(css).toMatch(/\.ds-input:not\(\[size\][^{]*\{width:100%\}/);
    expect(css).not.toContain('.ds-chip');
    expect(css).not.toContain('data-variant=outline');
  });

  function read(address: string): Buffer {
    return readFileSync(join(copy, 'dist', address));
  }
});

describe('pruning', () => {
  const markup = `<p class="lead"><input type="text" aria-invalid="true" />`;

  it.each([
    ['a class', '.lead{top:0}', true],
    ['an unknown class', '.other{top:0}', false],
    ['a class inside :not', '.lead:not(.other){top:0}', true],
    ['one possible alternative', ':is(.other,.lead) p{top:0}', true],
    ['no possible alternative', ':is(.other,.another):hover{top:0}', false],
    ['a possible descendant', 'p:has(input){top:0}', true],
    ['an impossible descendant', 'p:has(select){top:0}', false],
    ['an attribute and its value', '[aria-invalid=true]{top:0}', true],
    ['another value', '[type=radio]{top:0}', false],
    ['a state no page has', 'input:disabled{top:0}', false],
  ])('judges %s', (_, css, kept) => {
    expect(pruneCss(css, markup) !== '').toBe(kept);
  });

  it.each([
    ['disabled', '<button class="lead" disabled>'],
    ['readonly', '<input readonly value="1" />'],
    ['aria-disabled', '<a aria-disabled={isOff ? "true" : undefined}>'],
  ])('refuses to build when the markup uses %s, whose rules it drops', (word, used) => {
    expect(() => pruneCss('.lead{top:0}', `${markup}${used}`)).toThrow(word);
  });

  it('is not misled by the same word in a text or in code', () => {
    const code = 'const disabled = 1; readonly x: string; // disabled';
    expect(pruneCss('.lead{top:0}', `${markup}${code}<p>readonly</p>`)).toBe('.lead{top:0}');
  });

  it('drops the impossible half of a list', () => {
    expect(pruneCss('.other,.lead{top:0}', markup)).toBe('.lead{top:0}');
  });

  it('drops a chain of properties that nothing uses', () => {
    expect(pruneCss('p{--a:1px;--b:var(--a);top:0}', markup)).toBe('p{top:0}');
  });

  it.each([
    ['a property of :root', ':root{--a:1px}p{top:var(--a)}', 'p{top:1px}'],
    ['a chain in one rule', 'p{--c:2px;--d:var(--c);top:var(--d)}', 'p{top:2px}'],
    [
      'what refers to a property that varies, in the same rule',
      'p{--a:0;--b:var(--a);top:var(--b)}p:hover{--a:1px}',
      'p{--a:0;top:var(--a)}p:hover{--a:1px}',
    ],
  ])('writes the value of %s where it is used', (_, css, written) => {
    expect(pruneCss(css, markup)).toBe(written);
  });

  it.each([
    ['declared twice', ':root{--a:1px}p{top:var(--a)}@media print{:root{--a:2px}}'],
    ['declared on a condition', '@media print{:root{--a:1px}}p{top:var(--a)}'],
    ['inherited from another rule', 'p{--a:1px}.lead{top:var(--a)}'],
    ['used with a fallback', 'p{--a:1px;top:var(--a,2px)}'],
    ['computed from what varies below', ':root{--a:1px;--b:var(--a)}p{--a:2px}.lead{top:var(--b)}'],
  ])('leaves a property that is %s', (_, css) => {
    expect(pruneCss(css, markup)).toBe(css);
  });

  it('drops keyframes that nothing runs, and rules that are left empty', () => {
    const css =
      '@keyframes a{from{top:0}}@keyframes b{from{top:0}}p{animation:a 1s}@media print{.other{top:0}}';
    expect(pruneCss(css, markup)).toBe('@keyframes a{from{top:0}}p{animation:a 1s}');
  });
});
