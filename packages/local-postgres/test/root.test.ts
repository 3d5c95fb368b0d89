import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import { cp, realpath, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packagedBinaries } from '../src/binaries.ts';
import { serverProcess } from '../src/process.ts';
import {
  asRoot,
  bareCopy,
  data,
  home,
  mode,
  optionsIn,
  prepareFolders,
  query,
  shelf,
  spawnService,
  start,
} from './support/harness.ts';

const nobody = { uid: 65_534, gid: 65_534 };
const nobodyRunsNode = asRoot && spawnSync(process.execPath, ['--version'], nobody).status === 0;

prepareFolders();

describe.runIf(asRoot)('for root', () => {
  test('PostgreSQL runs in a folder that only root may enter, and never with root’s user number', async () => {
    const server = await start();
    expect(mode(home)).toBe('700');
    expect(await query(server, 'select 1 as works')).toEqual([{ works: 1 }]);
    const status = readFileSync(`/proc/${serverProcess(data())}/status`, 'utf8');
    const map = readFileSync(`/proc/${serverProcess(data())}/uid_map`, 'utf8')
      .trim()
      .split(/\s+/);
    // Either another user, or one in a namespace that gives it no power outside.
    expect(/^Uid:\s+0\s/m.test(status) ? map : []).not.toEqual(['0', '0', '4294967295']);
  });

  test('without user namespaces it runs as a user of its own, in SHOP_DIR where that may enter', async () => {
    chmodSync(home, 0o755);
    const options = { namespaces: false };
    const server = await start(options);
    await query(server, 'create table kept as select 7 as n');
    expect(server.location).toBe(join(home, 'postgres'));
    const owner = statSync(data()).uid;
    expect(owner).toBeGreaterThan(60_577);
    expect(owner).toBeLessThan(61_184);
    expect(readFileSync(`/proc/${serverProcess(data())}/status`, 'utf8')).toMatch(
      new RegExp(`^Uid:\\s+${owner}\\s`, 'm'),
    );
    await server.stop();
    // A start that could use namespaces still runs as the owner of the data.
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('without user namespaces data that root owned pass to that user', async () => {
    chmodSync(home, 0o755);
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    await first.stop();
    expect(await query(await start({ namespaces: false }), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('without user namespaces a folder that only root may enter gets one elsewhere, with its own programs', async () => {
    const elsewhere = join(home, '..', `elsewhere-${process.pid}`);
    // Placed in the 0700 folder itself, so that the programs cannot be reached either.
    const options = { namespaces: false, elsewhere, binaries: await bareCopy() };
    const server = await start(options);
    expect(server.location.startsWith(await realpath(elsewhere))).toBe(true);
    expect(readFileSync(join(home, 'postgres', 'elsewhere'), 'utf8').trim()).toBe(server.location);
    expect(mode(join(server.location, 'data'))).toBe('700');
    await query(server, 'create table kept as select 7 as n');
    await expect(start(options)).rejects.toThrow('Another service');
    await server.stop();
    const again = await start(options);
    expect(await query(again, 'select n from kept')).toEqual([{ n: 7 }]);
    await again.stop();

    const moved = `${home}-moved`;
    await rename(home, moved);
    const parts = {
      ...options,
      ...optionsIn(moved),
      binaries: { ...options.binaries, bundle: join(moved, 'copy') },
    };
    await expect(start(parts)).rejects.toThrow('SHOP_DIR was copied or moved');
  });

  test.runIf(nobodyRunsNode)('an ordinary user runs it, and no other may take it over', async () => {
    const { bin, version, bundle = '' } = await packagedBinaries(join(home, 'unused'));
    const reachable = spawnSync(join(bin, 'postgres'), ['--version'], nobody).status === 0;
    const copy = join(shelf, 'native');
    if (!reachable) await cp(bundle, copy, { recursive: true, verbatimSymlinks: true });
    const binaries = reachable ? { bin, version } : { bin: join(copy, 'bin'), version };
    chownSync(home, nobody.uid, nobody.gid);
    const child = await spawnService(nobody, { binaries });
    expect(await query(child, 'select 1 as works')).toEqual([{ works: 1 }]);
    expect(statSync(data()).uid).toBe(nobody.uid);
    await expect(spawnService({ uid: 1, gid: 1 }, { binaries })).rejects.toThrow(
      'SHOP_DIR must belong to the user',
    );
    child.process.stdin?.write('stop\n');
    expect(await child.ended).toEqual([0, null]);
    // Root runs the server as the owner of the data.
    const server = await start({ binaries });
    expect(statSync(join(data(), 'postmaster.pid')).uid).toBe(nobody.uid);
    expect(await query(server, 'select count(*) > 0 as kept from written')).toEqual([{ kept: true }]);
  });
});
