import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { ProofOfWorkStore } from './work.ts';

/** Proofs of work in the table of quotas: each is an quota of one, forgotten when no challenge can be as old. */
export function proofOfWorkStore(database: Queryable): ProofOfWorkStore {
  return {
    async now() {
      const row = await database.first<{ now: number }>(
        sql`select floor(extract(epoch from now()) * 1000)::float as now`,
      );
      if (!row) throw new Error('the database told no time');
      return row.now;
    },

    async spend(key, madeAt, seconds) {
      const until = sql`to_timestamp(${madeAt}::float8 / 1000) + make_interval(secs => ${seconds}::int)`;
      const spent = await database.run(sql`
        insert into cabinet.allowance (key, used, ends_at)
        select ${key}::bytea, 1, ${until} + interval '1 minute' where now() < ${until}
        on conflict (key) do nothing`);
      return spent === 1;
    },
  };
}
