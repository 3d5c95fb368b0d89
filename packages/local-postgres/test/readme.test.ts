import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { serverProcess } from '../src/process.ts';
import { data, home, prepareFolders } from './support/harness.ts';

prepareFolders();

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** A folder inside the package, so that its dependencies are found. */
let folder: string;
beforeAll(() => {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'readme-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the example runs', async () => {
  const code = /## Use\n\n```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const outfile = join(folder, 'example.mjs');
  await build({
    stdin: { contents: code.replaceAll("'var/", `'${home}/`), resolveDir: root, loader: 'ts' },
    alias: { 'local-postgres': join(root, 'src/index.ts') },
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
  const shown: unknown[] = [];
  const spy = vi.spyOn(console, 'log').mockImplementation((...values) => void shown.push(...values));
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined);
  try {
    await import(pathToFileURL(outfile).href);
  } finally {
    spy.mockRestore();
    info.mockRestore();
  }
  expect(shown).toEqual([1]);
  expect(serverProcess(data())).toBeUndefined();
});

test('every option and every reason is listed', () => {
  const source = (name: string) => readFileSync(join(root, 'src', name), 'utf8');
  const [, interfaces = ''] = source('options.ts').split('export interface Words');
  const options = [...interfaces.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  const reasons = [...source('error.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, name]) => name);
  expect(options).toContain('lockSpace');
  expect(reasons).toContain('inUse');
  expect([...options, ...reasons].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
