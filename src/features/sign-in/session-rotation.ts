import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { SessionGone } from '../../platform/session.ts';

/** Why the row of a secret that was replaced has ended. */
export const rotated = 'rotated';

/**
 * Gives a session a new secret; all else of it goes on, its hours too. Done wherever its rights grow or its holder's keys change: who
 * had copied the former secret is left behind.
 * @throws SessionGone when the session has ended
 */
export async function rotateSession(transaction: Queryable, former: Buffer, next: Buffer): Promise<void> {
  const made = await transaction.run(sql`
    with former as (
      update cabinet.session set ended_at = now(), end_reason = ${rotated}
      where session_hash = ${former} and ended_at is null
      returning holder_id, method, short_name, device, started_at, seen_at, status_asked_at)
    insert into cabinet.session (session_hash, holder_id, method, short_name, device, started_at, seen_at, status_asked_at)
    select ${next}, holder_id, method, short_name, device, started_at, seen_at, status_asked_at from former`);
  if (made === 0) throw new SessionGone();
}
