/** A row of the outbox, leased to this worker for a while. */
export interface Parcel {
  readonly outboxId: number;
  readonly holderId: string;
  readonly changeId: string | null;
  readonly payload: unknown;
  /** Counts from 1 and fences: a worker that lost its lease cannot mark the parcel. */
  readonly attempt: number;
  /** Counts from 1, and anew when an operator puts the parcel back: how much patience is left. */
  readonly round: number;
  /** Since it was queued, by the database's clock. */
  readonly ageSeconds: number;
}

/** Which parcels, and in what order. */
export interface LaneOrder {
  readonly name: string;
  /** True: those of one holder go one after another, oldest first. False: in the order in which they are due. */
  readonly ordered: boolean;
  /** Only messages of this channel. */
  readonly channel?: string;
}

export interface Outbox {
  /** Leases up to `size` parcels that are due, for 30 seconds; nobody else gets them meanwhile. */
  lease(lane: LaneOrder, size: number): Promise<readonly Parcel[]>;
  /** Marks a parcel delivered; false when the lease was lost to another worker. */
  delivered(parcel: Parcel): Promise<boolean>;
  /** Puts a parcel back to be tried again after `seconds`. `code` says why, without a personal value. */
  retry(parcel: Parcel, seconds: number, code: string): Promise<void>;
  /** Gives the lease back untried, so that another process takes the parcel at once; no patience is used up. */
  release(parcel: Parcel): Promise<void>;
  /** Gives a parcel up: it waits for the operator. */
  bury(parcel: Parcel, code: string): Promise<void>;
}
