/**
 * Builds dist/: the WebAssembly from assembly/ (AssemblyScript), the JavaScript (esbuild) and the
 * declarations (tsc). Runs as `prepare`. After an install without dev dependencies, esbuild comes
 * from the root, and AssemblyScript and tsc are missing. Their steps are skipped, and the
 * arithmetic in plain TypeScript is used.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = dirname(fileURLToPath(import.meta.url));
const dist = join(home, 'dist');
const optional = process.argv.includes('--if-possible');

/** Imports a package; null when it is not installed and not required. */
async function tool(name) {
  try {
    return await import(name);
  } catch (error) {
    if (optional && error.code === 'ERR_MODULE_NOT_FOUND') {
      console.error(`nca-verify: ${name} is not installed, its part of dist/ is left as it is`);
      return null;
    }
    throw error;
  }
}

/**
 * The digest of the AssemblyScript sources. It is stored beside the binary, so that neither a build
 * nor a test uses an outdated one.
 */
export function assemblyDigest() {
  const hash = createHash('sha256');
  for (const name of readdirSync(join(home, 'assembly')).sort())
    hash.update(readFileSync(join(home, 'assembly', name)));
  return hash.digest('hex');
}

async function buildAssembly() {
  const stamp = join(dist, 'gost.wasm.source');
  const digest = assemblyDigest();
  if (existsSync(join(dist, 'gost.wasm')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest)
    return;
  const compiler = await tool('assemblyscript/asc');
  if (compiler === null) return;
  const { error, stderr } = await compiler.main(
    [
      'assembly/index.ts',
      '--outFile',
      'dist/gost.wasm',
      '-O3',
      '--converge',
      '--noAssert',
      '--runtime',
      'stub',
      '--use',
      'abort=',
    ],
    { baseDir: home },
  );
  if (error !== null) throw new Error(`${error.message}\n${stderr}`);
  writeFileSync(stamp, digest);
}

/**
 * Bundles the entries into a folder and returns the names of the files. Tests build into their own
 * folders.
 */
export async function buildScripts(outdir) {
  const esbuild = await tool('esbuild');
  if (esbuild === null) return [];
  const { metafile } = await esbuild.build({
    metafile: true,
    absWorkingDir: home,
    entryPoints: {
      index: 'src/index.ts',
      testing: 'src/testing/index.ts',
      worker: 'src/worker.ts',
      cli: 'src/cli.ts',
    },
    outdir,
    bundle: true,
    splitting: true,
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(dist, { recursive: true });
  await buildAssembly();
  const written = await buildScripts(dist);
  // Remove old files last, so that a process that runs from dist/ meanwhile finds every file.
  const stale = readdirSync(dist).filter((name) => /\.js(\.map)?$/.test(name) && !written.includes(name));
  if (written.length > 0) for (const name of stale) rmSync(join(dist, name));
  buildDeclarations();
}
