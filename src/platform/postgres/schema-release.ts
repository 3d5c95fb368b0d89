import { thisRelease } from '../release.ts';
import { type Connection, openDatabase, type Queryable } from './database.ts';
import { type MigrationLog, migrate, migrationNames } from './migrate.ts';
import { sql } from './sql.ts';

/** How the database's tables compare with those that this release needs. */
export interface SchemaState {
  /** True for a database that no release has used. */
  readonly empty: boolean;
  /** Migrations of this release that have not run. */
  readonly pending: readonly string[];
  /** Migrations that ran and that this release does not know: a newer one ran them. */
  readonly newer: readonly string[];
  /**
   * The release that brought the tables to their level; undefined before releases were recorded.
   */
  readonly release: string | undefined;
}

/** Compares a database with this release. Reads only, so it works on a standby. */
export async function readSchemaState(database: Queryable, folder?: string): Promise<SchemaState> {
  const names = await migrationNames(folder);
  const tables = await database.first<{ migrated: boolean; recorded: boolean }>(sql`
    select to_regclass('public.migration') is not null as migrated,
      to_regclass('cabinet.schema_release') is not null as recorded`);
  if (!tables?.migrated) return { empty: true, pending: names, newer: [], release: undefined };
  const ran = (
    await database.rows<{ name: string }>(sql`select name from public.migration order by name`)
  ).map(({ name }) => name);
  const last = tables.recorded
    ? await database.first<{ release: string }>(
        sql`select release from cabinet.schema_release order by brought_at desc limit 1`,
      )
    : undefined;
  return {
    empty: ran.length === 0,
    pending: names.filter((name) => !ran.includes(name)),
    newer: ran.filter((name) => !names.includes(name)),
    release: last?.release,
  };
}

/**
 * Runs the migrations of this release that have not run, and records that it was this release.
 * @returns the names of the files that ran now
 */
export async function bringUpToDate(connection: Connection, log: MigrationLog): Promise<readonly string[]> {
  const ran = await migrate(connection, log);
  if (ran.length === 0) return ran;
  const database = openDatabase(connection, { max: 1 });
  try {
    await database.run(sql`
      insert into cabinet.schema_release (release) values (${thisRelease()})
      on conflict (release) do update set brought_at = now()`);
  } finally {
    await database.close();
  }
  return ran;
}
