import { foldedWords } from './fold.ts';
import type { PlaceTable } from './place-table.ts';
import { createWordList, type WordList } from './word-list.ts';

/** All names of all places as numbers of words, and an index from a word to its names. */
export interface PlaceNames {
  readonly list: WordList;
  readonly count: number;
  /**
   * For each name: its place, its number of words, and a factor of 1, or less when it is not
   * today's official name.
   */
  readonly placeOf: Uint16Array;
  readonly length: Uint8Array;
  readonly factor: Float32Array;
  /** For each place: its first name. Its names end where those of the next place begin. */
  readonly firstOf: Uint32Array;
  /**
   * For each word: where its names begin in `postings`. They end where those of the next word
   * begin.
   */
  readonly starts: Uint32Array;
  readonly postings: Uint32Array;
}

/**
 * A name that is not today's official one counts for less. "Жамбыл" must find today's places of
 * that name before the town that once had it.
 */
const otherNameFactor = 0.93;

/** The folded words of one name, and whether it differs from today's official name. */
interface NameWords {
  readonly words: readonly string[];
  readonly other: boolean;
}

/** Collects the names and indexes them. @param formerNames the rows of `former-names.tsv` */
export function createPlaceNames(table: PlaceTable, formerNames: readonly string[][]): PlaceNames {
  const named = namesOfPlaces(table, formerNames);
  const all = named.flat();
  const list = createWordList([...new Set(all.flatMap(({ words }) => words))].sort(byCodeUnit));
  const numbers = new Map(list.words.map((word, index) => [word, index]));
  const firstOf = new Uint32Array(table.count + 1);
  const placeOf = new Uint16Array(all.length);
  let name = 0;
  named.forEach((of, index) => {
    firstOf[index] = name;
    placeOf.fill(index, name, name + of.length);
    name += of.length;
  });
  firstOf[table.count] = name;
  const wordsOfName = all.map(({ words }) => [...new Set(words)].map((word) => numbers.get(word) ?? 0));
  return {
    list,
    count: all.length,
    placeOf,
    length: Uint8Array.from(all, ({ words }) => words.length),
    factor: Float32Array.from(all, ({ other }) => (other ? otherNameFactor : 1)),
    firstOf,
    ...invert(wordsOfName, list.words.length),
  };
}

function namesOfPlaces(table: PlaceTable, formerNames: readonly string[][]): readonly NameWords[][] {
  const named: NameWords[][] = Array.from({ length: table.count }, () => []);
  const seen = new Set<string>();
  const add = (index: number, name: string, other: boolean) => {
    const words = foldedWords(name).map(({ word }) => word);
    const key = `${index} ${words.join(' ')}`;
    if (words.length === 0 || seen.has(key)) return;
    seen.add(key);
    named[index]?.push({ words, other });
    if (name.includes('-')) add(index, name.replaceAll('-', ''), true);
  };
  const { kk, ru } = table.names;
  for (let index = 0; index < table.count; index += 1) {
    add(index, kk[index] ?? '', false);
    add(index, ru[index] ?? '', false);
  }
  for (const [code, name = ''] of formerNames) {
    const index = table.indexOf.get(Number(code));
    if (index === undefined) throw new Error(`former-names.tsv: no place ${code}`);
    add(index, name, true);
  }
  table.seats.forEach((seat, index) => {
    if (seat < 0) return;
    add(seat, kk[index] ?? '', true);
    add(seat, ru[index] ?? '', true);
  });
  return named;
}

/** Inverts the lists: from the words of each name to the names of each word, in two flat arrays. */
function invert(
  wordsOfName: readonly (readonly number[])[],
  wordCount: number,
): Pick<PlaceNames, 'starts' | 'postings'> {
  const starts = new Uint32Array(wordCount + 1);
  for (const word of wordsOfName.flat()) starts[word + 1] = (starts[word + 1] ?? 0) + 1;
  for (let word = 1; word < starts.length; word += 1)
    starts[word] = (starts[word] ?? 0) + (starts[word - 1] ?? 0);
  const postings = new Uint32Array(starts[wordCount] ?? 0);
  const filled = starts.slice();
  wordsOfName.forEach((words, name) => {
    for (const word of words) {
      const at = filled[word] ?? 0;
      postings[at] = name;
      filled[word] = at + 1;
    }
  });
  return { starts, postings };
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
