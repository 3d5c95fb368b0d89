import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Language } from '../../values/language.ts';
import type { Channel } from './channel.ts';
import type { RenderedMessage } from './sender.ts';

/** A message that the demonstration kept instead of sending it. */
export interface SentMessage {
  readonly id: string;
  readonly channel: Channel;
  readonly to: string;
  readonly language: Language;
  readonly subject: string | null;
  readonly text: string;
  readonly sentAt: Date;
}

/** Keeps a message as sent. Sending it again changes nothing. */
export async function keepInInbox(database: Queryable, message: RenderedMessage): Promise<void> {
  const { id, channel, to, language, subject, text } = message;
  await database.run(sql`
    insert into cabinet.inbox (message_id, channel, recipient, language, subject, body)
    values (${id}, ${channel}, ${to}, ${language}, ${subject ?? null}, ${text})
    on conflict (message_id) do nothing`);
}

/** Up to `most` messages that the demonstration kept, newest first. */
export function readInbox(database: Queryable, most: number): Promise<readonly SentMessage[]> {
  return database.rows<SentMessage>(sql`
    select message_id as id, channel, recipient as to, language, subject, body as text, sent_at as "sentAt"
    from cabinet.inbox order by inbox_id desc limit ${most}`);
}
