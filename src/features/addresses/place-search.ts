import type { PlaceNames } from './place-names.ts';
import { mostQueryWords, type QueryWord, queryWords } from './place-query.ts';
import { administrations, kindOf, type Place, type PlaceTable, placeAt, placesAbove } from './place-table.ts';
import type { WordList, WordMatch } from './word-list.ts';
import type { PlaceKind } from './wording.ts';

/**
 * A found place, and a score of how well it fits the query and how important it is. Scores are
 * comparable only within one search.
 */
export interface PlaceMatch extends Place {
  readonly score: number;
}

/**
 * How far a search may depart from what was typed: exact words, also beginnings of words, also
 * typing errors.
 */
export type Strictness = 'words' | 'beginnings' | 'slips';

const otherNamePenalty = 0.4;
/**
 * A word that matches only an area around the place counts for a little less than one of its own
 * name.
 */
const aboveFactor = 0.9;
const coverageWeight = 0.6;
const spokenKindBonus = 0.45;

/**
 * The working memory of a search. It has one row of scores for each word of a query and is cleared
 * after use, which avoids nearly all allocation.
 */
interface Search {
  readonly table: PlaceTable;
  readonly names: PlaceNames;
  /** For each word of the query: how well it fits each name, and each place by its best name. */
  readonly ofName: readonly Float32Array[];
  readonly ofPlace: readonly Float32Array[];
}

/** Finds places by their names, as `Places` describes. */
export type FindPlaces = (text: string, limit: number, strictness?: Strictness) => PlaceMatch[];

export function createPlaceSearch(table: PlaceTable, names: PlaceNames): FindPlaces {
  const rows = (length: number) => Array.from({ length: mostQueryWords }, () => new Float32Array(length));
  const of: Search = { table, names, ofName: rows(names.count), ofPlace: rows(table.count) };
  return (text, limit, strictness) => {
    const words = queryWords(text);
    if (words.length === 0) return [];
    if (strictness !== undefined) return search(of, words, strictness).slice(0, limit);
    const found = search(of, words, 'beginnings').slice(0, limit);
    // When whole words match, they are what was meant, and similar words would only add noise.
    if (found.length >= limit || (found.length > 0 && search(of, words, 'words').length > 0)) return found;
    const known = new Set(found.map((place) => place.kato));
    const more = search(of, words, 'slips').filter((place) => !known.has(place.kato));
    const all = [...found, ...more].slice(0, limit);
    const required = words.filter(({ optional }) => !optional);
    if (all.length > 0 || required.length < 2 || required.some(({ word }) => /\d/.test(word))) return all;
    // Allows one word of several to match nothing ("Есильский район Астана", where the name is
    // "район Есиль").
    return search(of, words, 'slips', 1).slice(0, limit);
  };
}

/** @param unmatched number of words that may match nothing */
function search(
  of: Search,
  words: readonly QueryWord[],
  strictness: Strictness,
  unmatched = 0,
): PlaceMatch[] {
  const { table, names, ofName, ofPlace } = of;
  const touched = words.map((word, row) => scoreWord(of, row, matchesOf(word.word, strictness, names.list)));
  const candidates = new Set<number>();
  touched.forEach(({ places }, row) => {
    if (!words[row]?.optional) for (const place of places) candidates.add(place);
  });
  const found: PlaceMatch[] = [];
  for (const index of candidates) {
    if (administrations.has(kindOf(table, index))) continue;
    const score = scoreOf(of, index, words, strictness, unmatched);
    if (score > 0) found.push({ ...placeAt(table, index), score });
  }
  touched.forEach((cells, row) => {
    for (const name of cells.names) (ofName[row] ?? [])[name] = 0;
    for (const place of cells.places) (ofPlace[row] ?? [])[place] = 0;
  });
  return found.sort((left, right) => right.score - left.score || left.kato - right.kato);
}

function matchesOf(word: string, strictness: Strictness, list: WordList): WordMatch[] {
  if (strictness === 'words') {
    const at = list.indexOf(word);
    return at < 0 ? [] : [{ word: at, quality: 1 }];
  }
  const found = list.beginning(word);
  return strictness === 'beginnings' ? found : [...found, ...list.misspelt(word)];
}

