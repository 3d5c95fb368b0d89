import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import type { MessagePayload } from './ports.ts';

/**
 * Puts messages of a holder into the outbox: codes into a queue of their own, so that mailings never
 * delay them.
 */
export async function enqueueMessages(
  transaction: Queryable,
  holderId: string,
  messages: readonly MessagePayload[],
): Promise<void> {
  if (messages.length === 0) return;
  await transaction.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select ${holderId}::uuid, case when message ->> 'kind' = 'code' then 'code' else 'notice' end, message
    from jsonb_array_elements(${json(messages)}::jsonb) as message`);
}
