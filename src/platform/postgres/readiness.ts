import type { Database } from './database.ts';
import { sql } from './sql.ts';

/**
 * True when people can be served: the database is writable (not a standby) and has run every
 * migration of this version. A proxy asks every second, so this takes one statement and reads no
 * file.
 * @param names this version's migrations (`migrationNames`)
 * @throws when the database does not answer, or was never migrated
 */
export async function databaseReady(database: Database, names: readonly string[]): Promise<boolean> {
  const row = await database.first<{ ready: boolean }>(sql`
    select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'
      and not exists (
        select from unnest(${names}::text[]) as brought (name)
        where not exists (select from public.migration ran where ran.name = brought.name)
      ) as ready`);
  return row?.ready === true;
}
