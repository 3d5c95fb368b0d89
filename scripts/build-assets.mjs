// Makes dist/assets: the style sheet, the browser scripts and the icon, each under a name with a hash of its content, beside it
// .br and .gz, and manifest.json from plain names to addresses. The same sources give the same bytes.

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { pruneCss } from './prune-css.mjs';

/** The oldest browsers in which the pages look right; older ones show them plain. */
const browsers = ['chrome109', 'safari16.4', 'firefox121'];

/** Where markup is written; a rule of the style sheet that none of it can match is dropped. */
const markup = {
  folders: ['src/ui', 'src/features', 'src/platform/http', 'src/client'],
  files: /(\.tsx|client\/[\w-]+\.ts)$/,
};

/** Former files stay this long: a running service and pages that are open still ask for them. Milliseconds. */
const keptFor = 7 * 24 * 3600 * 1000;

/**
 * Builds every asset anew.
 * @param {string} root the folder of the checkout
 * @returns {Promise<Record<string, string>>} the manifest: plain name -> address
 */
export async function buildAssets(root) {
  const folder = join(root, 'dist/assets');
  await mkdir(folder, { recursive: true });
  const files = [await styleSheet(root), ...(await scripts(root)), await icon(root)];
  const written = await Promise.all(files.map((file) => write(folder, file)));
  const manifest = Object.fromEntries(written.sort());
  // In one step, so that a service that starts now reads the former one or this one.
  await writeFile(join(folder, 'manifest.json.new'), `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(join(folder, 'manifest.json.new'), join(folder, 'manifest.json'));
  await dropFormer(folder);
  return manifest;
}

/**
 * Removes what no build has written for a week.
 * @param {string} folder
 */
async function dropFormer(folder) {
  const since = Date.now() - keptFor;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if ((await stat(path)).mtimeMs < since) await rm(path);
  }
}

/** @typedef {{ name: string, content: Buffer }} Asset */

/**
 * @param {string} root
 * @returns {Promise<Asset>}
 */
async function styleSheet(root) {
  const bundled = await build({
    entryPoints: [join(root, 'src/ui/styles/app.css')],
    bundle: true,
    write: false,
    target: browsers,
    logLevel: 'warning',
  });
  const pruned = pruneCss(only(bundled.outputFiles).text, await markupOf(root));
  const minified = await build({
    stdin: { contents: pruned, loader: 'css' },
    minify: true,
    write: false,
    target: browsers,
    logLevel: 'warning',
  });
  const css = only(minified.outputFiles).text;
  if (css.includes('url(')) throw new Error('the style sheet names a file; the content policy lets none in');
  return { name: 'app.css', content: Buffer.from(css) };
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
 * @param {string} root
 * @returns {Promise<Asset[]>}
 */
async function scripts(root) {
  const folder = join(root, 'src/client');
  const sources = (await readdir(folder)).filter((name) => /(?<!\.test|\.d)\.ts$/.test(name)).sort();
  const built = await build({
    entryPoints: sources.map((name) => join(folder, name)),
    outdir: join(root, 'dist/assets'),
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    target: browsers,
    logLevel: 'warning',
  });
  return built.outputFiles.map((file) => ({
    name: basename(file.path),
    content: Buffer.from(file.contents),
  }));
}

/**
 * @param {string} root
 * @returns {Promise<Asset>}
 */
async function icon(root) {
  return { name: 'icon.svg', content: await readFile(join(root, 'src/ui/styles/icon.svg')) };
}

/**
 * @param {string} folder
 * @param {Asset} asset
 * @returns {Promise<[name: string, address: string]>}
 */
async function write(folder, { name, content }) {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 10);
  const extension = extname(name);
  const fingerprinted = `${name.slice(0, -extension.length)}-${hash}${extension}`;
  const [brotli, gzipped] = await Promise.all([
    promisify(brotliCompress)(content, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    }),
    promisify(gzip)(content, { level: 9 }),
  ]);
  await Promise.all([
    writeFile(join(folder, fingerprinted), content),
    writeFile(join(folder, `${fingerprinted}.br`), brotli),
    writeFile(join(folder, `${fingerprinted}.gz`), gzipped),
  ]);
  return [name, `/assets/${fingerprinted}`];
}

/**
 * @template T
 * @param {readonly T[] | undefined} items
 * @returns {T}
 */
function only(items) {
  const [item] = items ?? [];
  if (item === undefined) throw new Error('esbuild gave no file');
  return item;
}
