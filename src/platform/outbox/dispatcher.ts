import { within } from '../timeout.ts';
import type { LaneOrder, Outbox, Parcel } from './message.ts';
import { Undeliverable } from './undeliverable.ts';

/** Seconds before the next try; the last one is repeated (facts-security, 3.4: back-off up to 72 hours). */
const backOff = [1, 5, 30, 120, 600, 1_800, 3_600];
/** With the back-off above, three days of hourly tries. */
const maxRounds = 78;

/** For what may wait: tried for three days, ever less often. */
export function threeDays(round: number): number | undefined {
  return round >= maxRounds ? undefined : (backOff[Math.min(round, backOff.length) - 1] ?? 3_600);
}

/** For codes: tried again soon and often. They end by themselves when the code expires. */
export function fast(round: number): number {
  return [1, 2, 5][round - 1] ?? 10;
}

export interface Lane extends LaneOrder {
  /** Most parcels in hand at once in this process. */
  readonly atOnce: number;
  /** Seconds before the next try when the try of this round has failed; undefined: give it up. */
  readonly patience: (round: number) => number | undefined;
  /** False while there is no use in trying: nothing is leased, and no parcel uses up its patience. */
  readonly ready?: () => boolean;
  /**
   * Hands one parcel over, in well under the 30 seconds of a lease. Throws when that failed and is worth another try, and
   * `Undeliverable` when none is.
   */
  readonly handOver: (parcel: Parcel) => Promise<void>;
}

/** A lane at work. */
export interface Delivery {
  /** Something was queued: looks now, even while parcels are in hand. */
  wake(): void;
  /**
   * Leases nothing more; resolves when what is in hand has been handed over or put back. What is still in hand after
   * `patienceMs` (a gateway that hangs) gets its lease back, so that another process takes it at once.
   */
  stop(patienceMs?: number): Promise<void>;
}

/** Delivers a lane for as long as the process runs: when woken, and every `everyMs` for what others have left. */
export function startDelivery(
  outbox: Outbox,
  lane: Lane,
  { everyMs, onError }: { everyMs: number; onError: (error: Error) => void },
): Delivery {
  const carrier = makeCarrier(outbox, lane, onError);
  const timer = setInterval(carrier.wake, everyMs);
  carrier.wake();
  return {
    wake: carrier.wake,
    async stop(patienceMs) {
      clearInterval(timer);
      await carrier.stop(patienceMs);
    },
  };
}

/** Hands over everything that is due once. Returns how many parcels were delivered. */
export async function deliverDue(outbox: Outbox, lane: Lane): Promise<number> {
  const errors: Error[] = [];
  const carrier = makeCarrier(outbox, lane, (error) => errors.push(error));
  carrier.wake();
  const delivered = await carrier.idle();
  if (errors[0]) throw errors[0];
  return delivered;
}

function makeCarrier(outbox: Outbox, lane: Lane, onError: (error: Error) => void) {
  const inHand = new Map<Promise<void>, Parcel>();
  let looking: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let delivered = 0;

  async function look(): Promise<void> {
    do {
      again = false;
      const free = lane.atOnce - inHand.size;
      if (stopped || free <= 0 || lane.ready?.() === false) return;
      const leased = await outbox.lease(lane, free);
      if (stopped) await Promise.all(leased.map(outbox.release));
      else for (const parcel of leased) take(parcel);
    } while (again);
  }

  function take(parcel: Parcel): void {
    const done = deliverOne(outbox, lane, parcel)
      .then((marked) => {
        if (marked) delivered += 1;
      }, onError)
      .finally(() => {
        inHand.delete(done);
        // Half of the hands are free again: one statement fills them all.
        if (inHand.size * 2 <= lane.atOnce) wake();
      });
    inHand.set(done, parcel);
  }

  function wake(): void {
    if (looking) again = true;
    else {
      looking = look()
        .catch(onError)
        .finally(() => {
          looking = undefined;
        });
    }
  }

  async function idle(): Promise<number> {
    while (looking || inHand.size > 0) {
      await looking;
      await Promise.all(inHand.keys());
    }
    return delivered;
  }

  return {
    wake,
    idle,
    async stop(patienceMs?: number) {
      stopped = true;
      if (await within(idle(), patienceMs)) return;
      await Promise.all([...inHand.values()].map(outbox.release));
    },
  };
}

async function deliverOne(outbox: Outbox, lane: Lane, parcel: Parcel): Promise<boolean> {
  try {
    await lane.handOver(parcel);
  } catch (error) {
    const seconds = error instanceof Undeliverable ? undefined : lane.patience(parcel.round);
    if (seconds === undefined) await outbox.bury(parcel, codeOf(error));
    else await outbox.retry(parcel, seconds, codeOf(error));
    return false;
  }
  return outbox.delivered(parcel);
}

/** What may be stored of an error: never its message, which can hold values. */
function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
