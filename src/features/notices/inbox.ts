import type { Queryable } from '../../platform/postgres/database.ts';
import type { Channel } from './channel.ts';
import { keepInInbox } from './inbox-store.ts';
import type { MessageSender } from './sender.ts';

/** Not in `paths.ts`, because a production build must contain nothing of the demonstration. */
export const inboxPath = '/demo/inbox';

/** Replaces a gateway in a demonstration: keeps its messages where every process can read them. */
export function createInboxSender(database: Queryable, channel: Channel): MessageSender {
  return {
    channel,
    available: true,
    send: (message) => keepInInbox(database, message),
    close: async () => undefined,
  };
}
