import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../platform/root.ts';
import { cleanText, type FoldedWord, foldedWords } from './fold.ts';
import { beginsKindWord, kindsSpokenOf } from './place-words.ts';
import type { AddressPart, InBoth } from './ports.ts';
import { createWordList, type WordList, type WordMatch } from './word-list.ts';
import { type AddressLanguage, type PlaceKind, wording } from './wording.ts';

/** A place of the classifier. */
export interface Place {
  /** KATO code. */
  readonly kato: number;
  readonly kind: PlaceKind;
  /** Bare names. */
  readonly name: InBoth;
}

/** A place found, and how well it fits the query and matters by itself; compare only within one search. */
export interface PlaceMatch extends Place {
  readonly score: number;
}

/** How far a search may stray from what was typed: the very words; also beginnings; also slips. */
export type Strictness = 'words' | 'beginnings' | 'slips';

/** All places of the classifier, searchable. */
export interface Places {
  /** Number of places, administrations included. */
  readonly count: number;
  /**
   * Places for a text in Kazakh, Russian or Latin letters, best first: every word must be a word of the place's names
   * (former ones too) or of what it lies in; words for a kind ("село", "обл.") may be missing and favour that kind.
   * A beginning of a word fits; slips are tried only when too little else was found. Administrations of towns are
   * never found: the town is.
   */
  find(text: string, limit: number, strictness?: Strictness): PlaceMatch[];
  /** The place of a code, or undefined. */
  place(kato: number): Place | undefined;
  /** The line of a place: region, district, the place, in full words, with the rural district where two would read alike. */
  line(kato: number, language: AddressLanguage): string;
  /** The levels of that line. */
  parts(kato: number): AddressPart[];
  /** The districts of a city, by code; empty for anything else. */
  cityDistricts(kato: number): number[];
  /** The present name of a town that a source still calls by a former one; the name itself otherwise. */
  presentName(name: string, language: AddressLanguage): string;
  /** 0 to 1: how much a place weighs by its kind and size. */
  weight(kato: number): number;
}

/** Kinds that are an administration over a town or village of its own row, and what that row may be, likeliest first. */
const seatKinds: Readonly<Partial<Record<PlaceKind, readonly PlaceKind[]>>> = {
  cityadmin: ['city'],
  settlement_admin: ['townlet', 'village'],
  village_admin: ['village', 'townlet'],
  districtadmin: ['citydistrict'],
};
const administrations: ReadonlySet<string> = new Set(Object.keys(seatKinds));

const kindWeights: Readonly<Record<PlaceKind, number>> = {
  repcity: 1,
  city: 0.55,
  region: 0.5,
  district: 0.42,
  citydistrict: 0.36,
  townlet: 0.25,
  village: 0.14,
  rural_okrug: 0.08,
  station: 0.06,
  siding: 0.04,
  plot: 0.02,
  winter: 0.01,
  pasture: 0.01,
  point: 0.01,
  farm: 0.01,
  other: 0,
  cityadmin: 0,
  settlement_admin: 0,
  village_admin: 0,
  districtadmin: 0,
};

/**
 * A name that is not the official one of today counts for less, so that "Жамбыл" finds today's places of that name
 * before the town that bore it.
 */
const otherNameFactor = 0.93;
const otherNamePenalty = 0.4;
/** A word that fits only what the place lies in counts for a little less than one of its own name. */
const aboveFactor = 0.9;
const coverageWeight = 0.6;
const spokenKindBonus = 0.45;
/** Longest query in words; the rest is left out. */
const mostWords = 8;

let shared: Places | undefined;

/** The places the service ships with; read at the first call and kept. */
export function shippedPlaces(): Places {
  shared ??= readPlaces(join(root, 'data'));
  return shared;
}

