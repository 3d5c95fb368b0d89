import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { thisRelease } from '../../platform/release.ts';
import { root } from '../../platform/root.ts';

/** What runs: the package's version, the build's digest and the version of Node.js. */
export interface BuildInfo extends Record<string, string> {
  readonly version: string;
  /** The first 12 digits of SHA-256 over the bundles; `source` where nothing was built. */
  readonly build: string;
  readonly node: string;
}

/** Reads what the build left in `dist/.built`. */
export function buildInfo(): BuildInfo {
  const stamp = join(root, 'dist/.built');
  const build = existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : '';
  return { version: thisRelease(), build: build === '' ? 'source' : build, node: process.version };
}
