import type { Queryable } from '../postgres/database.ts';
import type { OutboxMessage } from './message.ts';

/** Which messages, and in which order. */
export interface QueueOrder {
  readonly name: string;
  /**
   * True: the messages of one holder go one after another, oldest first. False: messages go in the
   * order in which they are due.
   */
  readonly ordered: boolean;
  /** Only messages of this channel. */
  readonly channel?: string;
}

/**
 * What is written in the transaction that marks a message. After a deadlock it runs again with that
 * transaction.
 */
export type Effect = (tx: Queryable) => Promise<unknown>;

/** A queue of the outbox: how its messages are delivered, and what a delivery causes. */
export interface Queue extends QueueOrder {
  /** The most messages in progress at once in this process. */
  readonly concurrency: number;
  /**
   * Seconds until the next attempt after this round's attempt failed; undefined: give the message
   * up.
   */
  readonly retryDelay: (round: number) => number | undefined;
  /** False while attempts are pointless: nothing is leased, and no message uses up an attempt. */
  readonly ready?: () => boolean;
  /**
   * Hands one message over, in much less than the 30 seconds of a lease. Throws when that failed
   * and a retry may help, or `Undeliverable` when no retry can help.
   */
  readonly deliver: (message: OutboxMessage) => Promise<void>;
  /**
   * Hands over several messages in one step, and returns those that were handed over. The others go
   * to `deliver`, one by one, and so do all of them when this throws. It neither refuses a message
   * nor waits for a single one. Undefined where every message goes alone.
   */
  readonly deliverTogether?: (messages: readonly OutboxMessage[]) => Promise<readonly OutboxMessage[]>;
  /**
   * True: delivered messages are deleted instead of marked, because nothing about them is needed
   * later.
   */
  readonly deletesDelivered?: boolean;
  /**
   * What a delivery writes besides its mark. Undefined: nothing, and the mark takes a single
   * statement.
   */
  readonly onDelivered?: (message: OutboxMessage) => Effect | undefined;
  /** The same for a message that is given up. */
  readonly onDeadLetter?: (message: OutboxMessage) => Effect | undefined;
}
