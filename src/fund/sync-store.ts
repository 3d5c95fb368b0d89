import type { Queryable } from '../platform/postgres/database.ts';
import { sql } from '../platform/postgres/sql.ts';
import type { Iin } from '../values/iin.ts';
import type { BranchChangePage } from './port.ts';

/**
 * Leases the cursor up to which the changes of branches were taken over. The lease of a worker that
 * dies ends after 30 seconds. Undefined while another worker has it.
 */
export function leaseCursor(database: Queryable): Promise<{ readonly cursor: string | null } | undefined> {
  return database.first<{ cursor: string | null }>(sql`
    update cabinet.fund_feed set leased_until = now() + interval '30 seconds'
    where feed = 'elsewhere' and coalesce(leased_until, '-infinity') < now() returning cursor`);
}

/** Stores the new cursor and ends the lease. */
export async function moveCursor(database: Queryable, cursor: string | null): Promise<void> {
  await database.run(
    sql`update cabinet.fund_feed set cursor = ${cursor}, leased_until = null where feed = 'elsewhere'`,
  );
}

/**
 * Those of the holders whose requisites we keep and whose version here is behind, with the version
 * we know. Each is looked up by itself: `offset 0` keeps a hundred from being joined with
 * every holder.
 */
export function findBehind(
  database: Queryable,
  holders: BranchChangePage['holders'],
): Promise<readonly { readonly holderId: string; readonly iin: Iin; readonly known: number }[]> {
  return database.rows(sql`
    select holder_id as "holderId", iin, known
    from (select iin, max(version) as version
          from unnest(${holders.map(({ iin }) => iin)}::text[], ${holders.map(({ version }) => version)}::int[]) as named (iin, version)
          group by iin) named
      cross join lateral (
        select holder_id, r.elsewhere_version as known
        from cabinet.holder h join cabinet.requisites r using (holder_id) where h.iin = named.iin offset 0) kept
    where known < version`);
}
