/** Lets so many verifications run at a time, and serves those who wait by turns, so that one asker cannot keep others out. */
export interface Turns {
  /**
   * Waits for a turn.
   * @param asker whose turn it is: a network before sign-in, a holder after it
   * @returns what ends the turn; undefined when too many wait already
   */
  take(asker: string): Promise<(() => void) | undefined>;
}

export interface TurnsOptions {
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
export function createTurns({ atOnce, waitingEach, waitingInAll }: TurnsOptions): Turns {
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
    async take(asker) {
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
