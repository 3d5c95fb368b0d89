/**
 * Builds dist/: the JavaScript (esbuild) and the declarations (tsc). Runs as `prepare`. After an
 * install without dev dependencies, esbuild comes from the root and tsc is missing. With
 * `--if-possible`, a step whose tool is missing is skipped.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = dirname(fileURLToPath(import.meta.url));
const dist = join(home, 'dist');
const optional = process.argv.includes('--if-possible');

/** Bundles the entries, leaves packages external, and returns the names of the files written. */
async function buildScripts() {
  let esbuild;
  try {
    esbuild = await import('esbuild');
  } catch (error) {
    if (!optional || error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('egov-mobile-double: esbuild is not installed, the scripts in dist/ are left as they are');
    return [];
  }
  const { metafile } = await esbuild.build({
    metafile: true,
    absWorkingDir: home,
    entryPoints: { index: 'src/index.ts', cli: 'src/cli.ts' },
    outdir: dist,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.outputs).map((path) => basename(path));
}

function buildDeclarations() {
  const require = createRequire(import.meta.url);
  let tsc;
  try {
    tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  } catch {
    if (optional) return;
    throw new Error('typescript is not installed');
  }
  // In one workspace, npm may run this before nca-verify is built. Its types are missing then, and
  // `prepack` makes the declarations later.
  const verifier = dirname(require.resolve('nca-verify/package.json'));
  if (optional && !existsSync(join(verifier, 'dist/types/testing/index.d.ts'))) return;
  execFileSync(process.execPath, [tsc, '-p', join(home, 'tsconfig.build.json')], { stdio: 'inherit' });
  // tsc keeps the file endings of the sources in the imports of declarations.
  const types = join(dist, 'types');
  for (const name of readdirSync(types, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(types, name);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/((?:from |import\()['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'),
    );
  }
}

mkdirSync(dist, { recursive: true });
const written = await buildScripts();
// Remove old files last, so that a process that runs from dist/ meanwhile finds every file.
const stale = readdirSync(dist).filter((name) => /\.js(\.map)?$/.test(name) && !written.includes(name));
if (written.length > 0) for (const name of stale) rmSync(join(dist, name));
buildDeclarations();
