import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** A seal of the audit log: its number, and its head, hexadecimal. */
export interface SealHead {
  readonly seal: number;
  readonly head: string;
}

/** By what one can tell whether the database has lost something. */
export interface DatabaseState {
  /** PostgreSQL's timeline: a new one begins with each promotion. */
  readonly timeline: number;
  /** Rises every few seconds (`raiseMark`). */
  readonly mark: number;
  /** The newest seal of the audit log. Null before the first one. */
  readonly newest: SealHead | null;
  /** Whether a COMMIT is acknowledged only once it is on two disks. */
  readonly synchronous: boolean;
}

/**
 * Reads the state of the primary. Undefined on a standby. The timeline is that of the file that is
 * being written: `pg_control_checkpoint` shows a new one only after the first checkpoint.
 */
export async function readDatabaseState(database: Queryable): Promise<DatabaseState | undefined> {
  const row = await database.first<DatabaseState & { primary: boolean }>(sql`
    select not pg_is_in_recovery() as primary,
      case when not pg_is_in_recovery() then
        ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline,
      current_setting('synchronous_standby_names') <> ''
        and current_setting('synchronous_commit') in ('on', 'remote_apply') as synchronous,
      (select mark from cabinet.database_mark) as mark,
      (select jsonb_build_object('seal', seal_id, 'head', encode(head, 'hex'))
       from cabinet.audit_seal order by seal_id desc limit 1) as newest`);
  if (!row?.primary) return undefined;
  const { primary: _, ...state } = row;
  return state;
}

/** The head of a seal, hexadecimal. Undefined when there is no such seal. */
export async function headOfSeal(database: Queryable, seal: number): Promise<string | undefined> {
  const row = await database.first<{ head: string }>(
    sql`select encode(head, 'hex') as head from cabinet.audit_seal where seal_id = ${seal}::bigint`,
  );
  return row?.head;
}

/** Raises the mark. */
export async function raiseMark(database: Queryable): Promise<void> {
  await database.run(sql`update cabinet.database_mark set mark = mark + 1`);
}
