import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { root } from '../src/platform/root.ts';

const run = promisify(execFile);
const source = join(root, 'bench/peers');
/** The packages stand beside the built peers, where nothing else of the project finds them. */
const built = join(root, 'dist/bench/peers');

/** Builds the peers and installs their packages, unless they are there already. */
export async function preparePeers(): Promise<{ readonly express: string; readonly bare: string }> {
  await mkdir(built, { recursive: true });
  const lock = await readFile(join(source, 'package-lock.json'), 'utf8');
  const installed = await readFile(join(built, 'installed.json'), 'utf8').catch(() => undefined);
  if (installed !== lock) {
    for (const file of ['package.json', 'package-lock.json'])
      await copyFile(join(source, file), join(built, file));
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: built });
    await copyFile(join(source, 'package-lock.json'), join(built, 'installed.json'));
  }
  await build({
    entryPoints: { express: join(source, 'express.mjs'), bare: join(source, 'bare.jsx') },
    outdir: built,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // The project's own file would name Preact.
    tsconfigRaw: {},
    jsx: 'automatic',
    jsxImportSource: '@kitajs/html',
    logLevel: 'warning',
  });
  return { express: join(built, 'express.mjs'), bare: join(built, 'bare.mjs') };
}
