import type { Language } from '../../language.ts';
import type { Channel, Message } from '../../modules/notices/ports.ts';
import type { Requisites } from '../../modules/requisites/ports.ts';
import { codeStore } from './code-store.ts';
import type { Queryable } from './database.ts';
import { sql } from './sql.ts';

/** Where a message can be sent. */
export type Address = Pick<Message, 'channel' | 'to'>;

/** A channel's former value restores the password until the new one may: never neither, never both at a thief's wish. */
export async function moveRecoveryContact(
  transaction: Queryable,
  holderId: string,
  channel: Channel,
  waitHours: number,
): Promise<void> {
  const wait = sql`now() + make_interval(hours => ${waitHours}::int)`;
  const column = channel === 'mobile' ? sql`mobile_phone` : sql`email`;
  await transaction.run(sql`
    with now_on_file as (select ${column} as value from cabinet.requisites where holder_id = ${holderId}),
    former as (
      update cabinet.recovery_contact set usable_until = ${wait}
      where holder_id = ${holderId} and channel = ${channel} and usable_until is null
        and value is distinct from (select value from now_on_file))
    insert into cabinet.recovery_contact as c (holder_id, channel, value, usable_from)
    select ${holderId}, ${channel}, value, ${wait} from now_on_file where value is not null
    on conflict (holder_id, channel, value) do update set
      usable_until = null,
      usable_from = case when c.usable_until > now() then c.usable_from else excluded.usable_from end`);
}

/** Queues a notice with its own "this wasn't me" link for each channel. */
export async function tell(
  transaction: Queryable,
  { holderId, language }: { readonly holderId: string; readonly language: Language },
  kind: 'contact-proposed' | 'contact-changed' | 'contact-added',
  about: Channel,
  addresses: readonly Address[],
): Promise<void> {
  const messages: Message[] = [];
  for (const address of addresses) {
    // The new channel is told too, but only the channels as they were can stop the change.
    const link =
      kind === 'contact-added'
        ? undefined
        : await transaction.first<{ disavowalId: string; at: Date }>(sql`
            insert into cabinet.disavowal (holder_id, expires_at) values (${holderId}, now() + interval '10 days')
            returning disavowal_id as "disavowalId"`);
    messages.push({
      ...address,
      language,
      kind,
      about,
      at: new Date().toISOString(),
      ...(link ? { disavowalId: link.disavowalId } : {}),
    });
  }
  await codeStore(transaction).queue(holderId, messages);
}

/** The channels of these requisites. */
export function channelsOf({ mobilePhone, email }: Pick<Requisites, 'mobilePhone' | 'email'>): Address[] {
  return [
    ...(mobilePhone === null ? [] : [{ channel: 'mobile' as const, to: mobilePhone }]),
    ...(email === null ? [] : [{ channel: 'email' as const, to: email }]),
  ];
}
