import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWordList, slipsBetween } from './word-list.ts';

const words = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom('a', 'b', 'k', 'r'), minLength: 1, maxLength: 10 }),
  {
    minLength: 1,
    maxLength: 60,
  },
);
const typed = fc.string({ unit: fc.constantFrom('a', 'b', 'k', 'r', 'z'), minLength: 1, maxLength: 11 });

/** The edit distance computed from its definition: slow and simple, to check the walk against. */
function distance(left: string, right: string): number {
  const table = Array.from({ length: left.length + 1 }, (_, row) =>
    Array.from({ length: right.length + 1 }, (_, column) => (row === 0 ? column : column === 0 ? row : 0)),
  );
  const at = (row: number, column: number) => table[row]?.[column] ?? 0;
  for (let row = 1; row <= left.length; row += 1) {
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      let least = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + same);
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) least = Math.min(least, at(row - 2, column - 2) + 1);
      (table[row] ?? [])[column] = least;
    }
  }
  return at(left.length, right.length);
}

/** How many slips a word of so many letters may have. */
const slipsAllowed = (length: number) => (length < 4 ? 0 : length < 8 ? 1 : 2);

function nearest(of: string, word: string): number {
  return Math.min(...Array.from({ length: word.length + 1 }, (_, end) => distance(of, word.slice(0, end))));
}

describe('a list of words', () => {
  it('finds the words with this beginning, and no others', () => {
    fc.assert(
      fc.property(words, typed, (some, beginning) => {
        const list = createWordList([...some].sort());
        const found = list.beginning(beginning).map(({ word }) => list.words[word]);
        expect(found).toEqual([...some].sort().filter((word) => word.startsWith(beginning)));
      }),
    );
  });

  it('finds every word, or beginning of one, within the allowed typing errors, and none beyond', () => {
    fc.assert(
      fc.property(words, typed, (some, wrong) => {
        const list = createWordList([...some].sort());
        const found = list.misspelt(wrong).map(({ word }) => list.words[word] ?? '');
        const allowed = slipsAllowed(wrong.length);
        const expected = [...some].sort().filter((word) => {
          const whole = distance(wrong, word);
          const slips = nearest(wrong, word);
          return (whole > 0 && whole <= allowed) || (slips > 0 && slips <= allowed);
        });
        expect(found).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('agrees with the edit distance of two words', () => {
    fc.assert(
      fc.property(typed, typed, (left, right) => {
        const slips = nearest(left, right);
        expect(slipsBetween(left, right)).toBe(
          slips <= slipsAllowed(left.length) && (slipsAllowed(left.length) > 0 || left === right)
            ? slips
            : Number.POSITIVE_INFINITY,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('finds the position of the exact word, or -1', () => {
    const list = createWordList(['abai', 'almati', 'astana']);
    expect([list.indexOf('almati'), list.indexOf('almat'), list.indexOf('zz')]).toEqual([1, -1, -1]);
    expect(list.beginning('')).toEqual([]);
  });
});
