import { parsePostcode } from '../../values/postcode.ts';
import { foldedWords } from './fold.ts';
import type { Places } from './places.ts';
import type { AddressPart, FoundAddress, InBoth } from './source.ts';
import type { House, Street } from './street.ts';
import { isStreetWord, type StreetText } from './street-words.ts';
import { beginningQuality, slipsBetween } from './word-list.ts';
import { streetWording } from './wording.ts';

/** Sorts streets by how well the words fit, then by the size of the place. */
export function rankStreets(places: Places, found: readonly Street[], text: StreetText): Street[] {
  return found
    .map((street) => ({ street, score: streetScore(street, text) + 0.3 * places.weight(street.kato) }))
    .sort((left, right) => right.score - left.score)
    .slice(0, 10)
    .map(({ street }) => street);
}

/** The street with the typed house, or with the first houses that begin with it. */
export function streetAddresses(places: Places, street: Street, text: string): FoundAddress[] {
  const house = houseBehind(street, text);
  const line = streetLine(places, street);
  if (house === '') return [streetAddress(places, street, line, undefined)];
  const typed = house.toLowerCase();
  const begun = street.houses.filter(({ number }) => number.toLowerCase().startsWith(typed));
  const exact = begun.find(({ number }) => number.toLowerCase() === typed);
  const others = begun.filter((of) => of !== exact).slice(0, exact === undefined ? 5 : 3);
  const first = exact ?? { number: house, postcode: null };
  return [first, ...others].map((of) => streetAddress(places, street, line, of));
}

function streetLine(places: Places, street: Street): InBoth {
  const words = streetWording[street.kind];
  return {
    kk: `${places.line(street.kato, 'kk')}, ${words.kk.replace('@', street.name.kk)}`,
    ru: `${places.line(street.kato, 'ru')}, ${words.ru.replace('@', street.name.ru)}`,
  };
}

function streetAddress(places: Places, street: Street, line: InBoth, house: House | undefined): FoundAddress {
  const words = streetWording[street.kind];
  const levels: AddressPart[] = [
    ...places.parts(street.kato),
    {
      kind: 'street',
      id: street.id,
      text: { kk: words.kk.replace('@', street.name.kk), ru: words.ru.replace('@', street.name.ru) },
    },
  ];
  if (house === undefined)
    return { origin: 'street', id: street.id, postcode: null, text: line, parts: levels };
  const postcode = house.postcode === null ? undefined : parsePostcode(house.postcode);
  return {
    origin: 'street',
    id: `${street.id}/${house.number}`,
    postcode: postcode?.ok ? postcode.value : null,
    text: { kk: `${line.kk}, ${house.number}`, ru: `${line.ru}, ${house.number}` },
    parts: [...levels, { kind: 'house', id: null, text: { kk: house.number, ru: house.number } }],
  };
}

/**
 * From 0 to 1: each typed word against the nearest word of the street's names. The better language
 * counts.
 */
function streetScore(street: Street, text: StreetText): number {
  const scores = [street.name.kk, street.name.ru].map((name) => {
    const words = foldedWords(name).map(({ word }) => word);
    const asked = [
      ...text.name,
      ...text.numbers.map(({ word }) => word).filter((number) => words.includes(number)),
    ];
    const fit = asked.reduce(
      (sum, typed) => sum + Math.max(0, ...words.map((word) => nearness(typed, word))),
      0,
    );
    return fit / Math.max(asked.length, 1) + 0.3 * Math.min(1, fit / Math.max(words.length, 1));
  });
  return Math.max(...scores);
}

function nearness(typed: string, word: string): number {
  if (word.startsWith(typed)) return beginningQuality(typed.length, word.length);
  const slips = slipsBetween(typed, word);
  return slips === 1 ? 0.6 : slips === 2 ? 0.4 : 0;
}

/** What follows the last word that belongs to the street: the house, as typed. */
function houseBehind(street: Street, text: string): string {
  const names = [street.name.kk, street.name.ru].flatMap((name) => foldedWords(name).map(({ word }) => word));
  let end = 0;
  let numbered = false;
  for (const { word, end: at } of foldedWords(text)) {
    const number = /^\d/.test(word);
    const named = number
      ? names.includes(word) && !numbered
      : isStreetWord(word) || names.some((of) => nearness(word, of) > 0);
    if (named) {
      end = at;
      numbered ||= number;
    } else if (number && end > 0) {
      break;
    }
  }
  return text
    .slice(end)
    .replace(/^[\s,.№]+/, '')
    .replace(/^(?:үй|дом|д)[\s.]+/i, '')
    .trim();
}
