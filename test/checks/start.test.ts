import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';

// What the first page does not need costs time at the start, and memory in every process.
const loadedLater = [
  ...['@simplewebauthn/server', 'jose', 'nca-verify', 'node-pg-migrate', 'nodemailer', 'pdfkit'],
  ...['pg-copy-streams', 'smpp', 'undici'],
];

test('a fresh process loads no package that only some requests need', async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts', 'src/workers.ts', 'src/instance.ts'],
    ...{ bundle: true, format: 'esm', packages: 'external', platform: 'node', splitting: true },
    ...{ metafile: true, write: false, outdir: 'dist', logLevel: 'silent', jsx: 'automatic' },
  });
  const loaded = new Map<string, string>();
  const follow = (file: string) => {
    for (const { path, kind, external } of metafile.inputs[file]?.imports ?? []) {
      if (kind !== 'import-statement' || loaded.has(path)) continue;
      loaded.set(path, file);
      if (!external) follow(path);
    }
  };
  for (const entry of ['src/main.ts', 'src/workers.ts', 'src/instance.ts']) follow(entry);
  expect(loaded.has('fastify')).toBe(true);
  const early = [...loaded].filter(([path]) => loadedLater.some((name) => `${path}/`.startsWith(`${name}/`)));
  expect(early).toEqual([]);
});
