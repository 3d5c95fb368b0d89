/** Lets so many verifications run at a time, and serves those who wait by turns, so that one asker cannot keep others out. */
export interface FairSemaphore {
  /**
   * Waits for a turn.
   * @param asker whose turn it is: a network before sign-in, a holder after it
   * @returns what ends the turn; undefined when too many wait already
   */
  acquire(asker: string): Promise<(() => void) | undefined>;
}

export interface FairSemaphoreOptions {
  readonly atOnce: number;
  /** Waiting at most for each asker. */
  readonly waitingEach: number;
  /** Waiting at most for all askers together. */
  readonly waitingInAll: number;
}

type Waiter = (end: (() => void) | undefined) => void;

/**
 * Askers who wait are served in turn, each one's requests in the order in which they came. Where all places are taken, an asker
 * who has none gets the last place of one who has several.
 */
export function createFairSemaphore({
  atOnce,
  waitingEach,
  waitingInAll,
}: FairSemaphoreOptions): FairSemaphore {
  /** In the order in which askers are served; none is empty. */
  const queues = new Map<string, Waiter[]>();
  let running = 0;
  let waiting = 0;

  const begin = (): (() => void) => {
    running += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      running -= 1;
      serveNext();
    };
  };
  const serveNext = (): void => {
    const [first] = queues;
    if (first === undefined) return;
    const [asker, queue] = first;
    const waiter = queue.shift();
    waiting -= 1;
    // Behind all others, with what is left.
    queues.delete(asker);
    if (queue.length > 0) queues.set(asker, queue);
    waiter?.(begin());
  };
  /** Takes the last place of an asker who has several. */
  const makeRoom = (): boolean => {
    for (const queue of queues.values()) {
      if (queue.length < 2) continue;
      queue.pop()?.(undefined);
      waiting -= 1;
      return true;
    }
    return false;
  };

  return {
    async acquire(asker) {
      if (running < atOnce) return begin();
      const queue = queues.get(asker) ?? [];
      if (queue.length >= waitingEach) return undefined;
      if (waiting >= waitingInAll && (queue.length > 0 || !makeRoom())) return undefined;
      return new Promise((resolve) => {
        queue.push(resolve);
        waiting += 1;
        queues.set(asker, queue);
      });
    },
  };
}

/** Lets a few things of one person run at a time and a few more wait; the rest is turned away. */
export interface KeyedSemaphore {
  /**
   * Waits for a turn and gives what ends it; undefined when too many wait already. A promise only where there is something to wait
   * for.
   */
  acquire(person: string): Promise<() => void> | (() => void) | undefined;
  /** How many wait now, of all people: they cost nothing meanwhile. */
  readonly waiting: number;
}

export interface KeyedSemaphoreOptions {
  /** Of one person at the same time. */
  readonly atOnce: number;
  /** Of one person waiting for that. */
  readonly waiting: number;
}

interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Keeps one person's writes from holding every connection to the database: they wait for each other there anyway, each
 * with a connection. Counted in this process, whose pool it guards.
 */
export function createKeyedSemaphore({ atOnce, waiting: most }: KeyedSemaphoreOptions): KeyedSemaphore {
  const lines = new Map<string, Line>();
  let waiting = 0;

  const begin = (person: string, line: Line): (() => void) => {
    line.running += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      line.running -= 1;
      const next = line.waiting.shift();
      if (next) next();
      else if (line.running === 0) lines.delete(person);
    };
  };

  return {
    acquire(person) {
      const line = lines.get(person) ?? { running: 0, waiting: [] };
      lines.set(person, line);
      if (line.running < atOnce) return begin(person, line);
      if (line.waiting.length >= most) return undefined;
      waiting += 1;
      return new Promise((resolve) => {
        line.waiting.push(() => {
          waiting -= 1;
          resolve(begin(person, line));
        });
      });
    },
    get waiting() {
      return waiting;
    },
  };
}
