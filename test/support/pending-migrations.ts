import type { Database } from '../../src/platform/postgres/database.ts';
import { migrationNames } from '../../src/platform/postgres/migrate.ts';
import { sql } from '../../src/platform/postgres/sql.ts';

/** Which migrations of a folder the database has not run; empty when it is up to date. */
export async function pendingMigrations(database: Database, folder?: string): Promise<readonly string[]> {
  const names = await migrationNames(folder);
  const table = await database.first<{ known: boolean }>(
    sql`select to_regclass('public.migration') is not null as known`,
  );
  if (!table?.known) return names;
  const ran = await database.rows<{ name: string }>(sql`select name from public.migration`);
  return names.filter((name) => !ran.some((one) => one.name === name));
}
