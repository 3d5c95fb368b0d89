import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Language } from '../../values/language.ts';
import { type Channel, channels } from '../notices/channel.ts';
import type { MessagePayload } from '../notices/payload.ts';
import { enqueueMessages } from '../notices/store.ts';
import { channelFields, type Requisites } from '../requisites/fields/fields.ts';

/** Where a message can be sent. */
export type Recipient = Pick<MessagePayload, 'channel' | 'to'>;

/**
 * Moves what restores the password after a change of a channel. The new value may after the wait, the former one until
 * then, however often it changes meanwhile; a value that leaves before its time came never may. So there is always
 * one that restores, and never one that a thief has had for less than the wait.
 */
export async function moveRecoveryContact(
  transaction: Queryable,
  holderId: string,
  channel: Channel,
  waitHours: number,
): Promise<void> {
  const wait = sql`now() + make_interval(hours => ${waitHours}::int)`;
  const column = channel === 'mobile' ? sql`mobile_phone` : sql`email`;
  const left = sql`holder_id = ${holderId} and channel = ${channel} and value is distinct from (select value from now_on_file)`;
  await transaction.run(sql`
    with now_on_file as (select ${column} as value from cabinet.requisites where holder_id = ${holderId}),
    never_usable as (delete from cabinet.recovery_contact where ${left} and usable_from > now()),
    former as (
      update cabinet.recovery_contact set usable_until = ${wait}
      where ${left} and usable_from <= now() and coalesce(usable_until, 'infinity') > now())
    insert into cabinet.recovery_contact as c (holder_id, channel, value, usable_from)
    select ${holderId}, ${channel}, value, ${wait} from now_on_file where value is not null
    on conflict (holder_id, channel, value) do update set
      usable_until = null,
      usable_from = case when c.usable_until <= now() then excluded.usable_from else c.usable_from end`);
}

/** Notes which channel was changed, so that the other one rests. */
export async function restOtherChannel(
  transaction: Queryable,
  holderId: string,
  changed: Channel,
): Promise<void> {
  await transaction.run(sql`
    update cabinet.requisites set contact_changed = ${changed}, contact_changed_at = now()
    where holder_id = ${holderId}`);
}

/**
 * Queues a notice for each address, with its own "this wasn't me" link. The new channel is told too (`contact-added`), but
 * without a link: only the channels as they were can stop a change.
 */
export async function notifyRecipients(
  transaction: Queryable,
  { holderId, language }: { readonly holderId: string; readonly language: Language },
  kind: 'contact-proposed' | 'contact-changed' | 'contact-added',
  about: Channel,
  addresses: readonly Recipient[],
): Promise<void> {
  const now = await transaction.first<{ at: Date }>(sql`select now() as at`);
  const messages: MessagePayload[] = [];
  for (const address of addresses) {
    const link =
      kind === 'contact-added'
        ? undefined
        : await transaction.first<{ disavowalId: string }>(sql`
            insert into cabinet.disavowal (holder_id) values (${holderId})
            returning disavowal_id as "disavowalId"`);
    messages.push({ ...address, ...link, language, kind, about, at: now?.at.toISOString() ?? '' });
  }
  await enqueueMessages(transaction, holderId, messages);
}

/** Tells that a channel was changed: the channels as they were, and the new one. */
export async function notifyChanged(
  transaction: Queryable,
  holder: { readonly holderId: string; readonly language: Language },
  about: Channel,
  before: readonly Recipient[],
  added: string | null,
): Promise<void> {
  await notifyRecipients(transaction, holder, 'contact-changed', about, before);
  if (added !== null)
    await notifyRecipients(transaction, holder, 'contact-added', about, [{ channel: about, to: added }]);
}

/**
 * Where a holder can be reached that a change cannot take away: the channels on file, and those that were and still
 * restore the password. Asked before the change is written.
 */
export async function formerRecipients(
  transaction: Queryable,
  holderId: string,
  before: Requisites,
): Promise<Recipient[]> {
  const onFile = channelsOf(before);
  const former = await transaction.rows<Recipient>(sql`
    select channel, value as "to" from cabinet.recovery_contact
    where holder_id = ${holderId} and usable_until > now() order by channel, value`);
  const known = new Set(onFile.map(({ to }) => to));
  return [...onFile, ...former.filter(({ to }) => !known.has(to))];
}

/** The channels of these requisites. */
function channelsOf(requisites: Requisites): Recipient[] {
  return channels.flatMap((channel) => {
    const to = requisites[channelFields[channel]];
    return to === null ? [] : [{ channel, to }];
  });
}
