import type { Database, Queryable } from '../../platform/postgres/database.ts';
import {
  addCounts,
  type CountedPortion,
  countPortion,
  keepCounted,
  keepProgress,
  lockCount,
  nobodyCounted,
  type Reachability,
} from './count-store.ts';

/** Holders of one transaction: well within the database's limit of 2.5 s. */
const usualPortion = 5_000;

/**
 * Counts everybody once a day, for the metrics. Each portion commits with the sums so far, so a
 * process that is killed is followed by another one. Only one process counts at a time.
 */
export async function keepReachability(
  database: Database,
  signal: AbortSignal,
  portion = usualPortion,
): Promise<void> {
  for (let isOver = false; !isOver && !signal.aborted; ) {
    isOver = await database.transaction(async (tx) => {
      const progress = await lockCount(tx);
      if (!progress) return true;
      const { next, ...counted } = await countPortion(tx, progress.after, portion);
      const partial = addCounts(progress.partial, counted);
      if (next !== null) {
        await keepProgress(tx, { after: next, partial });
        return false;
      }
      await keepCounted(tx, partial);
      return true;
    });
  }
}

/** Counts everybody now, for the operator. */
export async function countReachability(database: Queryable): Promise<Reachability> {
  let sums = nobodyCounted;
  let after: string | null = null;
  do {
    const { next, ...counted }: CountedPortion = await countPortion(database, after, usualPortion);
    sums = addCounts(sums, counted);
    after = next;
  } while (after !== null);
  return sums;
}
