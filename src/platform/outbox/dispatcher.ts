import { errorCode } from '../error-code.ts';
import type { Database } from '../postgres/database.ts';
import { settlesWithin } from '../timeout.ts';
import { noTracing, type TraceFacts, type TraceStart, type Tracing } from '../tracing.ts';
import type { OutboxMessage } from './message.ts';
import type { Queue } from './queue.ts';
import {
  leaseMessages,
  markAllDelivered,
  markDead,
  markDelivered,
  releaseMessage,
  retryLater,
} from './store.ts';
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
 * Hands over everything that is due, once. Returns how many messages were delivered. Throws the
 * first error that `startDispatcher` would log, unless the caller collects them.
 *
 * @internal Tests dispatch when they want to, without the timer.
 */
export async function dispatchDue(
  database: Database,
  queue: Queue,
  onError?: (error: Error) => void,
): Promise<number> {
  const errors: Error[] = [];
  const dispatcher = createDispatcher(database, queue, onError ?? ((error) => errors.push(error)));
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
  const handOver = createHandOver(database, queue, onError, tracing);
  // Half of the places are free again. One statement fills them all.
  const inFlight = createInFlight(onError, (taken) => taken * 2 <= queue.concurrency && wake());
  let looking: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const release = (message: OutboxMessage) => releaseMessage(database, message);

  async function look(): Promise<void> {
    do {
      again = false;
      const free = queue.concurrency - inFlight.taken();
      if (stopped || free <= 0 || queue.ready?.() === false) return;
      const leased = await leaseMessages(database, queue, free);
      if (stopped) await Promise.all(leased.map(release));
      else if (leased.length > 0) await takeAll(leased);
    } while (again);
  }

  /**
   * Hands over together what can go together. What is queued meanwhile makes the next batch, so
   * batches grow with the load.
   */
  async function takeAll(leased: readonly OutboxMessage[]): Promise<void> {
    const step = handOver.together?.(leased);
    if (!step) {
      for (const message of leased) inFlight.take(message, handOver.alone(message));
      return;
    }
    const goOn = (message: OutboxMessage) => handOver.after(step, message, () => stopped);
    const taken = leased.map((message) => inFlight.take(message, goOn(message)));
    const { marked, alone } = await step;
    inFlight.count(marked);
    // Their places are free for the next batch.
    await Promise.all(taken.filter((_, index) => !alone.has(leased[index] as OutboxMessage)));
    // The next messages of the same holders.
    again = true;
  }

  function wake(): void {
    if (looking) again = true;
    else {
      looking = look()
        .catch(onError)
        .finally(() => {
          looking = undefined;
          // Asked for after the last look had decided to end.
          if (again && !stopped) wake();
        });
    }
  }

  async function idle(): Promise<number> {
    while (looking || inFlight.taken() > 0) {
      await looking;
      await inFlight.settled();
    }
    return inFlight.delivered();
  }

  return {
    wake,
    idle,
    async stop(patienceMs?: number) {
      stopped = true;
      if (await settlesWithin(idle(), patienceMs)) return;
      await Promise.all(inFlight.messages().map(release));
    },
  };
}

/** The messages that are being handed over, and how many were delivered. */
function createInFlight(onError: (error: Error) => void, onFree: (taken: number) => void) {
  const inFlight = new Map<Promise<void>, OutboxMessage>();
  let delivered = 0;
  return {
    taken: () => inFlight.size,
    messages: () => [...inFlight.values()],
    settled: () => Promise.all(inFlight.keys()),
    delivered: () => delivered,
    count(marked: number) {
      delivered += marked;
    },
    /** Keeps a place for a message until it was handed over. */
    take(message: OutboxMessage, handing: Promise<boolean>): Promise<void> {
      const done = handing
        .then((marked) => {
          if (marked) delivered += 1;
        }, onError)
        .finally(() => {
          inFlight.delete(done);
          onFree(inFlight.size);
        });
      inFlight.set(done, message);
      return done;
    },
  };
}

/** How messages of a queue are handed over, each as a part of its own trace. */
function createHandOver(database: Database, queue: Queue, onError: (error: Error) => void, tracing: Tracing) {
  const { deliverTogether } = queue;
  const startOf = (facts: TraceFacts): TraceStart => ({
    name: `deliver ${queue.name}`,
    kind: 'consumer',
    facts: { 'kabinet.queue': queue.name, ...facts },
  });
  const alone = (message: OutboxMessage): Promise<boolean> =>
    tracing.resume(message.traceparent, startOf({ 'kabinet.attempt': message.attempt }), () =>
      attempt(database, queue, message),
    );
  return {
    alone,
    /** What is left to do for one message of a common step. */
    async after(
      step: ReturnType<typeof inOneStep>,
      message: OutboxMessage,
      stopped: () => boolean,
    ): Promise<boolean> {
      const { withEffect, plain } = await step;
      if (withEffect.has(message)) return markDelivered(database, queue, message);
      // These are counted together.
      if (plain.has(message)) return false;
      if (!stopped()) return alone(message);
      await releaseMessage(database, message);
      return false;
    },
    together:
      deliverTogether &&
      ((messages: readonly OutboxMessage[]) =>
        tracing.resumeAll(
          messages.map(({ traceparent }) => traceparent),
          startOf({ 'kabinet.batch': messages.length }),
          () => inOneStep(database, { ...queue, deliverTogether }, messages, onError),
        )),
  };
}

/**
 * Hands over and marks what needs one statement for all. What is `withEffect` must still be marked,
 * and `alone` was not handed over. A failure of the step says nothing of any single message.
 */
async function inOneStep(
  database: Database,
  queue: Queue & Required<Pick<Queue, 'deliverTogether'>>,
  messages: readonly OutboxMessage[],
  onError: (error: Error) => void,
) {
  const none: readonly OutboxMessage[] = [];
  const together = await queue.deliverTogether(messages).catch((error) => {
    onError(error);
    return none;
  });
  const handed = new Set(together);
  const alone = new Set(messages.filter((message) => !handed.has(message)));
  const withEffect = new Set(together.filter((message) => queue.onDelivered?.(message) !== undefined));
  const plain = new Set(together.filter((message) => !withEffect.has(message)));
  const marked = await markAllDelivered(database, queue, [...plain]).catch((error) => {
    onError(error);
    return 0;
  });
  return { marked, plain, withEffect, alone };
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
