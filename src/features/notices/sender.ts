import { Undeliverable } from '../../platform/outbox/undeliverable.ts';
import type { Language } from '../../values/language.ts';
import type { Channel } from './channel.ts';

/** A message with its words, ready for a gateway. */
export interface RenderedMessage {
  /** Stable over retries; gateways and tests tell duplicates by it. */
  readonly id: string;
  readonly channel: Channel;
  readonly to: string;
  /** E-mail only. */
  readonly subject?: string;
  readonly text: string;
  readonly html?: string;
  readonly language: Language;
  /**
   * A code: it goes before everything else that waits for the gateway, and is worth nothing when it
   * comes late.
   */
  readonly urgent: boolean;
}

/**
 * Hands messages over to a gateway. Resolves when the message was handed over; throws when that
 * failed and may be tried again.
 */
export interface MessageSender {
  readonly channel: Channel;
  send(message: RenderedMessage): Promise<void>;
  /** False while the gateway is known to be down, so that the person learns it honestly. */
  readonly available: boolean;
  /** True where no gateway is configured: waiting would be in vain. */
  readonly absent?: true;
  close(): Promise<void>;
}

/**
 * For a channel without a gateway: what is queued for it becomes dead letters, which can be retried
 * later.
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
