import type { Database } from '../../platform/postgres/database.ts';
import type { TimeStamper } from '../eds/verifier.ts';
import { addTimeStamp, giveBack, putOff, takeUnstamped } from './store.ts';

/** Signatures that one pass takes at once. */
const portion = 20;
/** Seconds between two attempts: doubled each time, up to six hours. */
const firstDelay = 60;
const longestDelay = 6 * 3_600;

export interface TimeStampDeps {
  readonly database: Database;
  readonly timeStamper: TimeStamper | undefined;
}

/**
 * Asks for the time-stamps that signed changes lack. A change never waits for its own: while the
 * authority is away, the signature is marked, and asked for again later.
 */
export async function stampSignatures(
  { database, timeStamper }: TimeStampDeps,
  signal?: AbortSignal,
): Promise<void> {
  if (!timeStamper) return;
  for (let more = true; more; ) {
    const taken = await takeUnstamped(database, portion);
    more = taken.length === portion;
    for (const [index, { evidenceId, cms, content, attempts }] of taken.entries()) {
      const rest = taken.slice(index).map((one) => one.evidenceId);
      if (signal?.aborted) return giveBack(database, rest);
      const stamped = await timeStamper.stampSignature(cms, content);
      if (stamped.ok) {
        await addTimeStamp(database, evidenceId, stamped.value);
        continue;
      }
      await putOff(database, evidenceId, stamped.reason, delayAfter(attempts));
      // Nothing is to be had now: the others need not be marked for it.
      if (stamped.reason === 'noAnswer') return giveBack(database, rest.slice(1));
    }
  }
}

function delayAfter(attempts: number): number {
  return Math.min(longestDelay, firstDelay * 2 ** Math.min(attempts - 1, 10));
}
