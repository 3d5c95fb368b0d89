import type { Database } from '../../platform/postgres/database.ts';
import { type ClosedDay, readLastDays } from './store.ts';

/** Days that a list of heads has at most. With more, `kabinet audit publish` prints them. */
const mostDays = 400;

/** How long a list is used before the database is asked again. Milliseconds. */
const usedFor = 60_000;

/** The heads of the log that this site publishes. */
export interface PublishedHeads {
  /**
   * The lines of the last days, oldest first: at most so many, and at most 400. While the database
   * cannot be asked, they are those of the last answer.
   * @throws when the database has never answered
   */
  lines(days?: number): Promise<readonly string[]>;
}

/** @param now milliseconds, never going back */
export function createPublishedHeads(
  database: Database,
  now: () => number = () => performance.now(),
): PublishedHeads {
  let kept: { readonly at: number; readonly lines: Promise<readonly string[]> } | undefined;
  const read = async () => (await readLastDays(database, mostDays)).map(dayLine);
  return {
    async lines(days = mostDays) {
      if (kept === undefined || now() - kept.at > usedFor) {
        const former = kept?.lines;
        // One question for all who come at the same time.
        const lines = former ? read().catch(() => former) : read();
        kept = { at: now(), lines };
        lines.catch(() => {
          kept = undefined;
        });
      }
      return (await kept.lines).slice(-days);
    },
  };
}

/** A closed day as it is published: day, number of receipts, root and the signed head. */
export function dayLine({ day, size, root, head }: ClosedDay): string {
  return `${day} ${size} ${root.toString('hex')} ${head}`;
}
