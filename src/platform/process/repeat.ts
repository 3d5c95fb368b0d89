import { settlesWithin } from '../timeout.ts';

/** Work that is repeated. */
export interface Repeating {
  /** Starts no further run. Resolves when the current run has ended, or after `patienceMs`. */
  stop(patienceMs?: number): Promise<void>;
}

/**
 * Runs `work` every `everyMs` milliseconds, first after that time, and skips a run while the
 * previous one is in progress. The signal is aborted on stop, so that long work can end early at a
 * safe point.
 */
export function startRepeating(
  everyMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
  onError: (error: Error) => void,
): Repeating {
  let running: Promise<unknown> | undefined;
  const stopping = new AbortController();
  const timer = setInterval(() => {
    running ??= work(stopping.signal)
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  return {
    async stop(patienceMs) {
      clearInterval(timer);
      stopping.abort();
      await settlesWithin(running ?? Promise.resolve(), patienceMs);
    },
  };
}
