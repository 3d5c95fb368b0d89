import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { type Channel, channels } from '../notices/channel.ts';
import { channelFields, type Requisites } from '../requisites/fields/fields.ts';
import type { Recipient } from './contact-notices.ts';

/** The columns of each channel in `cabinet.requisites`. */
const columns = {
  mobile: { value: sql`mobile_phone`, waitHours: sql`mobile_wait_hours` },
  email: { value: sql`email`, waitHours: sql`email_wait_hours` },
} as const;

/**
 * Updates the recovery contacts after a change of a channel. The new value may restore the password
 * after the waiting time, and the former one may until then, however often the channel changes
 * meanwhile. A value that is replaced before its time never may. As a result one value can always
 * restore the password, and a value that a thief has had for less than the waiting time never can.
 */
export async function moveRecoveryContact(
  transaction: Queryable,
  holderId: string,
  channel: Channel,
  waitHours: number,
): Promise<void> {
  const wait = sql`now() + make_interval(hours => ${waitHours}::int)`;
  const left = sql`holder_id = ${holderId} and channel = ${channel} and value is distinct from (select value from now_on_file)`;
  await transaction.run(sql`
    with now_on_file as (select ${columns[channel].value} as value from cabinet.requisites where holder_id = ${holderId}),
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

/** Records which channel was changed. The other one then has to wait. */
export async function restOtherChannel(
  transaction: Queryable,
  holderId: string,
  changed: Channel,
): Promise<void> {
  await transaction.run(sql`
    update cabinet.requisites set contact_changed = ${changed}, contact_changed_at = now()
    where holder_id = ${holderId}`);
}

/** Sets the hours that must pass before a channel may confirm a change. */
export async function setChannelWait(
  transaction: Queryable,
  holderId: string,
  channel: Channel,
  hours: number,
): Promise<void> {
  await transaction.run(sql`
    update cabinet.requisites set ${columns[channel].waitHours} = ${hours} where holder_id = ${holderId}`);
}

/**
 * The contacts of a holder that a change cannot remove: the channels on file, and former ones that
 * still restore the password. Must be read before the change is written.
 */
export async function formerRecipients(
  transaction: Queryable,
  holderId: string,
  before: Requisites,
): Promise<Recipient[]> {
  const onFile = channels.flatMap((channel): Recipient[] => {
    const to = before[channelFields[channel]];
    return to === null ? [] : [{ channel, to }];
  });
  const former = await transaction.rows<Recipient>(sql`
    select channel, value as "to" from cabinet.recovery_contact
    where holder_id = ${holderId} and usable_until > now() order by channel, value`);
  const known = new Set(onFile.map(({ to }) => to));
  return [...onFile, ...former.filter(({ to }) => !known.has(to))];
}
