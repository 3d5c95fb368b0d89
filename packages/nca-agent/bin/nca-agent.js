#!/usr/bin/env node
// Builds the agent, which takes a moment, and runs it. The service's dist/ contains none of it.
import { mkdirSync } from 'node:fs';
import { build } from 'esbuild';

if (process.env.NODE_ENV === 'production') {
  console.error('The demonstration agent does not run with NODE_ENV=production.');
  process.exit(1);
}
const home = new URL('..', import.meta.url);
mkdirSync(new URL('dist/', home), { recursive: true });
await build({
  absWorkingDir: home.pathname,
  entryPoints: { cli: 'src/cli.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});
const { main } = await import(new URL('dist/cli.js', home).href);
await main(process.argv.slice(2));
