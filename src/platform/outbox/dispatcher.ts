import { settlesWithin } from '../timeout.ts';
import type { Outbox, OutboxMessage, QueueOrder } from './message.ts';
import { Undeliverable } from './undeliverable.ts';

/** Seconds before the next try; the last one is repeated (facts-security, 3.4: back-off up to 72 hours). */
const backOff = [1, 5, 30, 120, 600, 1_800, 3_600];
/** With the back-off above, three days of hourly tries. */
const maxRounds = 78;

/** For what may wait: tried for three days, ever less often. */
export function retryForThreeDays(round: number): number | undefined {
  return round >= maxRounds ? undefined : (backOff[Math.min(round, backOff.length) - 1] ?? 3_600);
}

/** For codes: tried again soon and often. They end by themselves when the code expires. */
export function retrySoon(round: number): number {
  return [1, 2, 5][round - 1] ?? 10;
}

export interface Queue extends QueueOrder {
  /** Most messages in flight at once in this process. */
  readonly concurrency: number;
  /** Seconds before the next try when the try of this round has failed; undefined: give it up. */
  readonly retryDelay: (round: number) => number | undefined;
  /** False while there is no use in trying: nothing is leased, and no message uses up its patience. */
  readonly ready?: () => boolean;
  /**
   * Hands one message over, in well under the 30 seconds of a lease. Throws when that failed and is worth another try, and
   * `Undeliverable` when none is.
   */
  readonly deliver: (message: OutboxMessage) => Promise<void>;
}

/** A queue at work. */
export interface Dispatcher {
  /** Something was queued: looks now, even while messages are in hand. */
  wake(): void;
  /**
   * Leases nothing more; resolves when what is in hand has been handed over or put back. What is still in hand after
   * `patienceMs` (a gateway that hangs) gets its lease back, so that another process takes it at once.
   */
  stop(patienceMs?: number): Promise<void>;
}

/** Delivers a queue for as long as the process runs: when woken, and every `everyMs` for what others have left. */
export function startDispatcher(
  outbox: Outbox,
  queue: Queue,
  { everyMs, onError }: { everyMs: number; onError: (error: Error) => void },
): Dispatcher {
  const dispatcher = createDispatcher(outbox, queue, onError);
  const timer = setInterval(dispatcher.wake, everyMs);
  dispatcher.wake();
  return {
    wake: dispatcher.wake,
    async stop(patienceMs) {
      clearInterval(timer);
      await dispatcher.stop(patienceMs);
    },
  };
}

/** Hands over everything that is due once. Returns how many messages were delivered. */
export async function dispatchDue(outbox: Outbox, queue: Queue): Promise<number> {
  const errors: Error[] = [];
  const dispatcher = createDispatcher(outbox, queue, (error) => errors.push(error));
  dispatcher.wake();
  const delivered = await dispatcher.idle();
  if (errors[0]) throw errors[0];
  return delivered;
}

function createDispatcher(outbox: Outbox, queue: Queue, onError: (error: Error) => void) {
  const inFlight = new Map<Promise<void>, OutboxMessage>();
  let looking: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let delivered = 0;

  async function look(): Promise<void> {
    do {
      again = false;
      const free = queue.concurrency - inFlight.size;
      if (stopped || free <= 0 || queue.ready?.() === false) return;
      const leased = await outbox.lease(queue, free);
      if (stopped) await Promise.all(leased.map(outbox.release));
      else for (const message of leased) take(message);
    } while (again);
  }

  function take(message: OutboxMessage): void {
    const done = deliverMessage(outbox, queue, message)
      .then((marked) => {
        if (marked) delivered += 1;
      }, onError)
      .finally(() => {
        inFlight.delete(done);
        // Half of the hands are free again: one statement fills them all.
        if (inFlight.size * 2 <= queue.concurrency) wake();
      });
    inFlight.set(done, message);
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
    while (looking || inFlight.size > 0) {
      await looking;
      await Promise.all(inFlight.keys());
    }
    return delivered;
  }

  return {
    wake,
    idle,
    async stop(patienceMs?: number) {
      stopped = true;
      if (await settlesWithin(idle(), patienceMs)) return;
      await Promise.all([...inFlight.values()].map(outbox.release));
    },
  };
}

async function deliverMessage(outbox: Outbox, queue: Queue, message: OutboxMessage): Promise<boolean> {
  try {
    await queue.deliver(message);
  } catch (error) {
    const seconds = error instanceof Undeliverable ? undefined : queue.retryDelay(message.round);
    if (seconds === undefined) await outbox.deadLetter(message, codeOf(error));
    else await outbox.retry(message, seconds, codeOf(error));
    return false;
  }
  return outbox.delivered(message);
}

/** What may be stored of an error: never its message, which can hold values. */
function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
