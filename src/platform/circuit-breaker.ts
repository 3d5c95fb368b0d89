/** Stops calling a service that is down, so that nobody waits for it in vain. */
export interface CircuitBreaker extends CircuitBreakerView {
  /**
   * Runs `work`, or throws `CircuitOpen` while the circuit is open. An error from `work` counts as
   * a failure. Failures for which `subject` gives the same text count once: one item that always
   * fails says nothing about the others.
   */
  run<Value>(work: () => Promise<Value>, subject?: (error: unknown) => string | undefined): Promise<Value>;
}

/** A breaker as metrics see it. */
export interface CircuitBreakerView {
  /** The name of the dependency, e.g. `kazpost`: a label, never an address. */
  readonly name: string;
  state(): CircuitState;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  /**
   * This many failures among the last `calls` also open the circuit, even if other calls succeeded.
   */
  readonly failuresOfCalls: number;
  readonly calls: number;
  /** Milliseconds that the circuit stays open. Then one trial call decides. */
  readonly rest: number;
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
}

/** Thrown instead of calling the service. */
export class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';
}

/** Opens after 5 failures in a row or 10 of the last 20 calls; rests for 15 seconds. */
export const defaultCircuitBreaker: CircuitBreakerOptions = {
  failures: 5,
  failuresOfCalls: 10,
  calls: 20,
  rest: 15_000,
  now: () => performance.now(),
};

export function createCircuitBreaker(
  name: string,
  options: CircuitBreakerOptions = defaultCircuitBreaker,
): CircuitBreaker {
  const { failures, failuresOfCalls, calls, rest, now } = options;
  /** The last calls, oldest first. */
  let last: readonly Call[] = [];
  let openedAt: number | undefined;
  let trying = false;

  function state(): CircuitState {
    if (openedAt === undefined) return 'closed';
    return now() - openedAt < rest ? 'open' : 'half-open';
  }

  function count(call: Call): void {
    last = [...last, call].slice(-calls);
    const inARow = last.slice(last.findLastIndex(({ failed }) => !failed) + 1);
    const often = last.length === calls && distinctFailures(last) >= failuresOfCalls;
    if (call.failed && (distinctFailures(inARow) >= failures || often)) openedAt = now();
  }

  function settle(trial: boolean, call: Call): void {
    if (trial) {
      trying = false;
      openedAt = call.failed ? now() : undefined;
      last = [];
    } else if (openedAt === undefined) count(call);
    // A call that began before the circuit opened tells us nothing new.
  }

  return {
    name,
    state,
    async run(work, subject = () => undefined) {
      const before = state();
      if (before === 'open' || (before === 'half-open' && trying)) throw new CircuitOpen('the service rests');
      const trial = before === 'half-open';
      trying = trial;
      try {
        const value = await work();
        settle(trial, { failed: false, subject: undefined });
        return value;
      } catch (error) {
        settle(trial, { failed: true, subject: subject(error) });
        throw error;
      }
    },
  };
}

interface Call {
  readonly failed: boolean;
  readonly subject: string | undefined;
}

/** Counts failures. Failures of the same subject count once. */
function distinctFailures(made: readonly Call[]): number {
  const failed = made.filter((call) => call.failed);
  const subjects = failed.map(({ subject }) => subject).filter((subject) => subject !== undefined);
  return failed.length - subjects.length + new Set(subjects).size;
}
