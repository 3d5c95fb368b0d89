import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Channel } from './channel.ts';

/**
 * Whether each channel works. Undefined when no process that delivers has reported on it recently.
 */
export type ChannelStates = Readonly<Partial<Record<Channel, boolean>>>;

/**
 * Reports to other processes which channels this one can use. Deletes processes that have been
 * silent for an hour.
 * @param node a UUID of this process
 */
export async function writeChannelStates(
  database: Queryable,
  node: string,
  states: Readonly<Record<Channel, boolean>>,
): Promise<void> {
  await database.run(sql`
    with gone as (delete from cabinet.channel_state where told_at < now() - interval '1 hour')
    insert into cabinet.channel_state (node, channel, available)
    values (${node}, 'mobile', ${states.mobile}), (${node}, 'email', ${states.email})
    on conflict (node, channel) do update set available = excluded.available, told_at = now()`);
}

/** A channel works when any process reported in the last two minutes that it can use it. */
export async function readChannelStates(database: Queryable): Promise<ChannelStates> {
  const rows = await database.rows<{ channel: Channel; available: boolean }>(sql`
    select channel, bool_or(available) as available from cabinet.channel_state
    where told_at > now() - interval '2 minutes' group by channel`);
  return Object.fromEntries(rows.map(({ channel, available }) => [channel, available]));
}
