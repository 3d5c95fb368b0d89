import { createHash } from 'node:crypto';
import { leafPrefix, nodePrefix } from '../../receipt/path.ts';

/** SHA-256 of a leaf's content. */
export function leafHash(content: Uint8Array): Buffer {
  return createHash('sha256').update(leafPrefix).update(content).digest();
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/** The root of a tree over these leaves. Of none, SHA-256 of nothing. */
export function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  return levelsOf(leaves).at(-1)?.[0] as Buffer;
}

/**
 * The path of a leaf to the root: the nodes beside it, from the bottom to the top (RFC 9162, section
 * 2.1.3.1).
 * @throws when there is no such leaf
 */
export function pathOf(leaves: readonly Buffer[], place: number): readonly Buffer[] {
  if (place < 0 || place >= leaves.length) throw new Error(`a tree of ${leaves.length} has no leaf ${place}`);
  let at = place;
  const path: Buffer[] = [];
  for (const level of levelsOf(leaves).slice(0, -1)) {
    const beside = level[at ^ 1];
    if (beside) path.push(beside);
    at >>= 1;
  }
  return path;
}

/**
 * Every level of the tree, leaves first. A node without a neighbour moves up unchanged, which gives
 * the same tree as the recursion of the RFC.
 */
function levelsOf(leaves: readonly Buffer[]): readonly (readonly Buffer[])[] {
  const levels: (readonly Buffer[])[] = [leaves];
  for (let level = leaves; level.length > 1; levels.push(level)) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at] as Buffer, level[at + 1]];
      above.push(right ? nodeHash(left, right) : left);
    }
    level = above;
  }
  return levels;
}
