import { settlesWithin } from '../../platform/timeout.ts';
import { type AccountRequestDeps, processAccountRequest } from './account-request.ts';

const batch = 20;

/** How long an entry rests whose examination failed, since the fund or the database did not answer. Seconds. */
const restSeconds = 5;

/** Examines everything that waits. Returns how many entries were examined. */
export async function processDueRequests(
  parts: AccountRequestDeps,
  onError: (error: Error) => void,
): Promise<number> {
  const { requests } = parts.tables;
  let examined = 0;
  for (;;) {
    const leased = await requests.lease(batch);
    if (leased.length === 0) return examined;
    await Promise.all(
      leased.map(async (entry) => {
        try {
          await processAccountRequest(parts, entry);
          examined += 1;
        } catch (error) {
          onError(error as Error);
          await requests.putBack(entry.hash, restSeconds);
        }
      }),
    );
  }
}

/** The examiner at work. */
export interface AccountRequestWorker {
  /** Something was asked that may be looked at after so many milliseconds. */
  wakeAfter(afterMs: number): void;
  /** Resolves when what is being examined is done, at most after so many milliseconds; its lease ends by itself then. */
  stop(patienceMs?: number): Promise<void>;
}

/** Examines entries for as long as the process runs: soon after each was asked, and every `everyMs` what others have left. */
export function startAccountRequestWorker(
  parts: AccountRequestDeps,
  { everyMs, onError }: { everyMs: number; onError: (error: Error) => void },
): AccountRequestWorker {
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    do {
      again = false;
      await processDueRequests(parts, onError);
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