/** Reads `places.tsv`, `former-names.tsv` and `populations.tsv` of a folder (data/README.md describes them). */
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
  const count = rows.length;
  const kato = new Int32Array(count);
  const kinds: PlaceKind[] = [];
  const kk: string[] = [];
  const ru: string[] = [];
  const unusual = { kk: new Map<number, string>(), ru: new Map<number, string>() };
  const indexOf = new Map<number, number>();
  rows.forEach(([code = '', kind = 'other', kkName = '', ruName = '', kkFull = '', ruFull = ''], index) => {
    kato[index] = Number(code);
    indexOf.set(Number(code), index);
    kinds.push(kind as PlaceKind);
    kk.push(kkName);
    ru.push(ruName === '' ? kkName : ruName);
    if (kkFull !== '') unusual.kk.set(index, kkFull);
    if (ruFull !== '') unusual.ru.set(index, ruFull);
  });

  const parents = new Int32Array(count).fill(-1);
  /** The town or village an administration is over. */
  const seats = new Int32Array(count).fill(-1);
  for (let index = 0; index < count; index += 1) parents[index] = parentOf(kato[index] ?? 0, indexOf);
  for (let index = 0; index < count; index += 1) {
    const above = parents[index] ?? -1;
    const rank = seatKinds[kinds[above] ?? 'other']?.indexOf(kinds[index] ?? 'other') ?? -1;
    if (rank < 0) continue;
    const present = seats[above] ?? -1;
    const presentRank = seatKinds[kinds[above] ?? 'other']?.indexOf(kinds[present] ?? 'other') ?? -1;
    if (present < 0 || rank < presentRank) seats[above] = index;
  }

  const weights = new Float32Array(count);
  const inhabitants = new Map(populations.map(([code, people]) => [Number(code), Number(people)]));
  for (let index = 0; index < count; index += 1) {
    weights[index] = placeWeight(
      kinds[index] ?? 'other',
      kato[index] ?? 0,
      inhabitants.get(kato[index] ?? 0),
    );
  }

  const names = collectNames();
  const wordList = names.list;
  const alike = countAlike();
  const presentNames = collectPresentNames();

  /** Every name of every place as numbers of words, and the way back from a word to names. */
  function collectNames() {
    const perPlace: string[][][] = Array.from({ length: count }, () => []);
    const other = new Set<string>();
    const add = (index: number, name: string, usual: boolean) => {
      const words = foldedWords(name).map(({ word }) => word);
      const key = `${index} ${words.join(' ')}`;
      if (words.length === 0 || seen.has(key)) return;
      seen.add(key);
      perPlace[index]?.push(words);
      if (!usual) other.add(key);
      if (name.includes('-')) add(index, name.replaceAll('-', ''), false);
    };
    const seen = new Set<string>();
    for (let index = 0; index < count; index += 1) {
      add(index, kk[index] ?? '', true);
      add(index, ru[index] ?? '', true);
    }
    for (const [code, name = ''] of formerNames) {
      const index = indexOf.get(Number(code));
      if (index === undefined) throw new Error(`former-names.tsv: no place ${code}`);
      add(index, name, false);
    }
    for (let index = 0; index < count; index += 1) {
      const seat = seats[index] ?? -1;
      if (seat < 0) continue;
      add(seat, kk[index] ?? '', false);
      add(seat, ru[index] ?? '', false);
    }

    const list = createWordList([...new Set(perPlace.flat(2))].sort(byCodeUnit));
    const numbers = new Map(list.words.map((word, index) => [word, index]));
    const nameCount = perPlace.reduce((sum, of) => sum + of.length, 0);
    const placeOf = new Uint16Array(nameCount);
    const length = new Uint8Array(nameCount);
    const factor = new Float32Array(nameCount);
    const firstOf = new Uint32Array(count + 1);
    const uses = new Uint32Array(list.words.length + 1);
    let name = 0;
    perPlace.forEach((of, index) => {
      firstOf[index] = name;
      for (const words of of) {
        placeOf[name] = index;
        length[name] = words.length;
        factor[name] = other.has(`${index} ${words.join(' ')}`) ? otherNameFactor : 1;
        for (const word of new Set(words)) {
          const next = (numbers.get(word) ?? 0) + 1;
          uses[next] = (uses[next] ?? 0) + 1;
        }
        name += 1;
      }
    });
    firstOf[count] = name;
    for (let word = 1; word < uses.length; word += 1) uses[word] = (uses[word] ?? 0) + (uses[word - 1] ?? 0);
    const postings = new Uint32Array(uses[list.words.length] ?? 0);
    const filled = uses.slice();
    name = 0;
    for (const of of perPlace) {
      for (const words of of) {
        for (const word of new Set(words)) {
          const at = filled[numbers.get(word) ?? 0] ?? 0;
          postings[at] = name;
          filled[numbers.get(word) ?? 0] = at + 1;
        }
        name += 1;
      }
    }
    return { list, placeOf, length, factor, firstOf, starts: uses, postings, nameCount };
  }

  /** How many places of a kind bear a name within one district: where more than one, the rural district is shown too. */
  function countAlike(): Map<string, number> {
    const counted = new Map<string, number>();
    for (let index = 0; index < count; index += 1) {
      for (const key of alikeKeys(index)) counted.set(key, (counted.get(key) ?? 0) + 1);
    }
    return counted;
  }

  function alikeKeys(index: number): string[] {
    const district = Math.floor((kato[index] ?? 0) / 100_000);
    const keys = [`${district} ${kinds[index]} ${kk[index]}`, `${district} ${kinds[index]} ${ru[index]}`];
    return keys[0] === keys[1] ? keys.slice(0, 1) : keys;
  }

  function collectPresentNames(): Map<string, number> {
    const present = new Map<string, number>();
    for (const [code, name = '', kind] of formerNames) {
      const index = indexOf.get(Number(code));
      const town = index !== undefined && ['city', 'repcity'].includes(kinds[index] ?? '');
      if (town && kind === 'former') present.set(name.toLowerCase(), index);
    }
    return present;
  }

  // One row of scores per word of a query, cleared after use: a search allocates next to nothing.
  const ofName = Array.from({ length: mostWords }, () => new Float32Array(names.nameCount));
  const ofPlace = Array.from({ length: mostWords }, () => new Float32Array(count));

  function search(words: readonly QueryWord[], strictness: Strictness, unmatched = 0): PlaceMatch[] {
    const touchedNames: number[][] = [];
    const touchedPlaces: number[][] = [];
    const candidates = new Set<number>();
    words.forEach((word, row) => {
      const nameRow = ofName[row];
      const placeRow = ofPlace[row];
      const touchedName: number[] = [];
      const touchedPlace: number[] = [];
      touchedNames.push(touchedName);
      touchedPlaces.push(touchedPlace);
      if (nameRow === undefined || placeRow === undefined) return;
      for (const { word: number, quality } of matchesOf(word.word, strictness, wordList)) {
        const end = names.starts[number + 1] ?? 0;
        for (let at = names.starts[number] ?? 0; at < end; at += 1) {
          const name = names.postings[at] ?? 0;
          const place = names.placeOf[name] ?? 0;
          const value = quality * (names.factor[name] ?? 1);
          if (value > (nameRow[name] ?? 0)) {
            if (nameRow[name] === 0) touchedName.push(name);
            nameRow[name] = value;
          }
          if (value > (placeRow[place] ?? 0)) {
            if (placeRow[place] === 0) touchedPlace.push(place);
            placeRow[place] = value;
          }
        }
      }
      if (!word.optional) for (const place of touchedPlace) candidates.add(place);
    });
    const found: PlaceMatch[] = [];
    for (const index of candidates) {
      const kind = kinds[index] ?? 'other';
      if (administrations.has(kind)) continue;
      const score = scoreOf(index, words, strictness, unmatched);
      if (score > 0) found.push({ ...placeAt(index), score });
    }
    touchedNames.forEach((touched, row) => {
      for (const name of touched) (ofName[row] ?? [])[name] = 0;
    });
    touchedPlaces.forEach((touched, row) => {
      for (const place of touched) (ofPlace[row] ?? [])[place] = 0;
    });
    return found.sort((left, right) => right.score - left.score || left.kato - right.kato);
  }

  function scoreOf(
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
      const inOwn = ofPlace[row]?.[index] ?? 0;
      if (word.optional) {
        const fits = kindFit(index, word.kinds, words.length);
        if (fits === 'not' && strictness === 'words') return 0;
        bonus += fits === 'itself' ? spokenKindBonus : fits === 'not' ? -spokenKindBonus : 0;
        continue;
      }
      let best = inOwn;
      for (let above = parents[index] ?? -1; above >= 0; above = parents[above] ?? -1) {
        // What an administration is over bears the names people know: "Қапшағай" is above the villages of Қонаев.
        const seat = seats[above] ?? -1;
        const value = Math.max(ofPlace[row]?.[above] ?? 0, seat >= 0 ? (ofPlace[row]?.[seat] ?? 0) : 0);
        best = Math.max(best, value * aboveFactor);
      }
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
    let coverage = 0;
    let penalty = 0;
    const end = names.firstOf[index + 1] ?? 0;
    for (let name = names.firstOf[index] ?? 0; name < end; name += 1) {
      let covered = 0;
      for (let row = 0; row < words.length; row += 1) covered += ofName[row]?.[name] ?? 0;
      const value = Math.min(1, covered / Math.max(names.length[name] ?? 1, own));
      if (value <= coverage) continue;
      coverage = value;
      penalty = (names.factor[name] ?? 1) < 1 ? otherNamePenalty : 0;
    }
    return fit / required + coverageWeight * coverage + bonus + (weights[index] ?? 0) - penalty;
  }

  /** Whether a word for a kind speaks of the place itself, or of something named above it. */
  function kindFit(
    index: number,
    spoken: ReadonlySet<PlaceKind> | undefined,
    words: number,
  ): 'itself' | 'above' | 'not' {
    if (spoken === undefined || spoken.size === 0) return 'above';
    if (spoken.has(kinds[index] ?? 'other')) return 'itself';
    for (let above = parents[index] ?? -1; above >= 0; above = parents[above] ?? -1) {
      const shown = administrations.has(kinds[above] ?? 'other') ? (seats[above] ?? -1) : above;
      if (!spoken.has(kinds[shown] ?? 'other')) continue;
      for (let row = 0; row < words; row += 1) {
        if ((ofPlace[row]?.[above] ?? 0) > 0 || (ofPlace[row]?.[shown] ?? 0) > 0) return 'above';
      }
    }
    return 'not';
  }

  function placeAt(index: number): Place {
    return {
      kato: kato[index] ?? 0,
      kind: kinds[index] ?? 'other',
      name: { kk: kk[index] ?? '', ru: ru[index] ?? '' },
    };
  }

  function full(index: number, language: AddressLanguage): string {
    const name = (language === 'kk' ? kk : ru)[index] ?? '';
    return unusual[language].get(index) ?? wording[kinds[index] ?? 'other'][language].replace('@', name);
  }

  /** The levels to show, largest first. */
  function levels(index: number): number[] {
    const shown = [index];
    const twin = alikeKeys(index).some((key) => (alike.get(key) ?? 0) > 1);
    for (let above = parents[index] ?? -1; above >= 0; above = parents[above] ?? -1) {
      const kind = kinds[above] ?? 'other';
      if (kind === 'cityadmin') {
        const seat = seats[above] ?? -1;
        if (seat >= 0 && seat !== index) shown.unshift(seat);
      } else if (administrations.has(kind) || kind === 'rural_okrug') {
        if (twin && kind !== 'districtadmin') shown.unshift(above);
      } else {
        shown.unshift(above);
      }
    }
    return shown;
  }

  return {
    count,
    find(text, limit, strictness) {
      const words = queryWords(cleanText(text));
      if (words.length === 0) return [];
      if (strictness !== undefined) return search(words, strictness).slice(0, limit);
      const found = search(words, 'beginnings').slice(0, limit);
      // Whole words that exist are what was meant: their neighbours would only be noise.
      if (found.length >= limit || (found.length > 0 && search(words, 'words').length > 0)) return found;
      const known = new Set(found.map((place) => place.kato));
      const more = search(words, 'slips').filter((place) => !known.has(place.kato));
      const all = [...found, ...more].slice(0, limit);
      const required = words.filter(({ optional }) => !optional);
      if (all.length > 0 || required.length < 2 || required.some(({ word }) => /\d/.test(word))) return all;
      // One word of several is beyond us ("Есильский район Астана", where the name is "район Есиль").
      return search(words, 'slips', 1).slice(0, limit);
    },
    place(code) {
      const index = indexOf.get(code);
      return index === undefined ? undefined : placeAt(index);
    },
    line(code, language) {
      const index = indexOf.get(code);
      if (index === undefined) return '';
      return levels(index)
        .map((level) => full(level, language))
        .join(', ');
    },
    parts(code) {
      const index = indexOf.get(code);
      if (index === undefined) return [];
      return levels(index).map((level) => ({
        kind: kinds[level] ?? 'other',
        id: String(kato[level]),
        text: { kk: full(level, 'kk'), ru: full(level, 'ru') },
      }));
    },
    cityDistricts(code) {
      const place = indexOf.get(code);
      if (place === undefined || !['city', 'repcity'].includes(kinds[place] ?? '')) return [];
      const within = kinds[place] === 'repcity' ? 10_000_000 : 100_000;
      return [...kato].filter(
        (other, index) =>
          kinds[index] === 'citydistrict' && Math.floor(other / within) === Math.floor(code / within),
      );
    },
    presentName(name, language) {
      const index = presentNames.get(name.toLowerCase());
      return index === undefined ? name : ((language === 'kk' ? kk : ru)[index] ?? name);
    },
    weight(code) {
      const index = indexOf.get(code);
      return index === undefined ? 0 : (weights[index] ?? 0);
    },
  };
}

