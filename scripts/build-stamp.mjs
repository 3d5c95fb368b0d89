// What the last build was made from, and what it made. `npm start` and `kabinet` build only when one
// of both has changed, so that what runs is always what the sources say.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Everything that a build reads. The second lock file names the packages that are installed. */
const sources = ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];
const installed = 'node_modules/.package-lock.json';

/**
 * What a build left about itself.
 * @typedef {{ sources: string, production: boolean, files: Record<string, string> }} Stamp
 */

/** @param {string} folder where it built */
const stampOf = (folder) => join(folder, '.build.json');

/** A digest of every source, with its name. It does not depend on times. */
export function digestOfSources() {
  const hash = createHash('sha256');
  for (const path of [...sources, installed].flatMap((name) => filesIn(join(root, name)))) {
    const contents = readFileSync(path);
    hash.update(`${relative(root, path)}\0${contents.length}\0`).update(contents);
  }
  return hash.digest('hex');
}

/** Files by their order, below a folder or the file itself. Tests are no part of a build. */
function filesIn(path) {
  if (!existsSync(path)) return [];
  const names = readdirSyncOf(path);
  if (names === undefined) return [path];
  return names
    .sort()
    .filter((name) => !/\.test\.tsx?$/.test(name))
    .flatMap((name) => filesIn(join(path, name)));
}

function readdirSyncOf(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The stamp in a folder. Undefined where no build was finished. @returns {Stamp | undefined} */
export function readStamp(folder) {
  try {
    return JSON.parse(readFileSync(stampOf(folder), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The path of the stamp and its text. @param {string[]} files what was made */
export function stampFor(folder, { sources, production, files }) {
  const made = Object.fromEntries(files.sort().map((path) => [relative(folder, path), digestOf(path)]));
  return [stampOf(folder), `${JSON.stringify({ sources, production, files: made }, null, 1)}\n`];
}

/**
 * Whether dist/ is what the sources would give now, file by file.
 * @param {{ demonstration?: boolean }} [wanted] true where a production build is not enough
 */
export function isFresh({ demonstration = false } = {}) {
  const folder = join(root, 'dist');
  const stamp = readStamp(folder);
  if (!stamp || (demonstration && stamp.production)) return false;
  const whole = Object.entries(stamp.files).every(([name, digest]) => {
    const path = join(folder, name);
    return existsSync(path) && digestOf(path) === digest;
  });
  return whole && stamp.sources === digestOfSources();
}

function digestOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('base64url');
}
