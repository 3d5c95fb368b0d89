import { foldedWords, foldText, foldWord } from './fold.ts';
import type { Place } from './place-table.ts';
import { kindsSpokenOf } from './place-words.ts';
import type { Places } from './places.ts';
import { readStreetText, type StreetText } from './street-words.ts';

/** The beginning of a line that is a place, with something behind it. */
export interface Beginning {
  readonly places: readonly Place[];
  /** What stands behind, as typed. */
  readonly tail: string;
  /** True when the place ends at a comma: nothing else can be meant. */
  readonly chosen: boolean;
  readonly street: StreetText;
}

/** Most places looked at as the beginning of a line. */
const mostBeginnings = 3;
/** Most places compared with a line that was offered. */
const mostOfLine = 20;

const standsBehind: ReadonlySet<string> = new Set(
  ['көшесі', 'даңғылы', 'бульвары', 'тұйық', 'өткелі', 'алаңы', 'орамы', 'алабы'].map(foldWord),
);

/**
 * The beginning of the line that is a place, with something behind it: a line as it was offered, up
 * to a comma, or else the most words that name a settlement in full.
 */
export function readBeginning(places: Places, query: string): Beginning | undefined {
  for (let comma = query.lastIndexOf(','); comma > 0; comma = query.lastIndexOf(',', comma - 1)) {
    const tail = query.slice(comma).replace(/^[\s,.]+/, '');
    const offered = tail === '' ? [] : placesOfLine(places, query.slice(0, comma));
    if (offered.length > 0) return { places: offered, tail, chosen: true, street: readStreetText(tail) };
  }
  const words = foldedWords(query).slice(0, 24);
  for (let count = words.length - 1; count > 0; count -= 1) {
    const end = words[count - 1]?.end ?? 0;
    const tail = query.slice(end).replace(/^[\s,.]+/, '');
    // "Абай облысы", "Абай көшесі": a word for the kind belongs to the name before it.
    if (tail === '' || isKindBehind(words[count]?.word ?? '')) continue;
    const head = query.slice(0, end);
    const named = places.find(head, mostBeginnings, 'words').filter(namedInFull(places, head));
    if (named.length === 0) continue;
    const chosen = /^[\s.]*,/.test(query.slice(end));
    const least = 0.6 * weightOf(places, named[0]);
    const of = named.filter((place) => weightOf(places, place) >= least);
    return { places: of, tail, chosen, street: readStreetText(tail) };
  }
  return undefined;
}

export function weightOf(places: Places, place: Place | undefined): number {
  return place === undefined ? 0 : places.weight(place.kato);
}

/** The settlement whose line, in either language, is this text. */
function placesOfLine(places: Places, text: string): Place[] {
  const line = foldText(text);
  const last = text.slice(text.lastIndexOf(',') + 1);
  return [...places.find(text, mostOfLine, 'words'), ...places.find(last, mostOfLine, 'words')]
    .filter(isSettlement)
    .filter(
      ({ kato }) => foldText(places.line(kato, 'kk')) === line || foldText(places.line(kato, 'ru')) === line,
    )
    .slice(0, 1);
}

/**
 * Settlements whose every own word stands in the text: "Алматы" for the city, not for a street
 * "Алматы".
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

/**
 * A place a street can lie in; a region, a district and a rural district are only on the way there.
 */
function isSettlement(place: Place): boolean {
  return !['region', 'district', 'rural_okrug'].includes(place.kind);
}

/** Words for a kind that stand behind the name, as Kazakh has them all. */
function isKindBehind(word: string): boolean {
  return word.length > 1 && (kindsSpokenOf(word) !== undefined || standsBehind.has(word));
}
