// `npm run bench`: builds the service and the measurements, runs each, and prints one table.
// `npm run bench -- pages saves` runs only the named ones.

import { readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildService, bundle } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const notMeasurements = [
  'cores',
  'hashes-process',
  'own-postgres',
  'peers',
  'processes',
  'row',
  'saves-load',
  'service',
  'service-process',
];
const all = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
const measurements = all.filter((name) => !notMeasurements.includes(name));
const wanted = process.argv.slice(2);

if (wanted.includes('--help')) {
  console.log(
    `Usage: npm run bench -- [NAME]…\n\nMeasures speed, memory and weights. NAME is one of: ${measurements.join(', ')}.\nWithout a name, everything is measured.\n\nExample:\n  npm run bench -- pages saves`,
  );
  process.exit(0);
}
const unknown = wanted.filter((name) => !measurements.includes(name));
if (unknown.length > 0) {
  console.error(`There is no measurement named ${unknown.join(', ')}; there are ${measurements.join(', ')}.`);
  process.exit(2);
}

await buildService();
await build({
  ...bundle,
  entryPoints: Object.fromEntries(all.map((name) => [name, `bench/${name}.ts`])),
  outdir: 'dist/bench',
});

// All of it ends in 15 minutes. The mix by itself goes on for ten.
if (wanted.length === 0) process.env.MIX_SECONDS ??= '90';

const rows = [];
let failed = false;
const tookOf = (since) => `${Math.round((performance.now() - since) / 1_000)} s`;
const beganAll = performance.now();
for (const name of wanted.length > 0 ? wanted : measurements) {
  console.log(`measuring ${name} …`);
  const began = performance.now();
  try {
    const { bench } = await import(pathToFileURL(join(root, `dist/bench/${name}.js`)).href);
    rows.push(...(await bench()));
  } catch (error) {
    failed = true;
    console.error(`${name} failed: ${error.stack ?? error}`);
  }
  console.log(`  ${name} took ${tookOf(began)}`);
}

const shown = rows.map(({ name, value, unit, note }) => [
  name,
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3),
  unit,
  note ?? '',
]);
const widths = [0, 1, 2].map((column) => Math.max(0, ...shown.map((row) => row[column].length)));
console.log(`\nNode ${process.versions.node}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'CPU'}\n`);
for (const [name, value, unit, note] of shown) {
  console.log(
    `${name.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${unit.padEnd(widths[2])}  ${note}`.trimEnd(),
  );
}
console.log(`\nall of it took ${tookOf(beganAll)}`);
process.exit(failed ? 1 : 0);
