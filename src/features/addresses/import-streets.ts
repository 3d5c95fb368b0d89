import type { Database } from '../../platform/postgres/database.ts';
import { accepted, type Result } from '../../values/result.ts';
import type { Places } from './places.ts';
import { parseStreetFile, type StreetFileProblem } from './street-file.ts';
import { replaceStreets } from './street-store.ts';

/** What an import loaded. */
export interface ImportedStreets {
  readonly streets: number;
  readonly houses: number;
  /** Number of settlements that the streets lie in. */
  readonly places: number;
}

/**
 * Loads an operator's file of streets (its format: `parseStreetFile`) and replaces the former one.
 * One bad line refuses the whole file, and `detail` names it.
 */
export async function importStreets(
  database: Database,
  text: string,
  places: Places,
): Promise<Result<ImportedStreets, StreetFileProblem>> {
  const read = parseStreetFile(text, places);
  if (!read.ok) return read;
  await database.transaction((tx) => replaceStreets(tx, read.value, places.weight));
  return accepted({
    streets: read.value.length,
    houses: read.value.reduce((sum, { houses }) => sum + houses.length, 0),
    places: new Set(read.value.map(({ kato }) => kato)).size,
  });
}
