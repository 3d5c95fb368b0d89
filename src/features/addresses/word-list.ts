/** A word found for a part of a query, and how well it fits. */
export interface WordMatch {
  /** Position of the word in the list. */
  readonly word: number;
  /** 1 for the exact word, less for a beginning of it, least for a misspelling. Always above 0. */
  readonly quality: number;
}

/** A sorted list of distinct words. It finds words by their beginning and by a misspelling. */
export interface WordList {
  readonly words: readonly string[];
  /** The position of the exact word, or -1. */
  indexOf(word: string): number;
  /** The word itself and every word that begins with it. */
  beginning(word: string): WordMatch[];
  /** Words and beginnings of words with at most `slipsAllowed` typing errors for this length. */
  misspelt(word: string): WordMatch[];
}

/**
 * How many typing errors are allowed in a word of `length` letters. An error is a letter missing,
 * added, wrong, or two swapped (Damerau). Short words have too many neighbours.
 */
function slipsAllowed(length: number): number {
  if (length < 4) return 0;
  return length < 8 ? 1 : 2;
}

/** How well a beginning of a word fits the whole word. */
export function beginningQuality(typed: number, whole: number): number {
  return typed === whole ? 1 : 0.7 + (0.25 * typed) / whole;
}

/** Builds the list. `sorted` holds distinct words in code unit order. */
export function createWordList(sorted: readonly string[]): WordList {
  /**
   * How many first letters each word shares with the word before it. This makes the list a trie
   * without nodes.
   */
  const shared = new Uint8Array(sorted.length);
  for (let index = 1; index < sorted.length; index += 1) {
    shared[index] = commonBeginning(sorted[index - 1] ?? '', sorted[index] ?? '');
  }

  function firstNotBelow(word: string): number {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? '') < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    words: sorted,
    indexOf(word) {
      const at = firstNotBelow(word);
      return sorted[at] === word ? at : -1;
    },
    beginning(word) {
      const found: WordMatch[] = [];
      if (word === '') return found;
      for (let at = firstNotBelow(word); sorted[at]?.startsWith(word); at += 1) {
        found.push({ word: at, quality: beginningQuality(word.length, sorted[at]?.length ?? 0) });
      }
      return found;
    },
    misspelt: (word) => misspelt(sorted, shared, word),
  };
}

/**
 * Walks the sorted words with one row of the distance table per letter. Rows of letters shared with
 * the previous word are kept. When a beginning is already too far away, all words that share it are
 * skipped.
 */
function misspelt(sorted: readonly string[], shared: Uint8Array, typed: string): WordMatch[] {
  const allowed = slipsAllowed(typed.length);
  if (allowed === 0) return [];
  const found: WordMatch[] = [];
  const width = typed.length + 1;
  const rows: number[][] = [Array.from({ length: width }, (_, index) => index)];
  /**
   * The fewest typing errors between what was typed and any beginning of the word up to this
   * letter.
   */
  const best: number[] = [typed.length];
  let depth = 0;
  for (let index = 0; index < sorted.length; index += 1) {
    const word = sorted[index] ?? '';
    depth = Math.min(depth, shared[index] ?? 0);
    let tooFar = false;
    while (depth < word.length) {
      const least = distanceRow(rows, typed, word, depth + 1);
      depth += 1;
      best[depth] = Math.min(best[depth - 1] ?? allowed + 1, rows[depth]?.[typed.length] ?? allowed + 1);
      if (least > allowed && (best[depth] ?? 0) > allowed) {
        tooFar = true;
        break;
      }
      // After this letter only longer words follow, which cannot come nearer than the best so far.
      if (least > allowed) break;
    }
    if (tooFar) {
      while (index + 1 < sorted.length && (shared[index + 1] ?? 0) >= depth) index += 1;
      continue;
    }
    const whole = depth === word.length ? (rows[depth]?.[typed.length] ?? allowed + 1) : allowed + 1;
    const start = best[depth] ?? allowed + 1;
    if (whole > 0 && whole <= allowed) found.push({ word: index, quality: whole === 1 ? 0.62 : 0.45 });
    else if (start > 0 && start <= allowed) found.push({ word: index, quality: start === 1 ? 0.42 : 0.25 });
  }
  return found;
}

/**
 * Typing errors between two words, where `typed` may be a whole word or a beginning. Infinity when
 * there are more than its length allows.
 */
export function slipsBetween(typed: string, word: string): number {
  const allowed = slipsAllowed(typed.length);
  if (allowed === 0) return typed === word ? 0 : Number.POSITIVE_INFINITY;
  const rows: number[][] = [Array.from({ length: typed.length + 1 }, (_, index) => index)];
  let best = typed.length;
  for (let depth = 1; depth <= word.length; depth += 1) {
    if (distanceRow(rows, typed, word, depth) > allowed) break;
    best = Math.min(best, rows[depth]?.[typed.length] ?? best);
  }
  return best <= allowed ? best : Number.POSITIVE_INFINITY;
}

/**
 * Fills the row of the distance table for letter number `depth` of `word`, and returns the row's
 * least value.
 */
function distanceRow(rows: number[][], typed: string, word: string, depth: number): number {
  const above = rows[depth - 1] ?? [];
  const twoAbove = rows[depth - 2] ?? [];
  const row = rows[depth] ?? [];
  rows[depth] = row;
  row[0] = depth;
  let least = depth;
  const letter = word[depth - 1];
  for (let column = 1; column <= typed.length; column += 1) {
    const same = typed[column - 1] === letter;
    let slips = Math.min(
      (above[column] ?? 0) + 1,
      (row[column - 1] ?? 0) + 1,
      (above[column - 1] ?? 0) + (same ? 0 : 1),
    );
    if (depth > 1 && column > 1 && typed[column - 1] === word[depth - 2] && typed[column - 2] === letter) {
      slips = Math.min(slips, (twoAbove[column - 2] ?? 0) + 1);
    }
    row[column] = slips;
    if (slips < least) least = slips;
  }
  return least;
}

function commonBeginning(left: string, right: string): number {
  const most = Math.min(left.length, right.length, 255);
  let length = 0;
  while (length < most && left[length] === right[length]) length += 1;
  return length;
}
