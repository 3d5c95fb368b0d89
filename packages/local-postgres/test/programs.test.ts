import { readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linkLibraries, packagedBinaries } from '../src/binaries.ts';
import { attach, bareCopy, home, prepareFolders, query } from './support/harness.ts';

prepareFolders();

describe('when the links to the libraries are missing', () => {
  test('they are made beside the programs', async () => {
    const { bundle } = await bareCopy();
    await linkLibraries(bundle);
    await linkLibraries(bundle);
    expect(await links(bundle)).toEqual(await links((await packagedBinaries(home)).bundle ?? ''));
  });

  test('or in a folder of their own, where the server finds them', async () => {
    const bare = await bareCopy();
    const spare = join(home, 'spare');
    await linkLibraries(bare.bundle, spare);
    const server = await attach({ binaries: { ...bare, libraries: [spare, join(bare.bundle, 'lib')] } });
    expect(await query(server, 'select 1 as works')).toEqual([{ works: 1 }]);
    expect(await links(bare.bundle)).toEqual([]);
  });
});

async function links(bundle: string): Promise<readonly string[]> {
  const entries = await readdir(join(bundle, 'lib'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isSymbolicLink())
    .map(({ name }) => `${name} -> ${readlinkSync(join(bundle, 'lib', name))}`)
    .sort();
}
