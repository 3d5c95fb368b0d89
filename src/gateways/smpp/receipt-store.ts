import { createHash } from 'node:crypto';
import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { SmsRecipient } from './smpp.ts';

/** A number that the network could not deliver to. */
export interface FailedRecipient {
  readonly holderId: string;
  /** SHA-256 of the number. */
  readonly hash: Buffer;
}

/** Of the final states only this one is about the number: others are about time, or about us. */
const failed = 'UNDELIV';

/**
 * Stores which parts the SMS gateway accepted, and what it reported about them later. A receipt may
 * arrive before the answer.
 * @param onFailed called for a number to which something could not be delivered
 */
export function createSmsReceipts(
  database: Database,
  onFailed: (recipient: FailedRecipient) => Promise<void> = async () => undefined,
) {
  return {
    async handedOver(
      messageId: string,
      gatewayIds: readonly string[],
      recipient?: SmsRecipient,
    ): Promise<void> {
      const hash = recipient && createHash('sha256').update(recipient.to).digest();
      const parts = [
        ...(await database.rows<{ state: string | null }>(sql`
          insert into cabinet.sms_part as p (gateway_id, message_id, part, holder_id, recipient_hash)
          select id, ${messageId}, part, ${recipient?.holderId ?? null}::uuid, ${hash ?? null}::bytea
          from unnest(${gatewayIds}::text[]) with ordinality as given (id, part) where id <> ''
          on conflict (gateway_id) do update
          set message_id = excluded.message_id, part = excluded.part, handed_over_at = now(),
            holder_id = excluded.holder_id, recipient_hash = excluded.recipient_hash,
            state = case when p.message_id is null then p.state end,
            state_at = case when p.message_id is null then p.state_at end
          returning state`)),
      ];
      for (const id of gatewayIds) {
        // A receipt that arrived earlier, whose id is written in another way.
        const early = await database.rows<{ state: string | null }>(sql`
          with early as (
            delete from cabinet.sms_part
            where gateway_id = any(${idForms(id)}) and message_id is null and handed_over_at > now() - interval '1 minute'
            returning state, state_at)
          update cabinet.sms_part p set state = e.state, state_at = e.state_at from early e
          where p.gateway_id = ${id} and p.state is null returning p.state`);
        parts.push(...early);
      }
      if (recipient && hash && parts.some(({ state }) => state === failed))
        await onFailed({ holderId: recipient.holderId, hash });
    },
    async reported(gatewayId: string, state: string): Promise<void> {
      // Take the part with exactly this id; otherwise one whose id is the same number; otherwise a
      // part without a known state.
      const part = await database.first<{ holderId: string | null; hash: Buffer | null }>(sql`
        with known as (
          select gateway_id from cabinet.sms_part
          where gateway_id = any(${[gatewayId, ...idForms(gatewayId)]}) and message_id is not null
          order by gateway_id = ${gatewayId} desc, handed_over_at desc limit 1)
        insert into cabinet.sms_part (gateway_id, state, state_at)
        values (coalesce((select gateway_id from known), ${gatewayId}), ${state}, now())
        on conflict (gateway_id) do update set state = excluded.state, state_at = excluded.state_at
        returning holder_id as "holderId", recipient_hash as hash`);
      if (state === failed && part?.holderId && part.hash)
        await onFailed({ holderId: part.holderId, hash: part.hash });
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
