import type { Database } from '../../platform/postgres/database.ts';
import { removeExpired, retentions } from './retention-store.ts';
import { retireEvents } from './retire-events-store.ts';

/** Options of housekeeping. */
export interface SweepOptions {
  /** Years for which security events are kept, at least three. */
  readonly eventYears?: number;
  /** Rows removed by one statement. It must end well within the database's limit of 2.5 s. */
  readonly batch?: number;
  /** Batches of one kind in one sweep. The limit keeps one kind from delaying the others. */
  readonly batches?: number;
  /** Called with the kind that failed. The other kinds continue. */
  readonly onError?: (kind: string, error: Error) => void;
  /** Ends the sweep before its next batch. */
  readonly signal?: AbortSignal;
}

/** The kinds of rows that a sweep removes. */
export const sweptKinds: readonly string[] = [...retentions.map(({ name }) => name), 'security_event'];

/**
 * Removes rows past their term (`retention-store.ts`), in batches and each kind separately. Any
 * node may sweep, and several at once. What is left after `batches` waits for the next sweep, and
 * `readOverdue` says for how long.
 * @returns the number of removed rows by kind, without kinds that failed
 */
export async function sweep(
  database: Database,
  { eventYears = 3, batch = 1_000, batches = 200, onError = () => undefined, signal }: SweepOptions = {},
): Promise<ReadonlyMap<string, number>> {
  const gone = new Map<string, number>();
  const inBatches = async (kind: string, remove: () => Promise<number>, full: number) => {
    let rows = 0;
    try {
      for (let done = 0; done < batches && !signal?.aborted; done += 1) {
        const removed = await remove();
        rows += removed;
        if (removed < full) break;
      }
      gone.set(kind, rows);
    } catch (error) {
      onError(kind, error as Error);
    }
  };
  for (const kind of retentions) {
    await inBatches(kind.name, () => removeExpired(database, kind, batch), batch);
  }
  await inBatches('security_event', () => retireEvents(database, eventYears), 1);
  return gone;
}
