/** Spares a service that is down, and the people who would wait for it. */
export interface Breaker {
  /** Runs `work` unless the circuit is open; throws `CircuitOpen` then. What `work` throws counts as a failure. */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  state(): 'closed' | 'open' | 'half-open';
}

export interface BreakerOptions {
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  /** Milliseconds it stays open; then one trial decides. */
  readonly rest: number;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

/** Thrown instead of asking. */
export class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen';
}

/** Five failures in a row, ten seconds of rest. */
export const usualBreaker: BreakerOptions = { failures: 5, rest: 10_000, now: () => performance.now() };

export function createBreaker({ failures, rest, now }: BreakerOptions = usualBreaker): Breaker {
  let failed = 0;
  let openedAt: number | undefined;
  let trying = false;

  function state(): 'closed' | 'open' | 'half-open' {
    if (openedAt === undefined) return 'closed';
    return now() - openedAt < rest ? 'open' : 'half-open';
  }

  return {
    state,
    async run(work) {
      const before = state();
      if (before === 'open' || (before === 'half-open' && trying)) throw new CircuitOpen('the service rests');
      trying = before === 'half-open';
      try {
        const value = await work();
        failed = 0;
        openedAt = undefined;
        return value;
      } catch (error) {
        failed += 1;
        if (failed >= failures) openedAt = now();
        throw error;
      } finally {
        if (before === 'half-open') trying = false;
      }
    },
  };
}
