import type { Keys } from '../../platform/keys.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { type CodeTimes, codeMinutes, codeOf } from '../codes/code.ts';
import { findLiveCode } from '../codes/store.ts';
import { disavowalPath } from '../disavowal/link.ts';
import type { Channel, MessagePayload, MessageSender, RenderedMessage } from './ports.ts';

export interface MessageDeps {
  readonly keys: Keys;
  readonly database: Queryable;
  readonly times: CodeTimes;
  readonly senders: Readonly<Record<Channel, MessageSender>>;
  /** The origin people see. */
  readonly origin: string;
}

/** Puts a message into words: `writeMessage`. */
export type Write = (
  message: MessagePayload,
  facts: {
    readonly id: string;
    readonly origin: string;
    readonly code?: { readonly text: string; readonly minutes: number };
    readonly disavowalPath?: string;
  },
) => RenderedMessage;

/**
 * Hands a queued message over. A code is worked out only now. One that was used or replaced meanwhile is not sent and
 * counts as done; one that expired before anybody could take it is a dead letter.
 */
export async function deliverMessage(parts: MessageDeps, write: Write, queued: OutboxMessage): Promise<void> {
  const { keys, origin, senders } = parts;
  const message = queued.payload as MessagePayload;
  const frame = { id: messageId(keys, queued.outboxId), origin };
  if (message.kind === 'code') {
    const issued = await findLiveCode(parts.database, message.codeId);
    const minutes = codeMinutes(parts.times, message.purpose);
    if (!issued) {
      if (queued.ageSeconds >= minutes * 60) throw new Undeliverable('CODE_EXPIRED');
      return;
    }
    await senders[message.channel].send(
      write(message, { ...frame, code: { text: codeOf(keys, issued), minutes } }),
    );
    return;
  }
  const link =
    message.disavowalId === undefined ? {} : { disavowalPath: disavowalPath(keys, message.disavowalId) };
  await senders[message.channel].send(write(message, { ...frame, ...link }));
}

/** The same for every try of a queued, and telling nobody how many messages there were. */
export function messageId(keys: Keys, outboxId: number): string {
  return keys.sign('message', String(outboxId)).subarray(0, 16).toString('hex');
}

/** For a channel without a gateway: what is queued for it goes to the dead letters, from where it can be sent later. */
export function noSender(channel: Channel): MessageSender {
  return {
    channel,
    available: false,
    absent: true,
    send: () => Promise.reject(new Undeliverable('NO_GATEWAY')),
    close: async () => undefined,
  };
}
