import { settlesWithin } from '../../platform/timeout.ts';
import type { AccountRequestDeps } from './account-request.ts';
import { processAccountRequest } from './process.ts';
import { leaseRequests, putRequestBack } from './store.ts';

const batch = 20;

/** How long a request rests when the fund or the database did not answer. Seconds. */
const restSeconds = 5;

/** Processes everything that waits; returns how many requests were processed. */
export async function processDueRequests(
  deps: AccountRequestDeps,
  onError: (error: Error) => void,
): Promise<number> {
  const { database } = deps;
  let processed = 0;
  for (;;) {
    const leased = await leaseRequests(database, batch);
    if (leased.length === 0) return processed;
    await Promise.all(
      leased.map(async (request) => {
        try {
          await processAccountRequest(deps, request);
          processed += 1;
        } catch (error) {
          onError(error as Error);
          await putRequestBack(database, request.hash, restSeconds);
        }
      }),
    );
  }
}

/** The worker while it runs. */
export interface AccountRequestWorker {
  /** A request was made that may be processed after so many milliseconds. */
  wakeAfter(afterMs: number): void;
  /**
   * Resolves when what is being processed is done, at most after so many milliseconds; its lease
   * ends by itself then.
   */
  stop(patienceMs?: number): Promise<void>;
}

/**
 * Processes requests for as long as the process runs: soon after each was made, and every `everyMs`
 * what others have left.
 */
export function startAccountRequestWorker(
  deps: AccountRequestDeps,
  { everyMs, onError }: { everyMs: number; onError: (error: Error) => void },
): AccountRequestWorker {
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    do {
      again = false;
      await processDueRequests(deps, onError);
    } while (again && !stopped);
  }

  function wake(): void {
    if (stopped) return;
    again = true;
    running ??= run()
      .catch(onError)
      .finally(() => {
        running = undefined;
        if (again) wake();
      });
  }

  const timer = setInterval(wake, everyMs);
  wake();
  return {
    wakeAfter(afterMs) {
      setTimeout(wake, afterMs).unref();
    },
    async stop(patienceMs) {
      stopped = true;
      clearInterval(timer);
      await settlesWithin(running ?? Promise.resolve(), patienceMs);
    },
  };
}
