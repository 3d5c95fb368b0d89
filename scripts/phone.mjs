// `npm run phone -- --auto IIN`: plays the phone's app against the running demonstration. Makes the
// keys of the demonstration people, as `npm run agent` does, and waits for the QR code of a page.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const keys = join(resolve(process.env.VAR_DIR || 'var'), 'eds');

/** Bundles sources of a package, because Node.js 20 runs no TypeScript. */
async function load(source) {
  const outfile = join(root, 'node_modules/.cache/phone', `${source.replaceAll('/', '-')}.mjs`);
  mkdirSync(join(root, 'node_modules/.cache/phone'), { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [source],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return import(outfile);
}

if (process.env.NODE_ENV === 'production') {
  console.error('The double of the phone does not run with NODE_ENV=production.');
  process.exit(1);
}
const [{ prepareKeys, readPeople }, { main }] = await Promise.all(
  ['packages/nca-agent/src/keys.ts', 'packages/egov-mobile-double/src/cli.ts'].map(load),
);
const isHelp = given.includes('--help');
if (!isHelp) prepareKeys(keys, readPeople(join(root, 'data/demo-people.jsonl')), new Date());
const port = process.env.PORT || '3000';
// A code that is given on the command line is played, otherwise what a page of the demonstration shows.
const named = given.some(
  (one) => one.startsWith('mobileSign:') || one.startsWith('https:') || one === '--watch',
);
process.exitCode = await main([
  ...given,
  ...(isHelp ? [] : ['--keys', join(keys, 'keys'), '--local']),
  ...(isHelp || named ? [] : ['--watch', `http://localhost:${port}/demo/phone`]),
  ...(given.includes('--back') ? [] : ['--back', 'elsewhere']),
]);
