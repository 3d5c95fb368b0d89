import type { Database } from './database.ts';
import { pendingMigrations } from './migrate.ts';
import { sql } from './sql.ts';

/** True when people can be served: the database can be written (it is no standby) and has every migration of this version. */
export async function databaseReady(database: Database): Promise<boolean> {
  const row = await database.first<{ writable: boolean }>(sql`
    select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' as writable`);
  return row?.writable === true && (await pendingMigrations(database)).length === 0;
}
