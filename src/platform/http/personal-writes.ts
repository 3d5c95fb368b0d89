/** Lets a few things of one person run at a time and a few more wait; the rest is turned away. */
export interface PersonalTurns {
  /**
   * Waits for a turn and gives what ends it; undefined when too many wait already. A promise only where there is something to wait
   * for.
   */
  take(person: string): Promise<() => void> | (() => void) | undefined;
  /** How many wait now, of all people: they cost nothing meanwhile. */
  readonly waiting: number;
}

export interface PersonalTurnsOptions {
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
export function createPersonalTurns({ atOnce, waiting: most }: PersonalTurnsOptions): PersonalTurns {
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
    take(person) {
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