interface QueryWord extends FoldedWord {
  /** True for a word that names a kind of place and need not be found. */
  readonly optional: boolean;
  readonly kinds: ReadonlySet<PlaceKind> | undefined;
}

function queryWords(text: string): QueryWord[] {
  // "р-н" and "с/о" are one word each.
  const written = text.replace(/(?<![\p{L}\d])([рРсСаА])[-/]([нНоО])(?![\p{L}\d])/gu, '$1$2');
  const words = foldedWords(written).slice(0, mostWords);
  const marked = words.map((word, at) => {
    const kinds = kindsSpokenOf(word.word);
    const last = at === words.length - 1;
    const short = word.word.length === 1;
    // A lone letter is a shortened kind only with its full stop or before another word; else it begins a name.
    const shortened = !short || written[word.end] === '.' || !last;
    const unfinished = last && at > 0 && kinds === undefined && beginsKindWord(word.word);
    return { ...word, kinds, optional: (kinds !== undefined && shortened) || unfinished };
  });
  const named = marked.some(({ optional }) => !optional);
  return named ? marked : marked.map((word) => ({ ...word, optional: false }));
}

function matchesOf(word: string, strictness: Strictness, list: WordList): WordMatch[] {
  if (strictness === 'words') {
    const at = list.indexOf(word);
    return at < 0 ? [] : [{ word: at, quality: 1 }];
  }
  const found = list.beginning(word);
  return strictness === 'beginnings' ? found : [...found, ...list.misspelt(word)];
}

/** The classifier's code is hierarchical: two digits, two, two, three. */
function parentOf(code: number, indexOf: ReadonlyMap<number, number>): number {
  for (const within of [1_000, 100_000, 10_000_000]) {
    const above = Math.floor(code / within) * within;
    if (above === code) continue;
    const index = indexOf.get(above);
    if (index !== undefined) return index;
  }
  return -1;
}

/**
 * By kind; a town also by its inhabitants; a village more when it is the seat of its district (the classifier numbers
 * that rural district 30 and its seat 100) or of its rural district (100).
 */
function placeWeight(kind: PlaceKind, code: number, inhabitants: number | undefined): number {
  const base = kindWeights[kind];
  if (inhabitants !== undefined && kind === 'city') {
    return base + 0.4 * Math.min(1, Math.max(0, Math.log10(inhabitants / 5_000) / 2));
  }
  if (kind !== 'village' && kind !== 'townlet') return base;
  const seat = code % 1_000 === 100;
  const districtSeat = seat && Math.floor(code / 1_000) % 100 === 30;
  return base + (districtSeat ? 0.16 : seat ? 0.05 : 0);
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
