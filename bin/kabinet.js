#!/usr/bin/env node
// The `kabinet` command. In a checkout it builds first when the sources are newer than what was
// built, so it works after `npm ci` alone. In production it never builds: that would bring the
// demonstration back.
import { existsSync } from 'node:fs';

const build = new URL('../scripts/build.mjs', import.meta.url);
if (process.env.NODE_ENV !== 'production' && existsSync(build)) {
  const { buildService, isFresh } = await import(build.href);
  if (!isFresh()) await buildService();
}
await import(new URL('../dist/kabinet.js', import.meta.url).href);
