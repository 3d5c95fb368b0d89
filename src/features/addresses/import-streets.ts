import { accepted, type Result } from '../../values/result.ts';
import type { Places } from './places.ts';
import { type NewStreet, parseStreetFile, type StreetFileProblem } from './street-file.ts';

/** Where imported streets are kept. */
export interface StreetKeeper {
  /** Puts these streets in place of all there were, or changes nothing. */
  replace(streets: readonly NewStreet[], weight: (kato: number) => number): Promise<void>;
}

/** What an import loaded. */
export interface ImportedStreets {
  readonly streets: number;
  readonly houses: number;
  /** Settlements they lie in. */
  readonly places: number;
}

/**
 * Loads an operator's file of streets (`parseStreetFile` says its form) in place of the one before. One bad line refuses
 * the whole file, and `detail` names it.
 */
export async function importStreets(
  text: string,
  places: Places,
  keeper: StreetKeeper,
): Promise<Result<ImportedStreets, StreetFileProblem>> {
  const read = parseStreetFile(text, places);
  if (!read.ok) return read;
  await keeper.replace(read.value, places.weight);
  return accepted({
    streets: read.value.length,
    houses: read.value.reduce((sum, { houses }) => sum + houses.length, 0),
    places: new Set(read.value.map(({ kato }) => kato)).size,
  });
}
