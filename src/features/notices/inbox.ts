import type { Queryable } from '../../platform/postgres/database.ts';
import type { Channel } from './channel.ts';
import { keepInInbox } from './inbox-store.ts';
import type { MessageSender } from './sender.ts';

/**
 * Stands in for a gateway in a demonstration: keeps what it would have sent where every process
 * sees it.
 */
export function createInboxSender(database: Queryable, channel: Channel): MessageSender {
  return {
    channel,
    available: true,
    send: (message) => keepInInbox(database, message),
    close: async () => undefined,
  };
}