/** Fills the row of a word. @returns the cells that are no longer 0 */
function scoreWord(
  { names, ofName, ofPlace }: Search,
  row: number,
  matches: readonly WordMatch[],
): { readonly names: readonly number[]; readonly places: readonly number[] } {
  const touched = { names: [] as number[], places: [] as number[] };
  const nameRow = ofName[row];
  const placeRow = ofPlace[row];
  if (nameRow === undefined || placeRow === undefined) return touched;
  for (const { word, quality } of matches) {
    const end = names.starts[word + 1] ?? 0;
    for (let at = names.starts[word] ?? 0; at < end; at += 1) {
      const name = names.postings[at] ?? 0;
      const place = names.placeOf[name] ?? 0;
      const value = quality * (names.factor[name] ?? 1);
      if (value > (nameRow[name] ?? 0)) {
        if (nameRow[name] === 0) touched.names.push(name);
        nameRow[name] = value;
      }
      if (value > (placeRow[place] ?? 0)) {
        if (placeRow[place] === 0) touched.places.push(place);
        placeRow[place] = value;
      }
    }
  }
  return touched;
}

/** How well a place fits all words, combined with its importance. 0 when it does not fit. */
function scoreOf(
  of: Search,
  index: number,
  words: readonly QueryWord[],
  strictness: Strictness,
  unmatched: number,
): number {
  let missing = 0;
  let fit = 0;
  let required = 0;
  let own = 0;
  let bonus = 0;
  for (const [row, word] of words.entries()) {
    if (word.optional) {
      const fits = kindFit(of, index, word.kinds, words.length);
      if (fits === 'not' && strictness === 'words') return 0;
      bonus += fits === 'itself' ? spokenKindBonus : fits === 'not' ? -spokenKindBonus : 0;
      continue;
    }
    const inOwn = of.ofPlace[row]?.[index] ?? 0;
    const best = Math.max(inOwn, fitAbove(of, index, row) * aboveFactor);
    if (best === 0) {
      missing += 1;
      if (missing > unmatched) return 0;
    } else if (inOwn >= best) {
      own += 1;
    }
    required += 1;
    fit += best;
  }
  if (own === 0 || required === 0) return 0;
  const { coverage, penalty } = coverageOf(of, index, words.length, own);
  return fit / required + coverageWeight * coverage + bonus + (of.table.weights[index] ?? 0) - penalty;
}

/** How well a word fits the areas that contain the place. */
function fitAbove({ table, ofPlace }: Search, index: number, row: number): number {
  let best = 0;
  for (let above = table.parents[index] ?? -1; above >= 0; above = table.parents[above] ?? -1) {
    // People know an administration by the name of its town: "Қапшағай" is above the villages of
    // Қонаев.
    const seat = table.seats[above] ?? -1;
    best = Math.max(best, ofPlace[row]?.[above] ?? 0, seat >= 0 ? (ofPlace[row]?.[seat] ?? 0) : 0);
  }
  return best;
}

/**
 * The part of the place's best name that the query covers, and the penalty when that is not today's
 * name.
 */
function coverageOf({ names, ofName }: Search, index: number, words: number, own: number) {
  let coverage = 0;
  let penalty = 0;
  const end = names.firstOf[index + 1] ?? 0;
  for (let name = names.firstOf[index] ?? 0; name < end; name += 1) {
    let covered = 0;
    for (let row = 0; row < words; row += 1) covered += ofName[row]?.[name] ?? 0;
    const value = Math.min(1, covered / Math.max(names.length[name] ?? 1, own));
    if (value <= coverage) continue;
    coverage = value;
    penalty = (names.factor[name] ?? 1) < 1 ? otherNamePenalty : 0;
  }
  return { coverage, penalty };
}

/** Whether a word for a kind describes the place itself, or something named above it. */
function kindFit(
  { table, ofPlace }: Search,
  index: number,
  spoken: ReadonlySet<PlaceKind> | undefined,
  words: number,
): 'itself' | 'above' | 'not' {
  if (spoken === undefined || spoken.size === 0) return 'above';
  if (spoken.has(kindOf(table, index))) return 'itself';
  for (const above of placesAbove(table, index)) {
    const shown = administrations.has(kindOf(table, above)) ? (table.seats[above] ?? -1) : above;
    if (!spoken.has(kindOf(table, shown))) continue;
    for (let row = 0; row < words; row += 1) {
      if ((ofPlace[row]?.[above] ?? 0) > 0 || (ofPlace[row]?.[shown] ?? 0) > 0) return 'above';
    }
  }
  return 'not';
}
