import { chmodSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scratchFolder } from '../packages/local-postgres/test/support/scratch.ts';
import { startBundledPostgres } from './bundled-postgres.ts';
import { type ConnectionFields, openDatabase } from './platform/postgres/database.ts';
import { sql } from './platform/postgres/sql.ts';

let varDir: string;
const log = { info: () => undefined, warn: () => undefined };

beforeAll(() => {
  varDir = scratchFolder('kabinet-bundled-');
  chmodSync(varDir, 0o711);
});
afterAll(() => rmSync(varDir, { recursive: true, force: true }));

async function rows(
  connection: ConnectionFields,
  query: ReturnType<typeof sql>,
): Promise<readonly unknown[]> {
  const database = openDatabase(connection, { max: 1 });
  try {
    return await database.rows(query);
  } finally {
    await database.close();
  }
}

test('names, folders and locks equal those of data folders and processes of former releases', async () => {
  const server = await startBundledPostgres({ varDir, log });
  try {
    const home = join(varDir, 'postgres');
    const at = { host: join(home, 'socket'), port: 5432 };
    expect(server).toMatchObject({
      connection: { ...at, user: 'kabinet', database: 'kabinet' },
      administration: { ...at, user: 'postgres', database: 'postgres' },
      location: home,
    });
    expect(statSync(join(home, 'data', 'PG_VERSION')).isFile()).toBe(true);
    expect(statSync(join(varDir, 'postgres.log')).isFile()).toBe(true);
    const name = `kabinet service ${process.pid}`;
    const locks = sql`
      select classid, objid, application_name as name
      from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' order by objid`;
    expect(await rows(server.administration, locks)).toEqual([
      { classid: 1_801_544_297, objid: 1, name },
      { classid: 1_801_544_297, objid: 2, name },
    ]);
    const most = sql`select current_setting('max_connections') as most`;
    expect(await rows(server.connection, most)).toEqual([{ most: '250' }]);
    await expect(startBundledPostgres({ varDir, log })).rejects.toThrow(
      `Another service, process ${process.pid}, already uses ${home}: stop it, or set another VAR_DIR.`,
    );
  } finally {
    await server.stop();
  }
});
