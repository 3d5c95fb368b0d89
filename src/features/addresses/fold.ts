/** A word of a text in its searchable form, and its position in the text. */
export interface FoldedWord {
  /** The letters after `foldWord`. */
  readonly word: string;
  /** Offset of its first UTF-16 unit in the given text. */
  readonly start: number;
  /** Offset after its last UTF-16 unit. */
  readonly end: number;
}

// biome-ignore format: an alphabet reads better in rows
const cyrillic: Readonly<Record<string, string>> = {
  а: 'a', ә: 'a', б: 'b', в: 'v', г: 'g', ғ: 'g', д: 'd', е: 'e', ё: 'e', ж: 'j', з: 'z', и: 'i', і: 'i',
  й: 'i', к: 'k', қ: 'k', л: 'l', м: 'm', н: 'n', ң: 'n', о: 'o', ө: 'o', п: 'p', р: 'r', с: 's', т: 't',
  у: 'u', ұ: 'u', ү: 'u', ф: 'f', х: 'h', һ: 'h', ц: 'ts', ч: 'q', ш: 'x', щ: 'x', ъ: '', ы: 'i', ь: '',
  э: 'e', ю: 'iu', я: 'ia',
};

/**
 * Latin letters that look like Cyrillic ones, and the Cyrillic letter that was meant in a mixed
 * word.
 */
// biome-ignore format: an alphabet reads better in rows
const lookAlikes: Readonly<Record<string, string>> = {
  a: 'а', b: 'в', c: 'с', e: 'е', h: 'һ', i: 'і', k: 'к', m: 'м', o: 'о', p: 'р', t: 'т', x: 'х', y: 'у',
};

/**
 * Latin spellings of one sound, longest first. A capital letter marks a result that must not be
 * replaced again.
 */
const latin: readonly (readonly [RegExp, string])[] = [
  [/shch|sch|sh/g, 'X'],
  [/dzh|zh|dj/g, 'j'],
  [/kh/g, 'h'],
  [/gh/g, 'g'],
  [/ch/g, 'Q'],
  [/x/g, 'ks'],
  [/[qc]/g, 'k'],
  [/w/g, 'u'],
  [/y/g, 'i'],
];

/**
 * Gives one spelling for a word in Kazakh, Russian or Latin letters: "Қарағанды", "Караганды",
 * "Qaraghandy" and "Karagandy" become the same word. Each Kazakh letter becomes the Russian one
 * that people type in its place. Ё becomes е, and и is equal to і, й and ы. The Latin spellings of
 * a sound become one. Ч, ш and щ become one letter each, which makes a typing error in them one
 * edit. The result is for comparison only and is never shown.
 */
export function foldWord(word: string): string {
  const lower = word.toLowerCase();
  const mixed = /\p{Script=Cyrillic}/u.test(lower);
  const folded = mixed
    ? [...lower.replace(/дж/g, 'ж')]
        .map((letter) => lookAlikes[letter] ?? letter)
        .map((letter) => cyrillic[letter] ?? foldLatin(letter))
        .join('')
    : foldLatin(lower);
  return folded.replace(/i{2,}/g, 'i').replace(/ie/g, 'e').replace(/i{2,}/g, 'i');
}

function foldLatin(word: string): string {
  const plain = word
    .replace(/[şș]/g, 'sh')
    .replace(/ç/g, 'ch')
    .replace(/ı/g, 'i')
    .normalize('NFD')
    .replace(/\p{M}/gu, '');
  return latin.reduce((text, [from, to]) => text.replace(from, to), plain).toLowerCase();
}

/**
 * The folded words of a text. Everything except letters and digits separates words. Words that fold
 * to nothing are left out.
 */
export function foldedWords(text: string): FoldedWord[] {
  const words: FoldedWord[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}'’ʼ`]+/gu)) {
    const word = foldWord(match[0].replace(/['’ʼ`]/g, ''));
    if (word !== '') words.push({ word, start: match.index, end: match.index + match[0].length });
  }
  return words;
}

/**
 * The folded words of a text, joined by single spaces. Texts that differ only in variants of
 * letters give equal results.
 */
export function foldText(text: string): string {
  return foldedWords(text)
    .map(({ word }) => word)
    .join(' ');
}

/** Maximum length of a query in characters. The rest is ignored. */
const queryLength = 200;

/**
 * Makes text from outside fit to search or to show on one line: NFC, without control characters,
 * direction marks and invisible characters, with single spaces, at most `length` characters.
 * Letters are never replaced.
 */
export function cleanText(text: string, length: number = queryLength): string {
  // Cut before normalising, because a hostile text may be megabytes long.
  const line = text
    .slice(0, length * 4)
    .normalize('NFC')
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu, '');
  return [...line.trim()].slice(0, length).join('').replace(/ {2,}/g, ' ').trim();
}
