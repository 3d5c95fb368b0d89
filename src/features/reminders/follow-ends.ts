import type { FundHolder } from '../../fund/port.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { reminderDays } from './kinds.ts';
import { lastDayOf } from './last-day.ts';
import { type EndsReading, writeDocumentEnd } from './store.ts';

/** Days are `2029-09-05`. */
export interface NearEnds {
  readonly keyEnds: string | undefined;
  readonly documentEnds: string | undefined;
}

const dayMs = 86_400_000;

/**
 * Compares the end of a person's documents with the one that was kept, and keeps the new one. So
 * that a view writes nothing, it does this only where they differ.
 * @param person as the fund knows them now; undefined while it does not answer
 * @returns the ends that are near
 */
export async function followEnds(
  database: Queryable,
  holderId: string,
  { person, today }: { readonly person: FundHolder | undefined; readonly today: string },
  reading: EndsReading | undefined,
): Promise<NearEnds> {
  const kept = reading?.documentEnds ?? null;
  const found = person && lastDayOf(person, today);
  if (found !== undefined && found !== kept) await writeDocumentEnd(database, holderId, found);
  const last = found === undefined ? kept : found;
  return {
    keyEnds: reading?.keyEnds ?? undefined,
    documentEnds: last !== null && isNear(last, today) ? last : undefined,
  };
}

function isNear(day: string, today: string): boolean {
  const left = (Date.parse(day) - Date.parse(today)) / dayMs;
  return left >= 0 && left <= reminderDays.document[0];
}
