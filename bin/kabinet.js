#!/usr/bin/env node
// The `kabinet` command. In a checkout it builds first when the sources are not those that were
// built, so it works after `npm ci` alone. In production it never builds: that would bring the
// demonstration back.
import { existsSync } from 'node:fs';

const stamp = new URL('../scripts/build-stamp.mjs', import.meta.url);
if (process.env.NODE_ENV !== 'production' && existsSync(stamp)) {
  const { isFresh } = await import(stamp.href);
  if (!isFresh()) await (await import(new URL('../scripts/build.mjs', import.meta.url).href)).buildService();
}
await import(new URL('../dist/kabinet.js', import.meta.url).href);
