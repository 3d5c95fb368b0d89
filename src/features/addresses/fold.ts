/** A word of a text as the search sees it, and where it stands in the text. */
export interface FoldedWord {
  /** Letters folded by `foldWord`. */
  readonly word: string;
  /** Offset of its first UTF-16 unit in the text given. */
  readonly start: number;
  /** Offset behind its last unit. */
  readonly end: number;
}

// biome-ignore format: an alphabet reads better in rows
const cyrillic: Readonly<Record<string, string>> = {
  а: 'a', ә: 'a', б: 'b', в: 'v', г: 'g', ғ: 'g', д: 'd', е: 'e', ё: 'e', ж: 'j', з: 'z', и: 'i', і: 'i',
  й: 'i', к: 'k', қ: 'k', л: 'l', м: 'm', н: 'n', ң: 'n', о: 'o', ө: 'o', п: 'p', р: 'r', с: 's', т: 't',
  у: 'u', ұ: 'u', ү: 'u', ф: 'f', х: 'h', һ: 'h', ц: 'ts', ч: 'q', ш: 'x', щ: 'x', ъ: '', ы: 'i', ь: '',
  э: 'e', ю: 'iu', я: 'ia',
};

/** Latin letters that look like Cyrillic ones: what a mixed word was meant to be. */
// biome-ignore format: an alphabet reads better in rows
const lookAlikes: Readonly<Record<string, string>> = {
  a: 'а', b: 'в', c: 'с', e: 'е', h: 'һ', i: 'і', k: 'к', m: 'м', o: 'о', p: 'р', t: 'т', x: 'х', y: 'у',
};

/** Latin spellings of one sound, longest first; a capital marks what must not be read again. */
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
 * One spelling for a word in Kazakh, Russian or Latin letters, so that "Қарағанды", "Караганды",
 * "Qaraghandy" and "Karagandy" are the same word: Kazakh letters fall together with the Russian
 * ones typed in their place, ё with е, и with і, й and ы, and the Latin spellings of a sound with
 * each other. Ч, ш and щ become one letter each, so that a typo in them is one edit. The result is
 * for comparing only and is never shown.
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
 * The words of a text, folded; everything but letters and digits parts them. Words that fold to
 * nothing are left out.
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
 * Words of a text folded and joined by single spaces: equal for texts that differ in letters'
 * variants only.
 */
export function foldText(text: string): string {
  return foldedWords(text)
    .map(({ word }) => word)
    .join(' ');
}

/** Longest query that is looked at, in characters. */
export const queryLength = 200;

/**
 * A text from outside made fit to search or to show on one line: NFC, without control characters,
 * direction marks and invisible characters, white space single, at most `length` characters.
 * Letters are never replaced.
 */
export function cleanText(text: string, length: number = queryLength): string {
  // Cut before normalising: a hostile text may be megabytes long.
  const line = text
    .slice(0, length * 4)
    .normalize('NFC')
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu, '');
  return [...line.trim()].slice(0, length).join('').replace(/ {2,}/g, ' ').trim();
}
