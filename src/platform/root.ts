import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The root folder of the checkout or image, whether this code runs from `src/` (tests) or `dist/`
 * (service).
 */
export const root: string = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  const manifest = join(from, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'kabinet') return from;
  const above = dirname(from);
  if (above === from) throw new Error('the package "kabinet" was not found above this file');
  return findRoot(above);
}
