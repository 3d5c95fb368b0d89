import { settlesWithin } from '../../platform/timeout.ts';
import type { AccountRequestDeps } from './account-request.ts';
import { processAccountRequest } from './process.ts';
import { leaseRequests, putRequestBack } from './store.ts';

const batch = 20;

/** Seconds until a request is tried again when the fund or the database did not answer. */
const restSeconds = 5;

/**
 * Processes all waiting requests. Returns how many were processed.
 *
 * @internal Tests process requests when they want to, without the timer.
 */
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

/** The running worker. */
export interface AccountRequestWorker {
  /** Announces a request that may be processed after `afterMs` milliseconds. */
  wakeAfter(afterMs: number): void;
  /**
   * Resolves when the current requests are processed, or after `patienceMs` milliseconds at most.
   * The lease of an unfinished request then expires.
   */
  stop(patienceMs?: number): Promise<void>;
}

/**
 * Processes requests while the process runs: each one soon after it was made and, every `everyMs`,
 * those that other processes have left.
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
