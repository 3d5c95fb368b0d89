import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { notifyEverywhere } from '../notices/store.ts';

/**
 * Notifies a holder that the fund has accepted their changes, unless a later one still waits. A
 * holder with several waiting changes is notified once.
 */
export async function notifyAccepted(
  tx: Queryable,
  { holderId, outboxId }: { readonly holderId: string; readonly outboxId: number },
): Promise<void> {
  const ofLastChange = sql`
    told as (
      select ${holderId}::uuid as holder_id where not exists (
        select from cabinet.outbox later
        where later.lane = 'fund' and later.holder_id = ${holderId} and later.outbox_id > ${outboxId}
          and coalesce(later.delivered_at, later.dead_at) is null))`;
  await notifyEverywhere(tx, ofLastChange, 'change-accepted');
}
