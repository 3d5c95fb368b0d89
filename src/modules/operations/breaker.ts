/** Spares a service that is down, and the people who would wait for it. */
export interface Breaker extends BreakerView {
  /** Runs `work` unless the circuit is open; throws `CircuitOpen` then. What `work` throws counts as a failure. */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
}

/** A breaker as metrics see it. */
export interface BreakerView {
  /** The dependency behind it, e.g. `kazpost`: a label, never an address. */
  readonly name: string;
  state(): BreakerState;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  /** So many of the last `calls` open it too, though some in between went well. */
  readonly failuresOfCalls: number;
  readonly calls: number;
  /** Milliseconds it stays open; then one trial decides. */
  readonly rest: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

/** Thrown instead of asking. */
export class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';
}

/** Five failures in a row or half of the last twenty calls; fifteen seconds of rest. */
export const usualBreaker: BreakerOptions = {
  failures: 5,
  failuresOfCalls: 10,
  calls: 20,
  rest: 15_000,
  now: () => performance.now(),
};

export function createBreaker(name: string, options: BreakerOptions = usualBreaker): Breaker {
  const { failures, failuresOfCalls, calls, rest, now } = options;
  let inARow = 0;
  /** The last calls, oldest first; true for one that failed. */
  let last: boolean[] = [];
  let openedAt: number | undefined;
  let trying = false;

  function state(): BreakerState {
    if (openedAt === undefined) return 'closed';
    return now() - openedAt < rest ? 'open' : 'half-open';
  }

  function count(failed: boolean): void {
    inARow = failed ? inARow + 1 : 0;
    last = [...last, failed].slice(-calls);
    const often = last.length === calls && last.filter(Boolean).length >= failuresOfCalls;
    if (failed && (inARow >= failures || often)) openedAt = now();
  }

  function settle(trial: boolean, failed: boolean): void {
    if (trial) {
      trying = false;
      openedAt = failed ? now() : undefined;
      inARow = 0;
      last = [];
    } else if (openedAt === undefined) count(failed);
    // A call from before the circuit opened says nothing that is not known.
  }

  return {
    name,
    state,
    async run(work) {
      const before = state();
      if (before === 'open' || (before === 'half-open' && trying)) throw new CircuitOpen('the service rests');
      const trial = before === 'half-open';
      trying = trial;
      try {
        const value = await work();
        settle(trial, false);
        return value;
      } catch (error) {
        settle(trial, true);
        throw error;
      }
    },
  };
}
