import { parseAddress } from '../../values/address.ts';
import { type Postcode, parsePostcode } from '../../values/postcode.ts';
import { accepted } from '../../values/result.ts';
import { cleanText, foldedWords, foldText, foldWord } from './fold.ts';
import { kindsSpokenOf } from './place-words.ts';
import type { Place, Places } from './places.ts';
import type {
  AddressPart,
  AddressSource,
  FoundAddress,
  House,
  InBoth,
  Street,
  StreetSource,
} from './ports.ts';
import { regionOfPostcode } from './postcode-region.ts';
import { isStreetWord, readStreetText, type StreetText } from './street-words.ts';
import { beginningQuality, slipsBetween } from './word-list.ts';
import { streetWording } from './wording.ts';

const standsBehind: ReadonlySet<string> = new Set(
  ['көшесі', 'даңғылы', 'бульвары', 'тұйық', 'өткелі', 'алаңы', 'орамы', 'алабы'].map(foldWord),
);

/** Most addresses one search answers with. */
const most = 20;
/** Most places looked at as the beginning of a line. */
const mostBeginnings = 3;

/**
 * Addresses from what the service ships with: places of the classifier, and streets where an operator imported them.
 * It needs no network and never refuses. A street and house typed behind a complete place are kept as typed.
 */
