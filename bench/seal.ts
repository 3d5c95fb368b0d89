import type { LocalPostgres } from 'local-postgres';
import { sealAll } from '../src/features/operations/audit.ts';
import { createKeys } from '../src/platform/keys.ts';
import { openDatabase } from '../src/platform/postgres/database.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { sql } from '../src/platform/postgres/sql.ts';
import { fillPopulation } from '../test/support/population.ts';
import { silent, withOwnPostgres } from './own-postgres.ts';
import { cpuOf, parentOf } from './processes.ts';
import type { Row } from './row.ts';

const events = 100_000;

/**
 * How many events one process seals in a second. The seals are one chain, so that only one process
 * seals at any time: this is the work that a second machine does not make faster.
 */
export function bench(): Promise<Row[]> {
  return withOwnPostgres('seal', {}, sealMany);
}

async function sealMany(server: LocalPostgres): Promise<Row[]> {
  await migrate(server.connection, silent);
  const superuser = { ...server.administration, database: server.connection.database };
  await fillPopulation(superuser, { people: 10_000, passwordHash: '' });
  const database = openDatabase(server.connection, { max: 2, statementTimeout: 0 });
  try {
    const keys = createKeys(['k'.repeat(32)]);
    // What the population left unsealed is not counted.
    await sealAll(database, keys);
    await database.run(sql`
      insert into cabinet.security_event (holder_id, kind, detail)
      select holder_id, 'signed-in', '{"method": "password"}'::jsonb
      from cabinet.holder, generate_series(1, ${events / 10_000}::int)`);
    const backend = await database.first<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    const postmaster = await parentOf(backend?.pid ?? 0);
    const before = { node: process.cpuUsage(), postgres: await cpuOf(postmaster) };
    const begun = performance.now();
    await sealAll(database, keys);
    const seconds = (performance.now() - begun) / 1_000;
    const { user, system } = process.cpuUsage(before.node);
    const postgres = (await cpuOf(postmaster)) - before.postgres;
    return [
      {
        name: 'events sealed',
        value: events / seconds,
        unit: '1/s',
        note: `${events.toLocaleString('en')} by one process, which is all that may`,
      },
      {
        name: 'events sealed: CPU',
        value: (user + system) / events,
        unit: 'µs',
        note: `of each in Node.js; in PostgreSQL ${((postgres * 1e6) / events).toFixed(0)}`,
      },
    ];
  } finally {
    await database.close();
  }
}
