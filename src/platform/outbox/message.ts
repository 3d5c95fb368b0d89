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
