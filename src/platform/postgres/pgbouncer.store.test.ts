import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { type FaultyLink, openFaultyLink } from '../../../test/support/faulty-link.ts';
import { freePort } from '../../../test/support/processes.ts';
import { type Database, openDatabase } from './database.ts';
import { sql } from './sql.ts';

// Behind PgBouncer in transaction mode (Debian: pgbouncer; skipped without it) statements that are
// sent together stay together, and nobody gets the answer of somebody else.

const found = spawnSync('pgbouncer', ['--version']).status === 0;

describe.skipIf(!found)('behind PgBouncer', () => {
  let folder: string;
  let fresh: FreshDatabase;
  let link: FaultyLink;
  let bouncer: ReturnType<typeof spawn>;
  let database: Database;

  beforeAll(async () => {
    fresh = await freshDatabase();
    folder = mkdtempSync(join(tmpdir(), 'kabinet-pgbouncer-'));
    const port = await freePort();
    const { host, port: behind, user, password, database: name } = fresh.connection;
    // The server's socket is for its own user only.
    link = await openFaultyLink(host.startsWith('/') ? `${host}/.s.PGSQL.${behind}` : behind);
    const file = join(folder, 'pgbouncer.ini');
    writeFileSync(
      file,
      `[databases]
x = host=127.0.0.1 port=${link.port} dbname=${name} user=${user}${password === undefined ? '' : ` password=${password}`}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = extra_float_digits,statement_timeout,idle_in_transaction_session_timeout
`,
    );
    chmodSync(folder, 0o755);
    // It refuses to run as root.
    const asOther = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    bouncer = spawn('pgbouncer', [...asOther, file], { stdio: 'ignore' });
    database = openDatabase({ host: '127.0.0.1', port, user: 'anyone', database: 'x' }, { max: 6 });
    await vi.waitFor(() => database.run(sql`select`), { timeout: 10_000, interval: 50 });
    await database.run(sql`create table public.note (id int primary key, who int not null)`);
  });

  afterAll(async () => {
    await database?.close();
    bouncer?.kill('SIGTERM');
    if (bouncer && bouncer.exitCode === null) await once(bouncer, 'exit');
    await link.close();
    await fresh.drop();
    rmSync(folder, { recursive: true });
  });

  test('sixty savers at six connections over two get their own answers', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, who) =>
        database.transaction(async (inside) => {
          const [mine, written] = await Promise.all([
            inside.first<{ who: number }>(sql`select ${who}::int as who`),
            inside.last(sql`insert into public.note values (${who}, ${who})`),
          ]);
          return { who: mine?.who, written };
        }),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 60 }, (_, who) => ({ who, written: 1 })));
    expect(await database.rows(sql`select from public.note where id = who`)).toHaveLength(60);
  });

  test('what fails is undone, and the connection goes on', async () => {
    const failing = database.transaction((inside) =>
      Promise.all([
        inside.first(sql`select 1 / 0`),
        inside.last(sql`insert into public.note values (100, 100)`),
      ]),
    );
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    const both = await database.batch((one) =>
      Promise.all([
        one.first(sql`select count(*)::int as n from public.note`),
        one.first(sql`select 2 as two`),
      ]),
    );
    expect(both).toEqual([{ n: 60 }, { two: 2 }]);
  });
});
