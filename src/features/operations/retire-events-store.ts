import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { lockSealing } from './audit-store.ts';

/**
 * Removes the security events of seals that closed more than `years` ago, whole seals at a time,
 * and records it. Their seals stay, so the chain remains complete.
 * @param atOnce seals in one transaction
 * @returns the number of removed rows
 */
export function retireEvents(database: Database, years: number, atOnce = 5): Promise<number> {
  return database.transaction(async (tx) => {
    if (!(await lockSealing(tx))) return 0;
    // The next seals, whether their time has come or not: it comes in their order, and the look
    // costs the same however many wait for theirs.
    const next = await tx.rows<{ id: number; due: boolean }>(sql`
      select seal_id as id, complete_until < now() - make_interval(years => ${years}) as due
      from cabinet.audit_seal
      where source = 'security_event' and rows > 0
        and seal_id > coalesce((
          select last_seal from cabinet.audit_retention where source = 'security_event' order by last_seal desc limit 1), 0)
      order by seal_id limit ${atOnce}`);
    const kept = next.findIndex(({ due }) => !due);
    const ids = next.slice(0, kept === -1 ? next.length : kept).map(({ id }) => id);
    if (ids.length === 0) return 0;
    // The function belongs to the owner, because the service's role may not have DELETE on the log.
    const removed = await tx.first<{ rows: number }>(
      sql`select cabinet.retire_security_events(${ids}::bigint[]) as rows`,
    );
    return removed?.rows ?? 0;
  });
}
