import PQueue from 'p-queue';

/** Returns a permit. A second call does nothing. */
export type Release = () => void;

/**
 * Limits how much runs at a time, and serves waiting clients in rotation, so that one client cannot
 * keep others out.
 */
export interface FairSemaphore {
  /**
   * Waits for a permit.
   * @param client who asks: a network before sign-in, a holder after it
   * @returns the function that releases the permit; undefined when too many already wait
   */
  acquire(client: string): Promise<Release | undefined>;
}

export interface FairSemaphoreOptions {
  readonly atOnce: number;
  /** The most waiting requests of each client. */
  readonly waitingEach: number;
  /** The most waiting requests of all clients together. */
  readonly waitingInAll: number;
}

/**
 * Serves waiting clients in rotation, and each client's requests in the order of their arrival.
 * When all places are taken, a client without one takes the last place of a client who has several.
 */
export function createFairSemaphore({
  atOnce,
  waitingEach,
  waitingInAll,
}: FairSemaphoreOptions): FairSemaphore {
  /** In the order in which clients are served. No queue is empty. */
  const queues = new Map<string, ((release: Release | undefined) => void)[]>();
  let waiting = 0;
  let running = 0;

  function take(): Release {
    running += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      running -= 1;
      serveNext();
    };
  }

  function serveNext(): void {
    const [first] = queues;
    if (first === undefined) return;
    const [client, queue] = first;
    const waiter = queue.shift();
    waiting -= 1;
    // The client goes behind all others, with its remaining requests.
    queues.delete(client);
    if (queue.length > 0) queues.set(client, queue);
    waiter?.(take());
  }

  /** Takes the last place from a client who has several. */
  function freePlace(): boolean {
    for (const queue of queues.values()) {
      if (queue.length < 2) continue;
      queue.pop()?.(undefined);
      waiting -= 1;
      return true;
    }
    return false;
  }

  return {
    async acquire(client) {
      if (running < atOnce) return take();
      const queue = queues.get(client) ?? [];
      if (queue.length >= waitingEach) return undefined;
      if (waiting >= waitingInAll && (queue.length > 0 || !freePlace())) return undefined;
      return new Promise((resolve) => {
        queue.push(resolve);
        waiting += 1;
        queues.set(client, queue);
      });
    },
  };
}

/**
 * Limits how much of one key runs at a time and how much may wait. Further requests are turned
 * away.
 */
export interface KeyedSemaphore {
  /**
   * Waits for a permit.
   * @returns the function that releases it; undefined when too many already wait
   */
  acquire(key: string): Promise<Release> | undefined;
  /** Whether all permits of the key are taken, so that the next request waits. */
  isFull(key: string): boolean;
  /** The number of waiting requests, of all keys. */
  readonly waiting: number;
}

export interface KeyedSemaphoreOptions {
  /** How many of one key run at the same time. */
  readonly atOnce: number;
  /** The most waiting requests of one key. */
  readonly waiting: number;
}

/** Serves the waiting requests of one key in the order of their arrival. */
export function createKeyedSemaphore({ atOnce, waiting: most }: KeyedSemaphoreOptions): KeyedSemaphore {
  const queues = new Map<string, PQueue>();

  function openQueue(key: string): PQueue {
    const queue = new PQueue({ concurrency: atOnce });
    queues.set(
      key,
      queue.on('idle', () => queues.delete(key)),
    );
    return queue;
  }

  return {
    acquire(key) {
      const queue = queues.get(key) ?? openQueue(key);
      if (queue.size >= most) return undefined;
      return new Promise((resolve) => {
        void queue.add(() => new Promise<void>((release) => resolve(release)));
      });
    },
    isFull: (key) => (queues.get(key)?.pending ?? 0) >= atOnce,
    get waiting() {
      return [...queues.values()].reduce((sum, { size }) => sum + size, 0);
    },
  };
}
