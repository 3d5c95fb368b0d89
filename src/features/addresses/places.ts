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
   * Places for a text in Kazakh, Russian or Latin letters, best first: every word must be a word of
   * the place's names (former ones too) or of what it lies in; words for a kind ("село", "обл.")
   * may be missing and favour that kind. A beginning of a word fits; slips are tried only when too
   * little else was found. Administrations of towns are never found: the town is.
   */
  readonly find: FindPlaces;
  /** The place of a code, or undefined. */
  place(kato: number): Place | undefined;
  /**
   * The line of a place: region, district, the place, in full words, with the rural district where
   * two would read alike.
   */
  line(kato: number, language: AddressLanguage): string;
  /** The levels of that line. */
  parts(kato: number): AddressPart[];
  /** The districts of a city, by code; empty for anything else. */
  cityDistricts(kato: number): number[];
  /**
   * The present name of a town that a source still calls by a former one; the name itself
   * otherwise.
   */
  presentName(name: string, language: AddressLanguage): string;
  /** 0 to 1: how much a place weighs by its kind and size. */
  weight(kato: number): number;
}

let shared: Places | undefined;

/** The places the service ships with; read at the first call and kept. */
export function shippedPlaces(): Places {
  shared ??= readPlaces(join(root, 'data'));
  return shared;
}

/**
 * Reads `places.tsv`, `former-names.tsv` and `populations.tsv` of a folder (data/README.md
 * describes them).
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
