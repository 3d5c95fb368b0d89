import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isServer, serverProcess } from '../src/process.ts';
import {
  data,
  home,
  logFile,
  mode,
  optionsIn,
  prepareFolders,
  query,
  start,
  used,
} from './support/harness.ts';

prepareFolders();

describe('a service on an empty folder', () => {
  test('starts on an empty folder, privately, and stops', async () => {
    const server = await start();
    expect(server.connection).toMatchObject({ user: 'shop', database: 'shop' });
    expect(server.location).toBe(join(home, 'postgres'));
    expect([mode(data()), mode(server.connection.host), mode(logFile())]).toEqual(['700', '700', '600']);
    expect(mode(join(server.connection.host, '.s.PGSQL.5432'))).toBe('700');
    const settings = await query(
      server,
      `select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
         current_setting('server_encoding') as encoding, lower('ӘҒҚҢӨҰҮҺІ') as lowered,
         (select rolsuper from pg_roles where rolname = current_user) as superuser,
         (select string_agg(w, ' ' order by w) from unnest(array['б', 'a', 'ә', 'Z', 'я']) as w) as sorted`,
    );
    expect(settings).toEqual([
      {
        addresses: '',
        fsync: 'on',
        encoding: 'UTF8',
        lowered: 'әғқңөұүһі',
        superuser: false,
        sorted: 'Z a б я ә',
      },
    ]);
    await query(server, 'create extension pg_trgm');
    expect(await query(server, `select similarity('Қабанбай', 'қабанбай') as alike`)).toEqual([{ alike: 1 }]);

    const pid = serverProcess(data());
    expect(pid).toBeGreaterThan(1);
    await server.stop();
    expect(isServer(pid ?? 0, data())).toBe(false);
    expect(existsSync(join(data(), 'postmaster.pid'))).toBe(false);
    await expect(query(server, 'select 1')).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  });

  test('wins or is refused when two start at once', async () => {
    const outcomes = await Promise.allSettled([start(), start()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await query(used[0] ?? (await start()), 'select 1 as works')).toEqual([{ works: 1 }]);
  });

  test('works in a folder whose path is too long for a socket', async () => {
    const deep = join(home, ...Array.from({ length: 12 }, (_, n) => `қалта ${n} "quoted", long`));
    const server = await start(optionsIn(deep));
    expect(mode(server.connection.host)).toBe('700');
    expect(await query(server, 'select 1 as works')).toEqual([{ works: 1 }]);
    await server.stop();
    expect(existsSync(server.connection.host)).toBe(false);
  });

  test('refuses the data of another PostgreSQL', async () => {
    await mkdir(data(), { recursive: true, mode: 0o700 });
    await writeFile(join(data(), 'PG_VERSION'), '12\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 12 and this is 18/);
  });
});
