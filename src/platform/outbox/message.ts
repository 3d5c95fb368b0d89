/** A row of the outbox, leased to this worker for a while. */
export interface OutboxMessage {
  readonly outboxId: number;
  readonly holderId: string;
  readonly changeId: string | null;
  readonly payload: unknown;
  /** Counts from 1 and fences: a worker that lost its lease cannot mark the message. */
  readonly attempt: number;
  /** Counts from 1, and anew when an operator puts the message back: how much patience is left. */
  readonly round: number;
  /** Since it was queued, by the database's clock. */
  readonly ageSeconds: number;
}

/** Which messages, and in what order. */
export interface QueueOrder {
  readonly name: string;
  /** True: those of one holder go one after another, oldest first. False: in the order in which they are due. */
  readonly ordered: boolean;
  /** Only messages of this channel. */
  readonly channel?: string;
}

export interface Outbox {
  /** Leases up to `size` messages that are due, for 30 seconds; nobody else gets them meanwhile. */
  lease(queue: QueueOrder, size: number): Promise<readonly OutboxMessage[]>;
  /** Marks a message delivered; false when the lease was lost to another worker. */
  delivered(message: OutboxMessage): Promise<boolean>;
  /** Puts a message back to be tried again after `seconds`. `code` says why, without a personal value. */
  retry(message: OutboxMessage, seconds: number, code: string): Promise<void>;
  /** Gives the lease back untried, so that another process takes the message at once; no patience is used up. */
  release(message: OutboxMessage): Promise<void>;
  /** Gives a message up: it waits for the operator. */
  deadLetter(message: OutboxMessage, code: string): Promise<void>;
}
