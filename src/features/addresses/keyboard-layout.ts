/**
 * The keys of a Latin keyboard by row, and the letters that the Russian and Kazakh layouts have on
 * them.
 */
const latinKeys = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
const russianLetters = 'йцукенгшщзхъфывапролджэячсмитьбюё';
/** The Kazakh layout has its own letters in the row of the digits. */
const kazakhKeys = '2345890-=';
const kazakhLetters = 'әіңғүұқөһ';

const letterOf: ReadonlyMap<string, string> = new Map([
  ...[...latinKeys].map((key, at) => [key, russianLetters[at] ?? key] as const),
  ...[...'{}:"<>~'].map((key, at) => [key, 'хъжэбюё'[at] ?? key] as const),
]);
const kazakhLetterOf: ReadonlyMap<string, string> = new Map(
  [...kazakhKeys].map((key, at) => [key, kazakhLetters[at] ?? key] as const),
);

/**
 * A house number, with the letter of its block: `10`, `3/1`, `12f`. Its digits are digits on every
 * layout.
 */
const houseNumber = /^\d+(?:[-/]\d+)?[a-z]?$/;

/**
 * What a text typed on the Latin layout would have been on the Cyrillic one: `fkvfns` is `алматы`,
 * `0fhf5fyls` is `қарағанды`. Undefined when the text has no Latin letters, or has Cyrillic ones.
 */
export function onCyrillicLayout(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (!/[a-z]/.test(lower) || /\p{Script=Cyrillic}/u.test(lower)) return undefined;
  return lower.split(' ').map(wordOnCyrillicLayout).join(' ');
}

function wordOnCyrillicLayout(word: string): string {
  if (!/[a-z[\]{};:'"<>]/.test(word)) return word;
  const number = houseNumber.test(word);
  return [...word]
    .map((key) => letterOf.get(key) ?? (number ? undefined : kazakhLetterOf.get(key)) ?? key)
    .join('');
}
