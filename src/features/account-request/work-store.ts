import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

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
