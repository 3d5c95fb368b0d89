// Builds the service into dist/: the server and the commands as two bundles, the assets, and the
// page for when nothing runs. Takes less than two seconds. `--production` leaves out the
// demonstration, and no setting can bring it back. `--out FOLDER` builds only the bundles, into
// another folder. `--if-stale` builds only when dist/ is not what the sources would give.

import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { digestOfSources, isFresh, readStamp, stampFor } from './build-stamp.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Names the build, for metrics and logs. */
const nameOfBuild = join(root, 'dist/.built');

/**
 * How long bundles of former builds are kept: a service that runs since then loads some of its parts
 * at their first use. Milliseconds.
 */
const keptFor = 7 * 24 * 3600 * 1000;

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
  // The maps name lines. With the texts, reading them would take more time and memory at each start.
  sourcesContent: false,
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
  // Taken before anything is read: a source that changes meanwhile makes the next start build again.
  const sources = digestOfSources();
  const [{ build }, { buildAssets }] = await Promise.all([import('esbuild'), import('./build-assets.mjs')]);
  const folder = resolve(root, out);
  mkdirSync(folder, { recursive: true });
  const former = readStamp(folder);
  // A build that is not finished counts as none.
  rmSync(stampFor(folder, { files: [] })[0], { force: true });
  // The proxy shows this page when nothing else answers.
  cpSync(join(root, 'src/ui/static'), join(root, 'dist/static'), { recursive: true });
  const changed = production ? { plugins: [withoutDemonstration] } : {};
  const bundles = build({ ...bundle, outdir: folder, write: false, ...changed });
  const [{ outputFiles }, assets] = await Promise.all([
    bundles,
    ...(out === 'dist' ? [buildAssets(root)] : []),
  ]);
  replaceBundles(folder, outputFiles, former, production);
  if (out === 'dist') writeFileSync(nameOfBuild, digestOf(outputFiles));
  const addresses = Object.values(assets ?? {}).map((address) => join(root, 'dist', address));
  const files = [
    ...outputFiles.map(({ path }) => path),
    ...(assets ? [nameOfBuild, join(root, 'dist/assets/manifest.json')] : []),
    ...addresses.flatMap((path) => [path, `${path}.br`, `${path}.gz`]),
  ];
  writeFileSync(...stampFor(folder, { sources, production, files }));
}

/** Identifies the build. Metrics and logs use it to say which code runs. */
function digestOf(outputFiles) {
  const hash = createHash('sha256');
  const code = outputFiles.filter(({ path }) => path.endsWith('.js'));
  for (const { contents } of code.sort((a, b) => (a.path < b.path ? -1 : 1))) hash.update(contents);
  return hash.digest('hex').slice(0, 12);
}

/**
 * Writes the files that changed, then removes those that no build has made for a week. Whoever
 * watches the folder always finds all files. A production build keeps nothing of one that has a
 * demonstration.
 */
function replaceBundles(folder, files, former, production) {
  const made = new Set(files.map(({ path }) => path));
  for (const { path, contents } of files) {
    if (!existsSync(path) || !readFileSync(path).equals(contents)) writeFileSync(path, contents);
  }
  const now = Date.now();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!/\.js(\.map)?$/.test(name) || made.has(path)) continue;
    const kept = former && former.production === production;
    // Until now it was part of the build.
    if (kept && name in former.files) utimesSync(path, now / 1_000, now / 1_000);
    else if (!kept || statSync(path).mtimeMs < now - keptFor) rmSync(path);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { 'if-stale': ifStale, ...options } = parseArgs({
    options: {
      production: { type: 'boolean' },
      out: { type: 'string' },
      'if-stale': { type: 'boolean' },
    },
  }).values;
  if (!ifStale || !isFresh({ demonstration: true })) {
    const started = performance.now();
    await buildService(options);
    console.log(`built in ${Math.round(performance.now() - started)} ms`);
  }
}
