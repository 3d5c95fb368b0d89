import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { type ConfirmationReading, confirmationColumns, marksOnFile } from '../reachability/store.ts';
import { type EndsReading, endsColumns } from '../reminders/store.ts';

/** What the home says and asks besides what is on file. */
export type HomeNotes = ConfirmationReading & EndsReading;

/** Reads it for the holder of a session, in one statement. */
export function readHomeNotes(connection: Queryable, sessionHash: Buffer): Promise<HomeNotes | undefined> {
  return connection.first<HomeNotes>(sql`
    select ${endsColumns(sql`n`)}, ${confirmationColumns(sql`n`, sql`r`, sql`m`)}
    from cabinet.session n left join cabinet.requisites r using (holder_id)
      cross join lateral ${marksOnFile(sql`r`)} as m
    where n.session_hash = ${sessionHash}`);
}
