/**
 * What the package needs besides its code. In `dist/`, `build.js` replaces this module by one that
 * contains the files, so that the built package reads none and survives a bundler.
 */
import { readFileSync } from 'node:fs';

/** A pinned certificate, by its name in `anchors/`. */
export function anchorFile(name: string): Uint8Array {
  return readFileSync(new URL(`../anchors/${name}`, import.meta.url));
}

/** The WebAssembly for every engine, and the one for engines with SIMD. */
export type GostBinary = 'gost.wasm' | 'gost-simd.wasm';

/** The WebAssembly; null when it was not built (an install without dev dependencies). */
export function gostBinary(name: GostBinary): Uint8Array | null {
  try {
    return new Uint8Array(readFileSync(new URL(`../dist/${name}`, import.meta.url)));
  } catch {
    return null;
  }
}

/** The script of the pool's threads. */
export function workerScript(): string {
  return readFileSync(new URL('../dist/worker.cjs', import.meta.url), 'utf8');
}
