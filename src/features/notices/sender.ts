import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Language } from '../../values/language.ts';
import type { Channel } from './channel.ts';

/** A message with its text, ready for a gateway. */
export interface RenderedMessage {
  /** Stays the same over retries. Gateways and tests detect duplicates by it. */
  readonly id: string;
  readonly channel: Channel;
  readonly to: string;
  /** E-mail only. */
  readonly subject?: string;
  readonly text: string;
  readonly html?: string;
  readonly language: Language;
  /**
   * A code. It goes before everything else that waits for the gateway, and is useless when it
   * arrives late.
   */
  readonly urgent: boolean;
  /** Whose message it is, for a report that comes later. */
  readonly holderId?: string;
}

/**
 * Hands messages to a gateway. Resolves when the message was handed over. Throws when that failed
 * and may be tried again.
 */
export interface MessageSender {
  readonly channel: Channel;
  send(message: RenderedMessage): Promise<void>;
  /** False while the gateway is known to be down, so that pages can say so. */
  readonly available: boolean;
  /** True when no gateway is configured, so waiting is useless. */
  readonly absent?: true;
  close(): Promise<void>;
}

/**
 * For a channel without a gateway: its messages become dead letters, which can be retried later.
 */
export function createAbsentSender(channel: Channel): MessageSender {
  return {
    channel,
    available: false,
    absent: true,
    send: () => Promise.reject(new Undeliverable('NO_GATEWAY')),
    close: async () => undefined,
  };
}
