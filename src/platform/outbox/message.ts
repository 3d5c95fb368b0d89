/** A row of the outbox, leased to this worker for a limited time. */
export interface OutboxMessage {
  readonly outboxId: number;
  readonly holderId: string;
  readonly changeId: string | null;
  readonly payload: unknown;
  /**
   * Counts all attempts, from 1. A worker that lost its lease has an old number and cannot mark the
   * message.
   */
  readonly attempt: number;
  /**
   * Counts attempts from 1, and again from 1 when an operator requeues the message. Decides when to
   * give up.
   */
  readonly round: number;
  /** When it was queued. */
  readonly queuedAt: Date;
  /** Seconds since it was queued, by the database's clock. */
  readonly ageSeconds: number;
  /** The id of the request that queued it. Null where that is not kept. */
  readonly requestId: string | null;
  /** The trace of that request (W3C Trace Context). Null when it was not traced. */
  readonly traceparent: string | null;
}
