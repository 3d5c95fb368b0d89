import PQueue from 'p-queue';

/** Gives a permit back; a second call does nothing. */
export type Release = () => void;

/**
 * Lets so many run at a time, and serves those who wait in rotation, so that one client cannot keep
 * others out.
 */
export interface FairSemaphore {
  /**
   * Waits for a permit.
   * @param client who asks: a network before sign-in, a holder after it
   * @returns what releases the permit; undefined when too many wait already
   */
  acquire(client: string): Promise<Release | undefined>;
}

export interface FairSemaphoreOptions {
  readonly atOnce: number;
  /** Waiting at most for each client. */
  readonly waitingEach: number;
  /** Waiting at most for all clients together. */
  readonly waitingInAll: number;
}

/**
 * Serves waiting clients in rotation, each one's requests in the order in which they came. Where
 * all places are taken, a client who has none gets the last place of one who has several.
 */
export function createFairSemaphore({
  atOnce,
  waitingEach,
  waitingInAll,
}: FairSemaphoreOptions): FairSemaphore {
  /** In the order in which clients are served; none is empty. */
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
    // Behind all others, with what is left.
    queues.delete(client);
    if (queue.length > 0) queues.set(client, queue);
    waiter?.(take());
  }

  /** Takes the last place of a client who has several. */
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

/** Lets so many of one key run at a time and so many more wait; the rest is turned away. */
export interface KeyedSemaphore {
  /**
   * Waits for a permit.
   * @returns what releases it; undefined when too many wait already
   */
  acquire(key: string): Promise<Release> | undefined;
  /** How many wait now, of all keys. */
  readonly waiting: number;
}

export interface KeyedSemaphoreOptions {
  /** Of one key at the same time. */
  readonly atOnce: number;
  /** Of one key waiting at most. */
  readonly waiting: number;
}

/** Serves those of one key who wait in the order in which they came. */
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
    get waiting() {
      return [...queues.values()].reduce((sum, { size }) => sum + size, 0);
    },
  };
}
