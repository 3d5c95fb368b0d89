import { settlesWithin } from '../timeout.ts';

/** Work that comes again and again. */
export interface Repeating {
  /**
   * Begins nothing more; resolves when what is under way has come to its end, or after
   * `patienceMs`.
   */
  stop(patienceMs?: number): Promise<void>;
}

/**
 * Does `work` every so many milliseconds, the first time after as many, and leaves one out while
 * the one before is under way. Its signal is aborted when the repetition stops: long work then ends
 * at its next good place.
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
