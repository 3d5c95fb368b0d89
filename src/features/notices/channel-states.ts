import { randomUUID } from 'node:crypto';
import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Channel } from './ports.ts';

/** What is known of a channel; undefined where no process that delivers has told of it lately. */
export type ChannelStates = Readonly<Partial<Record<Channel, boolean>>>;

/** Tells other processes which channels work, and hears it from them. */
export function channelStates(database: Database) {
  const node = randomUUID();
  return {
    /** Tells what this process can send by. Forgets processes that have been silent for an hour. */
    async tell(states: Readonly<Record<Channel, boolean>>): Promise<void> {
      await database.run(sql`
        with gone as (delete from cabinet.channel_state where told_at < now() - interval '1 hour')
        insert into cabinet.channel_state (node, channel, available)
        values (${node}, 'mobile', ${states.mobile}), (${node}, 'email', ${states.email})
        on conflict (node, channel) do update set available = excluded.available, told_at = now()`);
    },

    /** A channel works while any process that told of it in the last two minutes can send by it. */
    async heard(): Promise<ChannelStates> {
      const rows = await database.rows<{ channel: Channel; available: boolean }>(sql`
        select channel, bool_or(available) as available from cabinet.channel_state
        where told_at > now() - interval '2 minutes' group by channel`);
      return Object.fromEntries(rows.map(({ channel, available }) => [channel, available]));
    },
  };
}
