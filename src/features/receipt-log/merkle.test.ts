import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { rootByPath } from '../../receipt/path.ts';
import { leafHash, pathOf, rootOf } from './merkle.ts';

/** The definition of RFC 9162, word for word. It is slow, and has nothing in common with ours. */
function rootOfRfc(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (!first) return createHash('sha256').digest();
  if (leaves.length === 1) return first;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(rootOfRfc(leaves.slice(0, split)))
    .update(rootOfRfc(leaves.slice(split)))
    .digest();
}

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

const leaves = Array.from({ length: 70 }, (_, n) => leafHash(Buffer.from(`leaf ${n}`)));

describe('a tree', () => {
  test('has the root of the RFC, for every size', () => {
    for (let size = 0; size <= leaves.length; size += 1)
      expect(rootOf(leaves.slice(0, size))).toEqual(rootOfRfc(leaves.slice(0, size)));
  });

  test('has the published values of the certificate transparency test vectors', () => {
    const inputs = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const tree = inputs.map((hex) => leafHash(Buffer.from(hex, 'hex')));
    expect(rootOf(tree.slice(0, 1)).toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(rootOf(tree).toString('hex')).toBe(
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    );
  });

  test('proves every leaf of every size, and nothing else', async () => {
    for (let size = 1; size <= 40; size += 1) {
      const tree = leaves.slice(0, size);
      const root = rootOf(tree);
      for (let place = 0; place < size; place += 1) {
        const path = pathOf(tree, place);
        const leaf = tree[place] as Buffer;
        expect(hex(await rootByPath(leaf, place, size, path))).toBe(hex(root));
        const others = await Promise.all([
          rootByPath(leaves[size] as Buffer, place, size, path),
          rootByPath(leaf, place + 1, size, path),
          rootByPath(leaf, place, size, [...path, leaf]),
          path.length > 0 ? rootByPath(leaf, place, size, path.slice(1)) : undefined,
          path.length > 0 ? rootByPath(leaf, place, size, [randomBytes(32), ...path.slice(1)]) : undefined,
        ]);
        for (const other of others) expect(hex(other)).not.toBe(hex(root));
      }
    }
  });

  test('has no path for a place outside it', async () => {
    expect(() => pathOf(leaves, leaves.length)).toThrow('no leaf 70');
    expect(await rootByPath(leaves[0] as Buffer, 0, 0, [])).toBeUndefined();
    expect(await rootByPath(leaves[0] as Buffer, -1, 3, [])).toBeUndefined();
  });
});
