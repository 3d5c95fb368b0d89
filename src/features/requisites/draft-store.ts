import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** Stores what was typed into a form, in place of an earlier draft. */
export async function writeDraft(
  database: Queryable,
  holderId: string,
  form: string,
  sealed: Buffer,
  hours: number,
): Promise<void> {
  await database.run(sql`
    insert into cabinet.draft (holder_id, form, sealed, expires_at)
    values (${holderId}, ${form}, ${sealed}, now() + make_interval(hours => ${hours}::int))
    on conflict (holder_id, form) do update set sealed = excluded.sealed, expires_at = excluded.expires_at`);
}

export async function readDraft(
  database: Queryable,
  holderId: string,
  form: string,
): Promise<{ readonly sealed: Buffer; readonly expiresAt: Date } | undefined> {
  return database.first(sql`
    select sealed, expires_at as "expiresAt" from cabinet.draft
    where holder_id = ${holderId} and form = ${form} and expires_at > now()`);
}

export async function deleteDraft(database: Queryable, holderId: string, form: string): Promise<void> {
  await database.run(sql`delete from cabinet.draft where holder_id = ${holderId} and form = ${form}`);
}
