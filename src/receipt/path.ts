import { sha256 } from './bytes.ts';

/** The first byte of what a leaf and a node are the hash of (RFC 9162, section 2.1.1). */
export const leafPrefix = Uint8Array.of(0);
export const nodePrefix = Uint8Array.of(1);

/**
 * The root to which a leaf and its path lead (RFC 9162, section 2.1.3.2). Undefined: no such path.
 * @param leaf its hash
 * @param path the nodes beside it, from the bottom to the top
 */
export async function rootByPath(
  leaf: Uint8Array,
  place: number,
  size: number,
  path: readonly Uint8Array[],
): Promise<Uint8Array | undefined> {
  if (!Number.isSafeInteger(size) || place < 0 || place >= size) return undefined;
  let [at, last] = [place, size - 1];
  let hash = leaf;
  for (const beside of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = await sha256(nodePrefix, beside, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else {
      hash = await sha256(nodePrefix, hash, beside);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : undefined;
}
