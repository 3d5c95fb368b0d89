import type { Database } from './database.ts';
import { sql } from './sql.ts';

/** Which parts the SMS gateway took, and what it said of them later. A receipt may come before the answer. */
export function smsReceipts(database: Database) {
  return {
    async handedOver(messageId: string, gatewayIds: readonly string[]): Promise<void> {
      await database.run(sql`
        insert into cabinet.sms_part as p (gateway_id, message_id, part)
        select id, ${messageId}, part from unnest(${gatewayIds}::text[]) with ordinality as given (id, part) where id <> ''
        on conflict (gateway_id) do update set message_id = excluded.message_id, part = excluded.part, handed_over_at = now(),
          state = case when p.message_id is null then p.state end,
          state_at = case when p.message_id is null then p.state_at end`);
    },
    async reported(gatewayId: string, state: string): Promise<void> {
      await database.run(sql`
        insert into cabinet.sms_part (gateway_id, state, state_at) values (${gatewayId}, ${state}, now())
        on conflict (gateway_id) do update set state = excluded.state, state_at = excluded.state_at`);
    },
  };
}
