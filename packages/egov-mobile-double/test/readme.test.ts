import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { createTestAuthority } from 'nca-verify/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MODE_NAMES } from '../src/index.ts';
import { startFakeService } from './fake-service.ts';

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
  const authority = createTestAuthority({ at: new Date() });
  const service = await startFakeService(authority.certificates);
  const outfile = join(folder, 'example.mjs');
  await build({
    stdin: {
      contents: code
        .replace(
          'createTestAuthority({ at: new Date() })',
          `restoreTestAuthority(${JSON.stringify(authority.save())})`,
        )
        .replace('createTestAuthority', 'restoreTestAuthority')
        .replace('codeText', JSON.stringify(service.code)),
      resolveDir: root,
      loader: 'ts',
    },
    alias: { 'egov-mobile-double': join(root, 'src/index.ts') },
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
  const shown: unknown[] = [];
  const spy = vi.spyOn(console, 'log').mockImplementation((...values) => void shown.push(...values));
  try {
    await import(pathToFileURL(outfile).href);
  } finally {
    spy.mockRestore();
    await service.close();
  }
  expect(shown.slice(0, 2)).toEqual([
    'taken',
    ['request 200', 'documents 200', 'signature 200', 'signature 200'],
  ]);
});

test('every mode and every reason is listed', () => {
  const source = readFileSync(join(root, 'src/refusal.ts'), 'utf8');
  const reasons = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, name]) => name);
  expect(reasons).toContain('hostNotAllowed');
  expect([...MODE_NAMES, ...reasons].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
