import type { Queryable } from '../platform/postgres/database.ts';
import { sql } from '../platform/postgres/sql.ts';
import type { Iin } from '../values/iin.ts';
import type { BranchChangePage } from './port.ts';

/**
 * Leases the place up to which the changes of branches were taken over. A worker that dies holds it
 * for 30 seconds; undefined while another one does.
 */
export function leaseCursor(database: Queryable): Promise<{ readonly cursor: string | null } | undefined> {
  return database.first<{ cursor: string | null }>(sql`
    update cabinet.fund_feed set leased_until = now() + interval '30 seconds'
    where feed = 'elsewhere' and coalesce(leased_until, '-infinity') < now() returning cursor`);
}

/** Moves on and gives the lease back. */
export async function moveCursor(database: Queryable, cursor: string | null): Promise<void> {
  await database.run(
    sql`update cabinet.fund_feed set cursor = ${cursor}, leased_until = null where feed = 'elsewhere'`,
  );
}

/** Of these, the holders whose requisites we keep and who are behind, with the version we know. */
export function findBehind(
  database: Queryable,
  holders: BranchChangePage['holders'],
): Promise<readonly { readonly holderId: string; readonly iin: Iin; readonly known: number }[]> {
  return database.rows(sql`
    select holder_id as "holderId", h.iin, r.elsewhere_version as known
    from (select iin, max(version) as version
          from unnest(${holders.map(({ iin }) => iin)}::text[], ${holders.map(({ version }) => version)}::int[]) as named (iin, version)
          group by iin) named
      join cabinet.holder h using (iin) join cabinet.requisites r using (holder_id)
    where r.elsewhere_version < named.version`);
}
