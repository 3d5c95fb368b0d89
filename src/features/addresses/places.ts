import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../platform/root.ts';
import { createPlaceLines } from './place-line.ts';
import { createPlaceNames } from './place-names.ts';
import { createPlaceSearch, type FindPlaces } from './place-search.ts';
import { createPlaceTable, kindOf, type Place, type PlaceTable, placeAt } from './place-table.ts';
import type { AddressPart } from './source.ts';
import type { AddressLanguage } from './wording.ts';

/** All places of the classifier, searchable. */
export interface Places {
  /** Number of places, administrations included. */
  readonly count: number;
  /**
   * Places for a text in Kazakh, Russian or Latin letters, best first. Every word must match a name
   * of the place (former names too) or of an area that contains it. Words for a kind ("село",
   * "обл.") need not match, and favour that kind. The beginning of a word matches. Typing errors
   * are allowed only when too little else was found. Instead of the administration of a town, the
   * town is found.
   */
  readonly find: FindPlaces;
  /** The place of a code, or undefined. */
  place(kato: number): Place | undefined;
  /**
   * The line of a place: region, district and place in full words. The rural district is added
   * where two lines would otherwise be equal.
   */
  line(kato: number, language: AddressLanguage): string;
  /** The levels of that line. */
  parts(kato: number): AddressPart[];
  /** The codes of a city's districts. Empty for any other place. */
  cityDistricts(kato: number): number[];
  /**
   * The present name of a town for which a source still uses a former one. Otherwise the name
   * itself.
   */
  presentName(name: string, language: AddressLanguage): string;
  /** How important a place is by its kind and size, from 0 to 1. */
  weight(kato: number): number;
}

let shared: Places | undefined;

/** The places that the service ships with. They are read at the first call and kept. */
export function shippedPlaces(): Places {
  shared ??= readPlaces(join(root, 'data'));
  return shared;
}

/**
 * Reads `places.tsv`, `former-names.tsv` and `populations.tsv` from a folder (described in
 * data/README.md).
 *
 * @internal The benchmark measures how long reading takes.
 */
export function readPlaces(folder: string): Places {
  return createPlaces(
    records(join(folder, 'places.tsv')),
    records(join(folder, 'former-names.tsv')),
    records(join(folder, 'populations.tsv')),
  );
}

function records(file: string): string[][] {
  const [, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.split('\t'));
}

function createPlaces(
  rows: readonly string[][],
  formerNames: readonly string[][],
  populations: readonly string[][],
): Places {
  const table = createPlaceTable(rows, populations);
  const lines = createPlaceLines(table);
  const presentNames = presentNamesOf(table, formerNames);
  const { indexOf } = table;
  return {
    count: table.count,
    find: createPlaceSearch(table, createPlaceNames(table, formerNames)),
    place(code) {
      const index = indexOf.get(code);
      return index === undefined ? undefined : placeAt(table, index);
    },
    line(code, language) {
      const index = indexOf.get(code);
      return index === undefined ? '' : lines.line(index, language);
    },
    parts(code) {
      const index = indexOf.get(code);
      return index === undefined ? [] : lines.parts(index);
    },
    cityDistricts: (code) => cityDistrictsOf(table, code),
    presentName(name, language) {
      const index = presentNames.get(name.toLowerCase());
      return index === undefined ? name : (table.names[language][index] ?? name);
    },
    weight(code) {
      const index = indexOf.get(code);
      return index === undefined ? 0 : (table.weights[index] ?? 0);
    },
  };
}

/** Towns by their former names, in small letters. */
function presentNamesOf(table: PlaceTable, formerNames: readonly string[][]): ReadonlyMap<string, number> {
  const present = new Map<string, number>();
  for (const [code, name = '', kind] of formerNames) {
    const index = table.indexOf.get(Number(code));
    const town = index !== undefined && ['city', 'repcity'].includes(kindOf(table, index));
    if (town && kind === 'former') present.set(name.toLowerCase(), index);
  }
  return present;
}

function cityDistrictsOf(table: PlaceTable, code: number): number[] {
  const place = table.indexOf.get(code);
  if (place === undefined || !['city', 'repcity'].includes(kindOf(table, place))) return [];
  const within = kindOf(table, place) === 'repcity' ? 10_000_000 : 100_000;
  return [...table.kato].filter(
    (other, index) =>
      kindOf(table, index) === 'citydistrict' && Math.floor(other / within) === Math.floor(code / within),
  );
}
