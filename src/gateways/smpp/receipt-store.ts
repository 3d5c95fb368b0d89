import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/**
 * Stores which parts the SMS gateway accepted, and what it reported about them later. A receipt may
 * arrive before the answer.
 */
export function createSmsReceipts(database: Database) {
  return {
    async handedOver(messageId: string, gatewayIds: readonly string[]): Promise<void> {
      await database.run(sql`
        insert into cabinet.sms_part as p (gateway_id, message_id, part)
        select id, ${messageId}, part from unnest(${gatewayIds}::text[]) with ordinality as given (id, part) where id <> ''
        on conflict (gateway_id) do update set message_id = excluded.message_id, part = excluded.part, handed_over_at = now(),
          state = case when p.message_id is null then p.state end,
          state_at = case when p.message_id is null then p.state_at end`);
      for (const id of gatewayIds) {
        // A receipt that arrived earlier, whose id is written in another way.
        await database.run(sql`
          with early as (
            delete from cabinet.sms_part
            where gateway_id = any(${idForms(id)}) and message_id is null and handed_over_at > now() - interval '1 minute'
            returning state, state_at)
          update cabinet.sms_part p set state = e.state, state_at = e.state_at from early e
          where p.gateway_id = ${id} and p.state is null`);
      }
    },
    async reported(gatewayId: string, state: string): Promise<void> {
      // Take the part with exactly this id; otherwise one whose id is the same number; otherwise a
      // part without a known state.
      await database.run(sql`
        with known as (
          select gateway_id from cabinet.sms_part
          where gateway_id = any(${[gatewayId, ...idForms(gatewayId)]}) and message_id is not null
          order by gateway_id = ${gatewayId} desc, handed_over_at desc limit 1)
        insert into cabinet.sms_part (gateway_id, state, state_at)
        values (coalesce((select gateway_id from known), ${gatewayId}), ${state}, now())
        on conflict (gateway_id) do update set state = excluded.state, state_at = excluded.state_at`);
    },
  };
}

const paddings = [1, 8, 10, 12, 16, 20];

/**
 * The other ways to write the same id. Many SMS centres write it in one base (decimal or
 * hexadecimal) in the answer to `submit_sm` and in the other in the receipt, with or without
 * leading zeros.
 */
function idForms(id: string): readonly string[] {
  const digits = id.replace(/^0x/i, '');
  const values = [
    ...(/^[0-9]{1,40}$/.test(digits) ? [BigInt(digits)] : []),
    ...(/^[0-9a-f]{1,40}$/i.test(digits) ? [BigInt(`0x${digits}`)] : []),
  ];
  const bare = values.flatMap((value) => [
    value.toString(),
    value.toString(16),
    value.toString(16).toUpperCase(),
  ]);
  const padded = bare.flatMap((form) => paddings.map((length) => form.padStart(length, '0')));
  const forms = new Set([...padded, ...bare.map((form) => `0x${form}`)]);
  return [...forms].filter((form) => form !== id);
}
