// Builds the service into dist/: the server and the commands as two bundles, the assets, and the
// page for when nothing runs. Takes less than two seconds. `--production` leaves out the
// demonstration, and no setting can bring it back. `--out FOLDER` builds only the bundles, into
// another folder.

import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { buildAssets } from './build-assets.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The time of this file is that of the last build. Bundles that did not change keep their time. */
const stamp = join(root, 'dist/.built');

/**
 * The options of both bundles. Packages stay external, so that the lock file decides their
 * versions.
 */
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

/** Builds into dist/, or only the bundles into another folder. */
export async function buildService({ production = false, out = 'dist' } = {}) {
  const folder = resolve(root, out);
  mkdirSync(folder, { recursive: true });
  // The proxy shows this page when nothing else answers.
  cpSync(join(root, 'src/ui/static'), join(root, 'dist/static'), { recursive: true });
  // The source maps name lines. Neither they nor the bundles contain the text that was left out.
  const changed = production ? { plugins: [withoutDemonstration], sourcesContent: false } : {};
  const bundles = build({ ...bundle, outdir: folder, write: false, ...changed });
  const [{ outputFiles }] = await Promise.all([bundles, ...(out === 'dist' ? [buildAssets(root)] : [])]);
  replaceBundles(folder, outputFiles);
  if (out === 'dist') writeFileSync(stamp, digestOf(outputFiles));
}

/** Identifies the build. Metrics and logs use it to say which code runs. */
function digestOf(outputFiles) {
  const hash = createHash('sha256');
  const code = outputFiles.filter(({ path }) => path.endsWith('.js'));
  for (const { contents } of code.sort((a, b) => (a.path < b.path ? -1 : 1))) hash.update(contents);
  return hash.digest('hex').slice(0, 12);
}

/** True when dist/ is newer than everything it is built from. */
export function isFresh() {
  if (!existsSync(stamp) || !existsSync(join(root, 'dist/assets/manifest.json'))) return false;
  const since = statSync(stamp).mtimeMs;
  const newer = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).some((entry) =>
      entry.isDirectory()
        ? newer(join(folder, entry.name))
        : statSync(join(root, folder, entry.name)).mtimeMs > since,
    );
  return !['src', 'scripts'].some(newer) && statSync(join(root, 'package-lock.json')).mtimeMs <= since;
}

/**
 * Writes the files that changed, then removes those that are no longer made. Whoever watches the
 * folder always finds all files.
 */
function replaceBundles(folder, files) {
  const made = new Set(files.map(({ path }) => path));
  for (const { path, contents } of files) {
    if (!existsSync(path) || !readFileSync(path).equals(contents)) writeFileSync(path, contents);
  }
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (/\.js(\.map)?$/.test(name) && !made.has(path)) rmSync(path);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { production: { type: 'boolean' }, out: { type: 'string' } } });
  const started = performance.now();
  await buildService(values);
  console.log(`built in ${Math.round(performance.now() - started)} ms`);
}
