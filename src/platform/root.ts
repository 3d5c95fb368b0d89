import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the checkout or image, wherever this code runs from (`src/` in tests, `dist/` in
 * service).
 */
export const root: string = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  const manifest = join(from, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'kabinet') return from;
  const above = dirname(from);
  if (above === from) throw new Error('the package "kabinet" was not found above this file');
  return findRoot(above);
}
