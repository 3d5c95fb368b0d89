import type { Keys } from '../../platform/keys.ts';
import type { OutboxMessage } from '../../platform/outbox/message.ts';
import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { codeMinutes, codeOf } from '../codes/code.ts';
import type { CodeSettings } from '../codes/settings.ts';
import { findLiveCode } from '../codes/store.ts';
import { disavowalPath } from '../disavowal/link.ts';
import { contactHash } from '../reachability/contact-hash.ts';
import { markContact } from '../reachability/store.ts';
import type { Channel } from './channel.ts';
import { giveLetters } from './give-letters.ts';
import type { MessagePayload } from './payload.ts';
import type { MessageSender, RenderedMessage } from './sender.ts';

export interface MessageDeps {
  readonly keys: Keys;
  readonly database: Queryable;
  readonly codeSettings: CodeSettings;
  readonly senders: Readonly<Record<Channel, MessageSender>>;
  /** The origin that people see. */
  readonly origin: string;
  /** Writes the text of a message: `renderMessage`. */
  readonly render: (message: MessagePayload, facts: MessageFacts) => RenderedMessage;
}

/** The facts that a message needs in addition to its payload. */
export interface MessageFacts {
  readonly id: string;
  /** The origin that people see, e.g. `https://cabinet.example.kz`. */
  readonly origin: string;
  /**
   * The code, for a message that has one, and the maximum number of minutes for which it is valid.
   */
  readonly code?: { readonly text: string; readonly minutes: number };
  /** The path of the "this wasn't me" link, for a notice that has one. */
  readonly disavowalPath?: string;
  /** The six letters by which the message can be compared with what was written. */
  readonly letters: string;
}

/**
 * Hands a queued message to its gateway. A code is calculated only now. A code that was used or
 * replaced in the meantime is not sent and counts as delivered. A code that expired before it could
 * be sent is a dead letter.
 */
export async function deliverMessage(deps: MessageDeps, queued: OutboxMessage): Promise<void> {
  const { keys, origin, senders, render } = deps;
  const message = queued.payload as MessagePayload;
  const frame = { id: messageId(keys, queued.outboxId), origin };
  const send = async (facts: Omit<MessageFacts, 'letters'>): Promise<void> => {
    // They are kept before anybody can ask for them.
    const letters = await giveLetters(deps, message, facts, queued.queuedAt);
    const { channel, to } = message;
    const { holderId } = queued;
    try {
      await senders[channel].send({ ...render(message, { ...facts, letters }), holderId });
    } catch (error) {
      if (error instanceof Undeliverable && error.noRecipient)
        await markContact(deps.database, { holderId, channel, hash: contactHash(to) }, 'refused');
      throw error;
    }
  };
  if (message.kind === 'code') {
    const issued = await findLiveCode(deps.database, message.codeId);
    const minutes = codeMinutes(deps.codeSettings, message.purpose);
    if (!issued) {
      if (queued.ageSeconds >= minutes * 60) throw new Undeliverable('CODE_EXPIRED');
      return;
    }
    return send({ ...frame, code: { text: codeOf(keys, issued), minutes } });
  }
  const link =
    !('disavowalId' in message) || message.disavowalId === undefined
      ? {}
      : { disavowalPath: disavowalPath(keys, message.disavowalId) };
  return send({ ...frame, ...link });
}

/**
 * The id of a queued message. It is the same for every attempt, and does not reveal how many
 * messages there were.
 */
export function messageId(keys: Keys, outboxId: number): string {
  return keys.sign('message', String(outboxId)).subarray(0, 16).toString('hex');
}
