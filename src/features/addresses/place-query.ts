import { cleanText, type FoldedWord, foldedWords } from './fold.ts';
import { beginsKindWord, kindsSpokenOf } from './place-words.ts';
import type { PlaceKind } from './wording.ts';

/** A word of a query for a place. */
export interface QueryWord extends FoldedWord {
  /** True for a word that names a kind of place. It need not match. */
  readonly optional: boolean;
  readonly kinds: ReadonlySet<PlaceKind> | undefined;
}

/** Maximum number of words in a query. The rest is ignored. */
export const mostQueryWords = 8;

/** The words of a query. At least one of them must match. */
export function queryWords(query: string): QueryWord[] {
  // "р-н" and "с/о" are one word each.
  const text = cleanText(query).replace(/(?<![\p{L}\d])([рРсСаА])[-/]([нНоО])(?![\p{L}\d])/gu, '$1$2');
  const words = foldedWords(text).slice(0, mostQueryWords);
  const marked = words.map((word, at) => {
    const kinds = kindsSpokenOf(word.word);
    const last = at === words.length - 1;
    const short = word.word.length === 1;
    // A single letter is a shortened kind only when a full stop or another word follows. Otherwise
    // it is the beginning of a name.
    const shortened = !short || text[word.end] === '.' || !last;
    const unfinished = last && at > 0 && kinds === undefined && beginsKindWord(word.word);
    return { ...word, kinds, optional: (kinds !== undefined && shortened) || unfinished };
  });
  const named = marked.some(({ optional }) => !optional);
  return named ? marked : marked.map((word) => ({ ...word, optional: false }));
}
