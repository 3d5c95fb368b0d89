#!/usr/bin/env node
// The `kabinet` command. Builds first when the sources are newer than what was built, so it works after `npm ci` alone.
import { existsSync } from 'node:fs';

const build = new URL('../scripts/build.mjs', import.meta.url);
if (existsSync(build)) {
  const { buildService, isFresh } = await import(build.href);
  if (!isFresh()) await buildService();
}
await import(new URL('../dist/kabinet.js', import.meta.url).href);
