import { within } from './within.ts';

/** Work that comes again and again. */
export interface Repeating {
  /** Begins nothing more; resolves when what is under way has come to its end, or after `patienceMs`. */
  stop(patienceMs?: number): Promise<void>;
}

/** Does `work` every so many milliseconds, the first time after as many, and leaves a turn out while the one before is under way. */
export function repeat(
  everyMs: number,
  work: () => Promise<unknown>,
  onError: (error: Error) => void,
): Repeating {
  let running: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    running ??= work()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  return {
    async stop(patienceMs) {
      clearInterval(timer);
      await within(running ?? Promise.resolve(), patienceMs);
    },
  };
}
