import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LocalPostgresError } from '../src/error.ts';
import { attach, home, logFile, prepareFolders, query, seed, start } from './support/harness.ts';

prepareFolders();

describe('options', () => {
  test('names may be any that PostgreSQL accepts', async () => {
    const names = { role: 'The "owner"', database: 'its data', superuser: 'upkeep', lockSpace: 7 };
    const server = await start({ ...names, settings: { work_mem: '3MB' } });
    expect(server.connection).toMatchObject({ user: 'The "owner"', database: 'its data', port: 5432 });
    expect(server.administration).toMatchObject({ user: 'upkeep', database: 'postgres' });
    const asked = `select current_user as role, current_database() as database, current_setting('work_mem') as work_mem,
      (select rolsuper from pg_roles where rolname = current_user) as superuser`;
    expect(await query(server, asked)).toEqual([
      { role: 'The "owner"', database: 'its data', work_mem: '3MB', superuser: false },
    ]);
    const held = `select classid, objid, application_name as name
      from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' order by objid`;
    const name = `shop service ${process.pid}`;
    expect(await query({ connection: server.administration }, held)).toEqual([
      { classid: 7, objid: 1, name },
      { classid: 7, objid: 2, name },
    ]);
    const command = await attach(names);
    expect(await query(command, 'select current_user as role')).toEqual([{ role: 'The "owner"' }]);
  });

  test.each([
    ['folder', { folder: '' }],
    ['logFile', { logFile: undefined }],
    ['role', { role: '' }],
    ['database', { database: 5 }],
    ['name', { name: 'a/b' }],
    ['name', { name: 'n'.repeat(33) }],
    ['lockSpace', { lockSpace: 2 ** 31 }],
    ['lockSpace', { lockSpace: 1.5 }],
  ])('a wrong %s is a TypeError that names it, and nothing is made', async (name, wrong) => {
    await expect(start(wrong as object)).rejects.toThrow(new RegExp(`^${name} must`));
    await expect(start(wrong as object)).rejects.toThrow(TypeError);
    expect([existsSync(join(home, 'postgres')), existsSync(logFile())]).toEqual([false, false]);
  });

  test('an error has a reason for programs, and default wording for people when `words` is not given', async () => {
    await seed();
    const server = await start();
    const refusal = await start({ words: {} }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(LocalPostgresError);
    expect(refusal).toMatchObject({
      reason: 'inUse',
      message: expect.stringMatching(/set another folder\.$/),
    });
    expect(await query(server, 'select 1 as works')).toEqual([{ works: 1 }]);
  });
});
