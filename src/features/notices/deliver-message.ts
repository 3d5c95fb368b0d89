import type { Keys } from '../../platform/keys.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { codeMinutes, codeOf } from '../codes/code.ts';
import type { CodeSettings } from '../codes/settings.ts';
import { findLiveCode } from '../codes/store.ts';
import { disavowalPath } from '../disavowal/link.ts';
import type { Channel } from './channel.ts';
import type { MessagePayload } from './payload.ts';
import type { MessageSender, RenderedMessage } from './sender.ts';

export interface MessageDeps {
  readonly keys: Keys;
  readonly database: Queryable;
  readonly codeSettings: CodeSettings;
  readonly senders: Readonly<Record<Channel, MessageSender>>;
  /** The origin people see. */
  readonly origin: string;
  /** Puts a message into words: `renderMessage`. */
  readonly render: (message: MessagePayload, facts: MessageFacts) => RenderedMessage;
}

/** What a message needs beside itself. */
export interface MessageFacts {
  readonly id: string;
  /** The origin people see, e.g. `https://cabinet.example.kz`. */
  readonly origin: string;
  /** The code, for a message that carries one, and the most minutes it lives. */
  readonly code?: { readonly text: string; readonly minutes: number };
  /** The path of the "this wasn't me" link, for a notice that has one. */
  readonly disavowalPath?: string;
}

/**
 * Hands a queued message over. A code is derived only now. One that was used or replaced meanwhile
 * is not sent and counts as delivered; one that expired before anybody could take it is a dead
 * letter.
 */
export async function deliverMessage(deps: MessageDeps, queued: OutboxMessage): Promise<void> {
  const { keys, origin, senders, render } = deps;
  const message = queued.payload as MessagePayload;
  const frame = { id: messageId(keys, queued.outboxId), origin };
  if (message.kind === 'code') {
    const issued = await findLiveCode(deps.database, message.codeId);
    const minutes = codeMinutes(deps.codeSettings, message.purpose);
    if (!issued) {
      if (queued.ageSeconds >= minutes * 60) throw new Undeliverable('CODE_EXPIRED');
      return;
    }
    await senders[message.channel].send(
      render(message, { ...frame, code: { text: codeOf(keys, issued), minutes } }),
    );
    return;
  }
  const link =
    message.disavowalId === undefined ? {} : { disavowalPath: disavowalPath(keys, message.disavowalId) };
  await senders[message.channel].send(render(message, { ...frame, ...link }));
}

/**
 * The same for every attempt to send a queued message, without revealing how many messages there
 * were.
 */
export function messageId(keys: Keys, outboxId: number): string {
  return keys.sign('message', String(outboxId)).subarray(0, 16).toString('hex');
}
