/** A row of the outbox, leased to this worker for a while. */
export interface Parcel {
  readonly outboxId: number;
  readonly holderId: string;
  readonly changeId: string | null;
  readonly payload: unknown;
  /** Counts from 1 and fences: a worker that lost its lease cannot mark the parcel. */
  readonly attempt: number;
}

export interface Outbox {
  /** Leases the oldest unsent parcel of each of up to `size` holders; nobody else gets them meanwhile. */
  lease(lane: string, size: number): Promise<readonly Parcel[]>;
  /** Marks a parcel delivered; false when the lease was lost to another worker. */
  delivered(parcel: Parcel): Promise<boolean>;
  /** Puts a parcel back to be tried again after `seconds`. `code` says why, without a personal value. */
  retry(parcel: Parcel, seconds: number, code: string): Promise<void>;
  /** Gives a parcel up: it waits for the operator. */
  bury(parcel: Parcel, code: string): Promise<void>;
  /** Pending parcels and the age of the oldest, seconds. */
  depth(lane: string): Promise<{ readonly pending: number; readonly oldestSeconds: number }>;
}
