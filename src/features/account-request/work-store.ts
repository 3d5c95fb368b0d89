import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** The database's time, by which a challenge is dated; milliseconds since 1970. */
export async function workTime(database: Queryable): Promise<number> {
  const row = await database.first<{ now: number }>(
    sql`select floor(extract(epoch from now()) * 1000)::float as now`,
  );
  if (!row) throw new Error('the database told no time');
  return row.now;
}

/**
 * Marks a challenge as answered. True once, and only within so many seconds of its making. Proofs
 * of work stand in the table of quotas: each is a quota of one, forgotten when no challenge can be
 * as old.
 */
export async function spendWork(
  database: Queryable,
  key: Buffer,
  madeAt: number,
  seconds: number,
): Promise<boolean> {
  const until = sql`to_timestamp(${madeAt}::float8 / 1000) + make_interval(secs => ${seconds}::int)`;
  const spent = await database.run(sql`
    insert into cabinet.allowance (key, used, ends_at)
    select ${key}::bytea, 1, ${until} + interval '1 minute' where now() < ${until}
    on conflict (key) do nothing`);
  return spent === 1;
}
