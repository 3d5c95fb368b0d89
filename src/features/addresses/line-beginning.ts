import { LRUCache } from 'lru-cache';
import { foldedWords, foldText, foldWord } from './fold.ts';
import type { Place } from './place-table.ts';
import { kindsSpokenOf } from './place-words.ts';
import type { Places } from './places.ts';
import { readStreetText, type StreetText } from './street-words.ts';

/** A place at the beginning of a line, with something after it. */
export interface Beginning {
  readonly places: readonly Place[];
  /** What follows the place, as typed. */
  readonly tail: string;
  /** True when a comma ends the place. Nothing else can be meant then. */
  readonly chosen: boolean;
  readonly street: StreetText;
}

/** Maximum number of places considered as the beginning of a line. */
const mostBeginnings = 3;
/** Maximum number of places compared with a line that was offered. */
const mostOfLine = 20;
/** Maximum number of lines whose places are kept: about a megabyte. */
const mostKept = 4_000;

const kept = new WeakMap<Places, LRUCache<string, readonly Place[]>>();

const streetKindsAfterName: ReadonlySet<string> = new Set(
  ['көшесі', 'даңғылы', 'бульвары', 'тұйық', 'өткелі', 'алаңы', 'орамы', 'алабы'].map(foldWord),
);

/**
 * Finds the place at the beginning of a line that has something after it. This is a line as it was
 * offered, up to a comma, or else the longest run of words that names a settlement in full.
 */
export function readBeginning(places: Places, query: string): Beginning | undefined {
  const offered = readOfferedBeginning(places, query);
  if (offered) return { ...offered, chosen: true, street: readStreetText(offered.tail) };
  const words = foldedWords(query).slice(0, 24);
  for (let count = words.length - 1; count > 0; count -= 1) {
    const end = words[count - 1]?.end ?? 0;
    const tail = query.slice(end).replace(/^[\s,.]+/, '');
    // In "Абай облысы" and "Абай көшесі", the word for the kind belongs to the name before it.
    if (tail === '' || isKindAfterName(words[count]?.word ?? '')) continue;
    const head = query.slice(0, end);
    const named = places.find(head, mostBeginnings, 'words').filter(namedInFull(places, head));
    if (named.length === 0) continue;
    const chosen = /^[\s.]*,/.test(query.slice(end));
    const street = readStreetText(tail);
    const least = 0.6 * weightOf(places, named[0]);
    const of = named
      .filter((place) => weightOf(places, place) >= least)
      // "достык 9" is a street and a house, and not house 9 in one of the villages of that name.
      .filter((place) => chosen || street.name.length > 0 || isTown(place));
    if (of.length > 0) return { places: of, tail, chosen, street };
  }
  return undefined;
}

/** Finds a line as it was offered at the beginning of a longer one, up to a comma. */
export function readOfferedBeginning(
  places: Places,
  query: string,
): Pick<Beginning, 'places' | 'tail'> | undefined {
  for (let comma = query.lastIndexOf(','); comma > 0; comma = query.lastIndexOf(',', comma - 1)) {
    const tail = query.slice(comma).replace(/^[\s,.]+/, '');
    const offered = tail === '' ? [] : placesOfLine(places, query.slice(0, comma)).filter(isSettlement);
    if (offered.length > 0) return { places: offered.slice(0, 1), tail };
  }
  return undefined;
}

export function weightOf(places: Places, place: Place | undefined): number {
  return place === undefined ? 0 : places.weight(place.kato);
}

/**
 * The places whose line, in either language, is this text. A save asks three times for one line,
 * and most lines begin with the same cities, so the last answers are kept.
 */
export function placesOfLine(places: Places, text: string): readonly Place[] {
  const answers = kept.get(places) ?? new LRUCache({ max: mostKept });
  kept.set(places, answers);
  const answer = answers.get(text) ?? searchLine(places, text);
  answers.set(text, answer);
  return answer;
}

function searchLine(places: Places, text: string): readonly Place[] {
  const line = foldText(text);
  const last = text.slice(text.lastIndexOf(',') + 1);
  return [...places.find(text, mostOfLine, 'words'), ...places.find(last, mostOfLine, 'words')].filter(
    ({ kato }) => foldText(places.line(kato, 'kk')) === line || foldText(places.line(kato, 'ru')) === line,
  );
}

/**
 * Matches settlements when the text contains all words of an official name, or when the place is
 * large. "Алматы" means the city, not a street of that name.
 */
function namedInFull(places: Places, head: string): (place: Place) => boolean {
  const typed = new Set(foldedWords(head).map(({ word }) => word));
  return (place) => {
    if (!isSettlement(place)) return false;
    const { kk, ru } = place.name;
    const official = [kk, ru].some((name) => foldedWords(name).every(({ word }) => typed.has(word)));
    return official || places.weight(place.kato) > 0.5;
  };
}

/** A large place, whose name alone stands for it. */
export function isTown({ kind }: Place): boolean {
  return kind === 'city' || kind === 'repcity';
}

/**
 * Whether streets can lie in a place. Regions, districts and rural districts only contain such
 * places.
 */
function isSettlement(place: Place): boolean {
  return !['region', 'district', 'rural_okrug'].includes(place.kind);
}

/**
 * Whether a word names a kind of place or street and may follow a name, as it always does in
 * Kazakh.
 */
function isKindAfterName(word: string): boolean {
  return word.length > 1 && (kindsSpokenOf(word) !== undefined || streetKindsAfterName.has(word));
}
