import type { Queryable } from '../postgres/database.ts';
import type { OutboxMessage } from './message.ts';

/** Which messages, and in what order. */
export interface QueueOrder {
  readonly name: string;
  /**
   * True: those of one holder go one after another, oldest first. False: in the order in which they
   * are due.
   */
  readonly ordered: boolean;
  /** Only messages of this channel. */
  readonly channel?: string;
}

/**
 * What is written in the transaction that marks a message. It runs again with it after a deadlock.
 */
export type Effect = (tx: Queryable) => Promise<unknown>;

/** A queue of the outbox: how its messages are delivered, and what follows from that. */
export interface Queue extends QueueOrder {
  /** Most messages in flight at once in this process. */
  readonly concurrency: number;
  /**
   * Seconds before the next attempt when the one of this round has failed; undefined: give the
   * message up.
   */
  readonly retryDelay: (round: number) => number | undefined;
  /**
   * False while there is no use in trying: nothing is leased, and no message uses up its patience.
   */
  readonly ready?: () => boolean;
  /**
   * Hands one message over, in well under the 30 seconds of a lease. Throws when that failed and is
   * worth another attempt, and `Undeliverable` when none is.
   */
  readonly deliver: (message: OutboxMessage) => Promise<void>;
  /** True: what was delivered is deleted, not marked, because nothing is left to be known of it. */
  readonly deletesDelivered?: boolean;
  /**
   * What a delivery brings about beside its mark; undefined: nothing, and the mark stays a single
   * statement.
   */
  readonly onDelivered?: (message: OutboxMessage) => Effect | undefined;
  /** The same for a message that is given up. */
  readonly onDeadLetter?: (message: OutboxMessage) => Effect | undefined;
}
