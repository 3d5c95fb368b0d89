import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/**
 * Marks a challenge as answered. Returns true only once, and only within `seconds` of its creation.
 * The table of quotas holds the spent challenges. Each is a quota of one, deleted once no challenge
 * can be that old.
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
