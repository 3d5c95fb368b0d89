/**
 * Builds dist/: the WebAssembly from assembly/ (AssemblyScript), the JavaScript (esbuild) and the
 * declarations (tsc). Runs as `prepare`. After an install without dev dependencies, esbuild comes
 * from the root, and AssemblyScript and tsc are missing. Their steps are skipped, and the
 * arithmetic in plain TypeScript is used.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
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

/**
 * The binaries, each with its entry in `assembly/`: one for every engine, one for those with SIMD.
 */
const BINARIES = { 'gost.wasm': 'index.ts', 'gost-simd.wasm': 'index-simd.ts' };

/** Compiles a module of `assembly/` to a file. False when the compiler is not installed. */
export async function compileAssembly(entry, file) {
  const compiler = await tool('assemblyscript/asc');
  if (compiler === null) return false;
  const options = ['-O2', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort='];
  // A binary with SIMD does not load in an engine without it, so only one entry may use it.
  const simd = entry === 'index.ts' ? [] : ['--enable', 'simd'];
  const files = ['--baseDir', home, `assembly/${entry}`, '--outFile', relative(home, file)];
  const { error, stderr } = await compiler.main([...files, ...options, ...simd]);
  if (error !== null) throw new Error(`${error.message}\n${stderr}`);
  return true;
}

async function buildAssembly() {
  const stamp = join(dist, 'gost.wasm.source');
  const digest = assemblyDigest();
  const files = Object.keys(BINARIES).map((name) => join(dist, name));
  const built = [stamp, ...files].every((file) => existsSync(file));
  if (built && readFileSync(stamp, 'utf8') === digest) return;
  for (const [name, entry] of Object.entries(BINARIES))
    if (!(await compileAssembly(entry, join(dist, name)))) return;
  writeFileSync(stamp, digest);
}

const ANCHORS = join(home, 'anchors');

const SOURCES = join(home, 'src');

/** Replaces `src/assets.ts` by a module that contains the files. */
function embed({ binaries, worker }) {
  const anchors = Object.fromEntries(
    readdirSync(ANCHORS).map((name) => [name, readFileSync(join(ANCHORS, name), 'base64')]),
  );
  const contents = `
    import { fromBase64 } from './platform.ts';
    const anchors = ${JSON.stringify(worker === null ? {} : anchors)};
    const binaries = ${JSON.stringify(binaries)};
    const decode = (text) => new Uint8Array(fromBase64(text));
    export const anchorFile = (name) => decode(anchors[name]);
    export const gostBinary = (name) => (binaries[name] === undefined ? null : decode(binaries[name]));
    export const workerScript = () => ${JSON.stringify(worker)};`;
  return {
    name: 'embed',
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/]assets\.ts$/ }, () => ({
        contents,
        loader: 'js',
        resolveDir: SOURCES,
      }));
    },
  };
}

/** Replaces what only Node has by what a browser has. */
const forBrowsers = {
  name: 'for browsers',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]platform\.ts$/ }, () => ({
      contents: "export * from './browser/platform.ts';",
      loader: 'ts',
      resolveDir: SOURCES,
    }));
  },
};

/** Those that have what the code needs: BigInt, private fields and WebAssembly. */
const BROWSERS = ['chrome109', 'firefox121', 'safari16.4'];

/** What a program may import, besides the command and the entry for browsers. */
const ENTRIES = { index: 'src/index.ts', xml: 'src/xml/index.ts', testing: 'src/testing/index.ts' };

/**
 * Bundles the entries into a folder, for `import` and, in `cjs/`, for `require`. Returns the names
 * of the files. Tests build into their own folders, some without the WebAssembly.
 */
export async function buildScripts(outdir, { assembly = true } = {}) {
  const esbuild = await tool('esbuild');
  if (esbuild === null) return [];
  const common = {
    absWorkingDir: home,
    bundle: true,
    platform: 'node',
    target: 'node20',
    // A peer dependency, of the entry for XML alone.
    external: ['saxes'],
    logLevel: 'warning',
  };
  // The threads get the WebAssembly from the main thread, and no anchors. CommonJS, because that is
  // what `new Worker` evaluates.
  const threads = await esbuild.build({
    ...common,
    entryPoints: ['src/worker.ts'],
    format: 'cjs',
    minify: true,
    write: false,
    plugins: [embed({ binaries: {}, worker: null })],
  });
  const worker = threads.outputFiles[0].text;
  const names = Object.keys(BINARIES).filter((name) => assembly && existsSync(join(dist, name)));
  const binaries = Object.fromEntries(names.map((name) => [name, readFileSync(join(dist, name), 'base64')]));
  const plugins = [embed({ binaries, worker })];
  const { metafile } = await esbuild.build({
    ...common,
    metafile: true,
    entryPoints: { ...ENTRIES, cli: 'src/cli.ts' },
    outdir,
    splitting: true,
    format: 'esm',
    plugins,
  });
  // Only this part of the code needs the package, so an install without it leaves only this out.
  if ((await tool('@noble/hashes/sha2.js')) !== null) {
    await esbuild.build({
      ...common,
      platform: 'browser',
      target: BROWSERS,
      entryPoints: { browser: 'src/browser/index.ts' },
      outdir,
      format: 'esm',
      plugins: [embed({ binaries, worker: '' }), forBrowsers],
    });
  }
  const cjs = join(outdir, 'cjs');
  await esbuild.build({
    ...common,
    entryPoints: ENTRIES,
    outdir: cjs,
    format: 'cjs',
    plugins,
  });
  writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(join(outdir, 'worker.cjs'), worker);
  return [...Object.keys(metafile.outputs).map((path) => basename(path)), 'browser.js'];
}

/** Writes the declarations, and the same ones beside the CommonJS. */
export function buildDeclarations(outdir) {
  const require = createRequire(import.meta.url);
  let tsc;
  try {
    tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  } catch {
    if (optional) return;
    throw new Error('typescript is not installed');
  }
  const types = join(outdir, 'types');
  rmSync(types, { recursive: true, force: true });
  execFileSync(process.execPath, [tsc, '-p', join(home, 'tsconfig.build.json'), '--outDir', types], {
    stdio: 'inherit',
  });
  // tsc keeps the file endings of the sources in the imports of declarations.
  for (const name of readdirSync(types, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(types, name);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/((?:from |import\()['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'),
    );
  }
  cpSync(types, join(outdir, 'cjs/types'), { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(dist, { recursive: true });
  await buildAssembly();
  const written = await buildScripts(dist);
  // Remove old files last, so that a process that runs from dist/ meanwhile finds every file.
  const stale = readdirSync(dist).filter((name) => /\.js(\.map)?$/.test(name) && !written.includes(name));
  if (written.length > 0) for (const name of stale) rmSync(join(dist, name));
  buildDeclarations(dist);
}
