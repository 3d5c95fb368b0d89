import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Channel, InboxStore, MessageSender, SentMessage } from './ports.ts';

/** Stands in for a gateway in a demonstration: keeps what it would have sent where every process sees it. */
export function inboxSender(database: Database, channel: Channel): MessageSender {
  return {
    channel,
    available: true,
    async send({ id, to, language, subject, text }) {
      await database.run(sql`
        insert into cabinet.inbox (message_id, channel, recipient, language, subject, body)
        values (${id}, ${channel}, ${to}, ${language}, ${subject ?? null}, ${text})
        on conflict (message_id) do nothing`);
    },
    close: async () => undefined,
  };
}

/** What the demonstration would have sent. */
export function inboxStore(database: Database): InboxStore {
  return {
    newest: (most) =>
      database.rows<SentMessage>(sql`
        select message_id as id, channel, recipient as to, language, subject, body as text, sent_at as "sentAt"
        from cabinet.inbox order by inbox_id desc limit ${most}`),
  };
}
