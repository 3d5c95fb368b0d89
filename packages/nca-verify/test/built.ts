/**
 * Builds the package's scripts into a separate folder, so that no test depends on when dist/ was
 * built.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Built {
  /** The URL of a script in dist/. */
  readonly url: (name: string) => URL;
  /** The path of a file of the package. */
  readonly path: (name: string) => string;
  readonly remove: () => void;
}

export async function buildPackage(options: { readonly assembly?: boolean } = {}): Promise<Built> {
  const home = fileURLToPath(new URL('../', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'nca-verify-'));
  const { buildScripts } = await import('../build.js');
  mkdirSync(join(folder, 'dist'));
  await buildScripts(join(folder, 'dist'), options);
  for (const part of ['bin', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(home, part), join(folder, part), { recursive: true });
  return {
    url: (name) => pathToFileURL(join(folder, 'dist', name)),
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
