import { errorCode } from '../error-code.ts';
import type { Database } from '../postgres/database.ts';
import { settlesWithin } from '../timeout.ts';
import { noTracing, type Tracing } from '../tracing.ts';
import type { OutboxMessage } from './message.ts';
import type { Queue } from './queue.ts';
import { leaseMessages, markDead, markDelivered, releaseMessage, retryLater } from './store.ts';
import { Undeliverable } from './undeliverable.ts';

/** A running queue. */
export interface Dispatcher {
  /**
   * Called when something was queued: looks for it now, even while other messages are in progress.
   */
  wake(): void;
  /**
   * Leases no further messages. Resolves when the current ones have been handed over or returned to
   * the queue. Messages still in progress after `patienceMs` (a gateway that hangs) lose their
   * lease, so that another process takes them at once.
   */
  stop(patienceMs?: number): Promise<void>;
}

/**
 * Delivers a queue until it is stopped: when woken, and every `everyMs` for messages that other
 * processes left.
 */
export function startDispatcher(
  database: Database,
  queue: Queue,
  {
    everyMs,
    onError,
    tracing,
  }: { everyMs: number; onError: (error: Error) => void; tracing?: Tracing | undefined },
): Dispatcher {
  const dispatcher = createDispatcher(database, queue, onError, tracing);
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

/**
 * Hands over everything that is due, once. Returns how many messages were delivered.
 *
 * @internal Tests dispatch when they want to, without the timer.
 */
export async function dispatchDue(database: Database, queue: Queue): Promise<number> {
  const errors: Error[] = [];
  const dispatcher = createDispatcher(database, queue, (error) => errors.push(error));
  dispatcher.wake();
  const delivered = await dispatcher.idle();
  if (errors[0]) throw errors[0];
  return delivered;
}

function createDispatcher(
  database: Database,
  queue: Queue,
  onError: (error: Error) => void,
  tracing: Tracing = noTracing,
) {
  const inFlight = new Map<Promise<void>, OutboxMessage>();
  let looking: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let delivered = 0;
  const release = (message: OutboxMessage) => releaseMessage(database, message);

  async function look(): Promise<void> {
    do {
      again = false;
      const free = queue.concurrency - inFlight.size;
      if (stopped || free <= 0 || queue.ready?.() === false) return;
      const leased = await leaseMessages(database, queue, free);
      if (stopped) await Promise.all(leased.map(release));
      else for (const message of leased) take(message);
    } while (again);
  }

  function take(message: OutboxMessage): void {
    const start = {
      name: `deliver ${queue.name}`,
      kind: 'consumer',
      facts: { 'kabinet.queue': queue.name, 'kabinet.attempt': message.attempt },
    } as const;
    const done = tracing
      .resume(message.traceparent, start, () => attempt(database, queue, message))
      .then((marked) => {
        if (marked) delivered += 1;
      }, onError)
      .finally(() => {
        inFlight.delete(done);
        // Half of the places are free again. One statement fills them all.
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
      await Promise.all([...inFlight.values()].map(release));
    },
  };
}

async function attempt(database: Database, queue: Queue, message: OutboxMessage): Promise<boolean> {
  try {
    await queue.deliver(message);
  } catch (error) {
    const seconds = error instanceof Undeliverable ? undefined : queue.retryDelay(message.round);
    if (seconds === undefined) await markDead(database, queue, message, errorCode(error));
    else await retryLater(database, message, seconds, errorCode(error));
    return false;
  }
  return markDelivered(database, queue, message);
}
