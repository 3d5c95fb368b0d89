// Builds the service into dist/: the server and the commands as two bundles, the assets, and the page for when nothing runs. Under two seconds.
// `--production`: without the demonstration, which no setting brings back. `--out FOLDER`: the bundles alone, elsewhere.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { buildAssets } from './build-assets.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The options both bundles share; packages stay outside, so that the lock file decides what runs. */
export const bundle = {
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts', kabinet: 'src/cli/kabinet.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
};

const withoutDemonstration = {
  name: 'without-demonstration',
  setup(build) {
    const path = join(root, 'src/no-demonstration.ts');
    build.onResolve({ filter: /\/demonstration\.ts$/ }, () => ({ path }));
  },
};

/** Builds into dist/, or the bundles alone into another folder. */
export async function buildService({ production = false, out = 'dist' } = {}) {
  const folder = resolve(root, out);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) {
    if (/\.js(\.map)?$/.test(file)) rmSync(join(folder, file));
  }
  // For the proxy, when nothing else answers.
  cpSync(join(root, 'src/ui/static'), join(root, 'dist/static'), { recursive: true });
  // The maps name lines; the text of what was left out is in neither.
  const changed = production ? { plugins: [withoutDemonstration], sourcesContent: false } : {};
  const bundles = build({ ...bundle, outdir: folder, ...changed });
  await Promise.all([bundles, ...(out === 'dist' ? [buildAssets(root)] : [])]);
}

/** True when nothing that goes into dist/ is newer than what is there. */
export function isFresh() {
  const built = join(root, 'dist/main.js');
  if (!existsSync(built) || !existsSync(join(root, 'dist/assets/manifest.json'))) return false;
  const since = statSync(built).mtimeMs;
  const newer = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).some((entry) =>
      entry.isDirectory()
        ? newer(join(folder, entry.name))
        : statSync(join(root, folder, entry.name)).mtimeMs > since,
    );
  return !['src', 'scripts'].some(newer) && statSync(join(root, 'package-lock.json')).mtimeMs <= since;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { production: { type: 'boolean' }, out: { type: 'string' } } });
  const started = performance.now();
  await buildService(values);
  console.log(`built in ${Math.round(performance.now() - started)} ms`);
}