export function createEmbeddedSource(places: Places, streets?: StreetSource): AddressSource {
  async function byText(text: string): Promise<readonly FoundAddress[]> {
    const query = cleanText(text);
    const found: FoundAddress[] = [];
    const known = new Set<string>();
    const add = (address: FoundAddress) => {
      // What the form would not take is not offered.
      if (found.length >= most || known.has(address.text.kk) || !fits(address.text)) return;
      known.add(address.text.kk);
      found.push(address);
    };

    const begun = beginningPlace(query);
    const withStreets = streets !== undefined && (await streets.any()) ? streets : undefined;
    // "Абай Семей" is the town Семей in the region Абай rather than something in a town named Абай.
    const named = places.find(query, 1, 'words')[0];
    const larger =
      named !== undefined &&
      (['city', 'repcity', 'citydistrict'].includes(named.kind) ||
        weightOf(named) >= weightOf(begun?.places[0]));
    const leads =
      begun !== undefined &&
      (begun.chosen || begun.street.looksLikeStreet || (isCity(begun.places[0]) && !larger));
    // Streets of no place stand before places that are only a slip away.
    const anywhere =
      begun === undefined && withStreets !== undefined ? await streetsAnywhere(withStreets, query) : [];
    const strict = leads || anywhere.length > 0;
    const wholes = strict ? places.find(query, most, 'beginnings') : places.find(query, most);
    if (!leads) for (const place of wholes) add(placeAddress(place));
    for (const address of anywhere) add(address);
    if (begun !== undefined && (leads || named === undefined)) {
      for (const place of begun.places) {
        for (const address of await streetsIn(withStreets, place, begun.tail, begun.street)) add(address);
      }
      for (const place of begun.places) {
        const address = typedBehind(place, begun.tail);
        // A street typed in Latin letters cannot stand in the line: the place alone can.
        add(fits(address.text) ? address : placeAddress(place));
      }
    }
    if (leads) for (const place of wholes) add(placeAddress(place));
    return found;
  }

  /**
   * The beginning of the line that is a place, with something behind it: a line as it was offered, up to a comma, or
   * else the most words that name a settlement in full.
   */
  function beginningPlace(query: string): Beginning | undefined {
    for (let comma = query.lastIndexOf(','); comma > 0; comma = query.lastIndexOf(',', comma - 1)) {
      const tail = query.slice(comma).replace(/^[\s,.]+/, '');
      const offered = tail === '' ? [] : placesOfLine(query.slice(0, comma));
      if (offered.length > 0) return { places: offered, tail, chosen: true, street: readStreetText(tail) };
    }
    const words = foldedWords(query).slice(0, 24);
    for (let count = words.length - 1; count > 0; count -= 1) {
      const end = words[count - 1]?.end ?? 0;
      const tail = query.slice(end).replace(/^[\s,.]+/, '');
      // "Абай облысы", "Абай көшесі": a word for the kind belongs to the name before it.
      if (tail === '' || isKindBehind(words[count]?.word ?? '')) continue;
      const head = query.slice(0, end);
      const named = places.find(head, mostBeginnings, 'words').filter(whole(head));
      if (named.length === 0) continue;
      const chosen = /^[\s.]*,/.test(query.slice(end));
      const least = 0.6 * weightOf(named[0]);
      const of = named.filter((place) => weightOf(place) >= least);
      return { places: of, tail, chosen, street: readStreetText(tail) };
    }
    return undefined;
  }

  function weightOf(place: Place | undefined): number {
    return place === undefined ? 0 : places.weight(place.kato);
  }

  /** The settlement whose line, in either language, is this text. */
  function placesOfLine(text: string): Place[] {
    const line = foldText(text);
    const last = text.slice(text.lastIndexOf(',') + 1);
    return [...places.find(text, most, 'words'), ...places.find(last, most, 'words')]
      .filter(isSettlement)
      .filter(
        ({ kato }) =>
          foldText(places.line(kato, 'kk')) === line || foldText(places.line(kato, 'ru')) === line,
      )
      .slice(0, 1);
  }

  /** Settlements whose every own word stands in the text: "Алматы" for the city, not for a street "Алматы". */
  function whole(head: string): (place: Place) => boolean {
    const typed = new Set(foldedWords(head).map(({ word }) => word));
    return (place) => {
      if (!isSettlement(place)) return false;
      const { kk, ru } = place.name;
      const official = [kk, ru].some((name) => foldedWords(name).every(({ word }) => typed.has(word)));
      return official || places.weight(place.kato) > 0.5;
    };
  }

  async function streetsIn(
    source: StreetSource | undefined,
    place: Place,
    tail: string,
    street: StreetText,
  ): Promise<FoundAddress[]> {
    const asked = street.name.length > 0 ? street.name : street.numbers.slice(0, 1).map(({ word }) => word);
    if (source === undefined || asked.length === 0) return [];
    const found = await source.find(asked, [place.kato, ...places.cityDistricts(place.kato)]);
    return ranked(found, street).flatMap((of) => streetAddresses(of, tail));
  }

  async function streetsAnywhere(source: StreetSource, query: string): Promise<FoundAddress[]> {
    const street = readStreetText(query);
    if (street.name.join('').length < 3) return [];
    return ranked(await source.find(street.name, null), street).flatMap((of) => streetAddresses(of, query));
  }

  /** Best first: how well the words fit, then the size of the place. */
  function ranked(found: readonly Street[], text: StreetText): Street[] {
    return found
      .map((street) => ({ street, score: streetScore(street, text) + 0.3 * places.weight(street.kato) }))
      .sort((left, right) => right.score - left.score)
      .slice(0, 10)
      .map(({ street }) => street);
  }

  /** A street with the house typed, or with the first houses that begin so. */
  function streetAddresses(street: Street, text: string): FoundAddress[] {
    const house = houseBehind(street, text);
    const line = streetLine(street);
    if (house === '') return [streetAddress(street, line, undefined)];
    const typed = house.toLowerCase();
    const begun = street.houses.filter(({ number }) => number.toLowerCase().startsWith(typed));
    const exact = begun.find(({ number }) => number.toLowerCase() === typed);
    const others = begun.filter((of) => of !== exact).slice(0, exact === undefined ? 5 : 3);
    const first = exact ?? { number: house, postcode: null };
    return [first, ...others].map((of) => streetAddress(street, line, of));
  }

  function streetLine(street: Street): InBoth {
    const words = streetWording[street.kind];
    return {
      kk: `${places.line(street.kato, 'kk')}, ${words.kk.replace('@', street.name.kk)}`,
      ru: `${places.line(street.kato, 'ru')}, ${words.ru.replace('@', street.name.ru)}`,
    };
  }

  function streetAddress(street: Street, line: InBoth, house: House | undefined): FoundAddress {
    const words = streetWording[street.kind];
    const parts: AddressPart[] = [
      ...places.parts(street.kato),
      {
        kind: 'street',
        id: street.id,
        text: { kk: words.kk.replace('@', street.name.kk), ru: words.ru.replace('@', street.name.ru) },
      },
    ];
    if (house === undefined) return { origin: 'street', id: street.id, postcode: null, text: line, parts };
    const postcode = house.postcode === null ? undefined : parsePostcode(house.postcode);
    return {
      origin: 'street',
      id: `${street.id}/${house.number}`,
      postcode: postcode?.ok ? postcode.value : null,
      text: { kk: `${line.kk}, ${house.number}`, ru: `${line.ru}, ${house.number}` },
      parts: [...parts, { kind: 'house', id: null, text: { kk: house.number, ru: house.number } }],
    };
  }

  function placeAddress({ kato }: Place): FoundAddress {
    return {
      origin: 'kato',
      id: String(kato),
      postcode: null,
      text: { kk: places.line(kato, 'kk'), ru: places.line(kato, 'ru') },
      parts: places.parts(kato),
    };
  }

  function typedBehind(place: Place, tail: string): FoundAddress {
    const address = placeAddress(place);
    return {
      ...address,
      text: { kk: `${address.text.kk}, ${tail}`, ru: `${address.text.ru}, ${tail}` },
      parts: [...address.parts, { kind: 'typed', id: null, text: { kk: tail, ru: tail } }],
    };
  }

  return {
    byText: async (text) => accepted(await byText(text)),
    /** The region an index begins as: the embedded data know no more of indexes. */
    byPostcode: async (postcode: Postcode) => {
      const kato = regionOfPostcode(postcode);
      const place = kato === null ? undefined : places.place(kato);
      return accepted(place === undefined ? [] : [{ ...placeAddress(place), postcode }]);
    },
  };
}

interface Beginning {
  readonly places: readonly Place[];
  /** What stands behind, as typed. */
  readonly tail: string;
  readonly chosen: boolean;
  readonly street: StreetText;
}

function isCity(place: Place | undefined): boolean {
  return place?.kind === 'city' || place?.kind === 'repcity';
}

/** A place a street can lie in; a region, a district and a rural district are only on the way there. */
function isSettlement(place: Place): boolean {
  return !['region', 'district', 'rural_okrug'].includes(place.kind);
}

/** Words for a kind that stand behind the name, as Kazakh has them all. */
function isKindBehind(word: string): boolean {
  return word.length > 1 && (kindsSpokenOf(word) !== undefined || standsBehind.has(word));
}

function fits(text: InBoth): boolean {
  return parseAddress(text.kk).ok && parseAddress(text.ru).ok;
}

/** 0 to 1: each word typed against the nearest word of the street's names; the better language counts. */
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

/** What stands behind the last word that belongs to the street: the house, as typed. */
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
