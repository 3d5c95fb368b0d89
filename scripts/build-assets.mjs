// Makes dist/assets: the style sheet, the browser scripts, the icon and the pictures of the guide.
// Each file's name contains a hash of its content, and .br and .gz are beside it. manifest.json maps
// plain names to addresses. The same sources give the same bytes.

import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { pruneCss } from './prune-css.mjs';

/**
 * The oldest browsers in which the pages look as designed. Older ones show them without the style.
 */
const browsers = ['chrome109', 'safari16.4', 'firefox121'];

/** The sources of markup. A rule of the style sheet that matches none of it is dropped. */
const markup = {
  folders: ['src/ui', 'src/features', 'src/platform/http', 'src/client'],
  files: /(\.tsx|client\/[\w-]+\.ts)$/,
};

/**
 * The scripts that load a part of themselves when it is used. That part is a file of its own. Other
 * scripts are one file each, because a request costs more than what they have in common.
 */
const split = /\/passkey[\w-]*\.ts$/;

/**
 * How long former files are kept, because running services and open pages still ask for them.
 * Milliseconds.
 */
const keptFor = 7 * 24 * 3600 * 1000;

/**
 * Builds all assets.
 * @param {string} root the folder of the checkout
 * @returns {Promise<Record<string, string>>} the manifest: plain name -> address
 */
export async function buildAssets(root) {
  const folder = join(root, 'dist/assets');
  await mkdir(folder, { recursive: true });
  const names = await scripts(root);
  const isSplit = (/** @type {string} */ name) => split.test(name);
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    absWorkingDir: root,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    outdir: folder,
    metafile: true,
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    target: browsers,
    logLevel: 'warning',
  };
  const built = await Promise.all([
    build({
      ...options,
      entryPoints: [
        'src/ui/styles/app.css',
        'src/ui/styles/check.css',
        'src/ui/styles/codes.css',
        'src/ui/styles/help.css',
        'src/ui/styles/icon.svg',
        ...(await pictures(root)),
        ...names.filter((name) => !isSplit(name)),
      ],
      loader: { '.svg': 'copy', '.png': 'copy' },
      plugins: [pruned(root)],
    }),
    build({ ...options, entryPoints: names.filter(isSplit), splitting: true }),
  ]);
  await touchFormer(folder);
  await Promise.all(built.flatMap(({ outputFiles }) => outputFiles ?? []).map(write));
  const outputs = built.flatMap(({ metafile }) => Object.entries(metafile?.outputs ?? {}));
  const named = outputs.map(([path, { entryPoint }]) => [
    basename(entryPoint ?? path).replace(/\.ts$/, '.js'),
    `/assets/${basename(path)}`,
  ]);
  /** @type {Record<string, string>} */
  const manifest = Object.fromEntries(named.sort());
  // Replace it in one step, so that a service that starts now reads either the former or the new
  // one.
  await writeFile(join(folder, 'manifest.json.new'), `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(join(folder, 'manifest.json.new'), join(folder, 'manifest.json'));
  await dropFormer(folder);
  return manifest;
}

/**
 * Notes that the files of the last build were used until now.
 * @param {string} folder
 */
async function touchFormer(folder) {
  const former = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => '{}');
  const now = new Date();
  for (const address of Object.values(JSON.parse(former)))
    for (const ending of ['', '.br', '.gz'])
      await utimes(join(folder, basename(address) + ending), now, now).catch(() => undefined);
}

/**
 * Removes files that no build has written for a week.
 * @param {string} folder
 */
async function dropFormer(folder) {
  const since = Date.now() - keptFor;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if ((await stat(path)).mtimeMs < since) await rm(path);
  }
}

/**
 * Gives esbuild the style sheet without the rules that no page can use.
 * @param {string} root
 * @returns {import('esbuild').Plugin}
 */
function pruned(root) {
  return {
    name: 'pruned-css',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]app\.css$/ }, async ({ path }) => {
        const bundled = await build({
          entryPoints: [path],
          bundle: true,
          write: false,
          target: browsers,
          logLevel: 'warning',
        });
        const contents = pruneCss(bundled.outputFiles[0]?.text ?? '', await markupOf(root));
        if (contents.includes('url('))
          throw new Error('the style sheet names a file; the content policy lets none in');
        return { contents, loader: 'css' };
      });
    },
  };
}

/**
 * The sources of all pages and components as one text.
 * @param {string} root
 */
async function markupOf(root) {
  const texts = await Promise.all(
    markup.folders.map(async (folder) => {
      const names = await readdir(join(root, folder), { recursive: true });
      const files = names.map((name) => join(root, folder, name)).sort();
      const sources = files.filter((file) => markup.files.test(file) && !file.includes('.test.'));
      return Promise.all(sources.map((file) => readFile(file, 'utf8')));
    }),
  );
  return texts.flat().join('\n');
}

/**
 * The scripts of the pages, each as its own entry point.
 * @param {string} root
 */
async function scripts(root) {
  const names = await readdir(join(root, 'src/client'));
  return names
    .filter((name) => /(?<!\.test|\.d)\.ts$/.test(name))
    .sort()
    .map((name) => `src/client/${name}`);
}

/**
 * The pictures of the guide, in all languages.
 * @param {string} root
 */
async function pictures(root) {
  const folder = 'src/features/help/pictures';
  return (await readdir(join(root, folder))).sort().map((name) => `${folder}/${name}`);
}

/**
 * Writes a file together with its two compressed forms.
 * @param {import('esbuild').OutputFile} file
 */
async function write({ path, contents }) {
  const [brotli, gzipped] = await Promise.all([
    promisify(brotliCompress)(contents, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: contents.length,
      },
    }),
    promisify(gzip)(contents, { level: 9 }),
  ]);
  await Promise.all([
    writeFile(path, contents),
    writeFile(`${path}.br`, brotli),
    writeFile(`${path}.gz`, gzipped),
  ]);
}
