import type { Database } from '../../platform/postgres/database.ts';
import { retireEvents } from './audit-store.ts';
import { removeExpired, retentions } from './retention-store.ts';

/** How housekeeping is done. */
export interface SweepOptions {
  /** How long security events are kept: years, three at least. */
  readonly eventYears?: number;
  /**
   * Rows removed by one statement. A statement must end well within the database's limit of 2.5 s.
   */
  readonly batch?: number;
  /** Batches of one kind in one sweep, so that one kind never keeps the others waiting for long. */
  readonly batches?: number;
  /** Called with the kind that failed. The other kinds go on. */
  readonly onError?: (kind: string, error: Error) => void;
  /** Ends the sweep before its next batch. */
  readonly signal?: AbortSignal;
}

/**
 * Removes what is past its term (`retention-store.ts`), a batch at a time and each kind by itself.
 * Any node may sweep, and several at once. What is left after `batches` waits for the next sweep;
 * `readOverdue` says how long the oldest has.
 * @returns how many rows went, by kind; a kind that failed is left out
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
