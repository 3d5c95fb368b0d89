// `npm run chaos`: kills the service and what it depends on while clients save, and checks that
// nothing was lost. `npm run chaos -- planted` runs only what is named; `-- cluster freeze` runs
// one fault of the cluster.

import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildService, bundle } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runs = {
  kill: 'kills nodes at fourteen points and at random while clients save and the fund makes errors',
  planted: 'a short form of kill with planted faults, each of which must be found',
  database: 'ends sessions, restarts the database, fills its disk, fails over to a standby',
  cluster: 'disturbs three machines under Patroni in thirteen ways (deploy/patroni); 40 minutes',
  backlog: 'delivers 100,000 changes that waited while the fund was down',
};
const words = process.argv.slice(2);
// Faults and options follow `cluster`, which has a help of its own.
const isCluster = words[0] === 'cluster';
const wanted = isCluster ? ['cluster'] : words;
const rest = isCluster ? words.slice(1) : [];

if (wanted.includes('--help')) {
  const width = Math.max(...Object.keys(runs).map((name) => name.length));
  console.log(
    'Usage: npm run chaos -- [NAME]…\n       npm run chaos -- cluster --help\n\nRuns all of these, or only the named ones:\n',
  );
  for (const [name, what] of Object.entries(runs)) console.log(`  ${name.padEnd(width)}  ${what}`);
  process.exit(0);
}
const unknown = wanted.filter((name) => !(name in runs));
if (unknown.length > 0) {
  console.error(`There is no run named ${unknown.join(', ')}; there are ${Object.keys(runs).join(', ')}.`);
  process.exit(2);
}

await buildService();
await build({
  ...bundle,
  entryPoints: Object.fromEntries(
    [...Object.keys(runs), 'reader', 'cluster-options'].map((name) => [name, `test/chaos/${name}.ts`]),
  ),
  outdir: 'dist/chaos',
});

const load = (name) => import(pathToFileURL(join(root, `dist/chaos/${name}.js`)).href);
if (rest.includes('--help')) {
  console.log((await load('cluster-options')).usage);
  process.exit(0);
}
console.log(`Node ${process.versions.node}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'CPU'}`);
let failed = false;
for (const name of wanted.length > 0 ? wanted : Object.keys(runs)) {
  const began = performance.now();
  const stamp = () => `${Math.round((performance.now() - began) / 1_000)} s`.padStart(6);
  console.log(`\n${name}: ${runs[name]}`);
  try {
    const { chaos } = await load(name);
    const { figures, wrong } = await chaos((line) => console.log(`${stamp()}  ${line}`), rest);
    const width = Math.max(0, ...figures.map(([what]) => what.length));
    for (const [what, value] of figures) console.log(`  ${what.padEnd(width)}  ${value}`);
    for (const line of wrong.slice(0, 20)) console.error(`  WRONG: ${line}`);
    if (wrong.length > 20) console.error(`  … and ${wrong.length - 20} more`);
    console.log(
      `  ${wrong.length === 0 ? 'nothing is wrong' : `${wrong.length} things are wrong`}, after${stamp()}`,
    );
    failed ||= wrong.length > 0;
  } catch (error) {
    failed = true;
    console.error(`${name} failed: ${error.stack ?? error}`);
  }
}
process.exit(failed ? 1 : 0);
