// Builds the service into dist/: the server and the commands as two bundles, the assets, and the page for when nothing runs. Under two seconds.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
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

export async function buildService() {
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (const file of readdirSync(join(root, 'dist'))) {
    if (/\.js(\.map)?$/.test(file)) rmSync(join(root, 'dist', file));
  }
  // For the proxy, when nothing else answers.
  cpSync(join(root, 'src/ui/static'), join(root, 'dist/static'), { recursive: true });
  await Promise.all([build(bundle), buildAssets(root)]);
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
  const started = performance.now();
  await buildService();
  console.log(`built in ${Math.round(performance.now() - started)} ms`);
}
