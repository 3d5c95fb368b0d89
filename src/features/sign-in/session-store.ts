import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** Why sessions end that their holder did not end. */
export type SessionsEndReason =
  | 'blocked'
  | 'operator'
  | 'frozen'
  | 'password-changed'
  | 'contact-changed'
  | 'registered'
  | 'password-recovered';

/**
 * Ends the sessions of a holder, whose row the caller has locked.
 * @param keep the hash of a session that goes on
 * @returns how many ended
 */
export function endSessions(
  transaction: Queryable,
  holderId: string,
  reason: SessionsEndReason,
  keep?: Buffer,
): Promise<number> {
  return transaction.run(sql`
    update cabinet.session set ended_at = now(), end_reason = ${reason}
    where holder_id = ${holderId} and ended_at is null and session_hash is distinct from ${keep ?? null}`);
}
