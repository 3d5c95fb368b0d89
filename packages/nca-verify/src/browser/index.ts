// biome-ignore-all lint/performance/noBarrelFile: an entry of a published package
/**
 * The same verifier for browsers: an ES module without Node's interfaces. A page that verifies a
 * signature proves something to its own visitor, and nothing to a server.
 */
import { bestBinary, useModule } from '../gost-wasm.ts';

export * from '../everywhere.ts';

/**
 * Compiles the WebAssembly beside the page's own work. Without this, the first GOST signature
 * compiles it, or is verified in plain JavaScript where the browser compiles no large binary on the
 * main thread. False when the page's content policy forbids WebAssembly: plain JavaScript then does
 * the same, several times slower.
 */
export async function prepare(): Promise<boolean> {
  const binary = bestBinary();
  if (binary === null) return false;
  try {
    useModule(await WebAssembly.compile(binary));
    return true;
  } catch {
    return false;
  }
}
