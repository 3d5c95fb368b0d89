// One cleaning for everything that people type. It makes the same of what looks the same, and
// judges nothing.

/** Fillers that fonts draw as a blank. Unicode counts them among the unseen marks. */
const fillers = '\\u115f\\u1160\\u3164\\uffa0';
/** Zero-width and directional marks, soft hyphens, variation selectors, tags, interlinear marks. */
const marks = new RegExp(`(?![${fillers}])[\\p{Default_Ignorable_Code_Point}\\ufff9-\\ufffb]`, 'gu');
/** Spaces of every width, tabs, line ends, the empty Braille cell, fillers. */
const blanks = new RegExp(`[\\s\\u0085\\u2800${fillers}]`, 'gu');
const dashes = /[\p{Dash_Punctuation}\u02d7\u2043\u2212\u2796]/gu;
const doubleQuotes = /[\u201c-\u201f\u2033\uff02]/g;
const singleQuotes = /[\u2018-\u201b\u02bc\u2032\uff07]/g;
/** The printable ASCII of East Asian fonts. */
const fullWidth = /[\uff01-\uff5e]/g;
const widthOffset = 0xff01 - 0x21;

/**
 * Drops marks that nobody sees and that mean nothing in Cyrillic or Latin text. Messengers put them
 * around copied text.
 */
export function withoutMarks(text: string): string {
  return text.replace(marks, '');
}

/**
 * One line: no unseen marks, composed (NFC), every blank a plain space, none at the ends. Letters
 * and signs stay.
 */
export function cleanLine(text: string): string {
  return withoutMarks(text)
    .normalize('NFC')
    .replace(blanks, ' ')
    .replace(/^ +| +$/g, '');
}

/**
 * One line with the signs of a keyboard: dashes, quotes and full-width characters become the plain
 * ones, digits of every script the ASCII ones. For addresses and telephone numbers.
 */
export function cleanWords(text: string): string {
  const plain = cleanLine(text)
    .replace(dashes, '-')
    .replace(doubleQuotes, '"')
    .replace(singleQuotes, "'")
    .replace(fullWidth, (sign) => String.fromCharCode(sign.charCodeAt(0) - widthOffset));
  return asciiDigits(plain);
}

/**
 * The same without any blank or dash: for codes, numbers and indexes, where these only group the
 * characters.
 */
export function cleanCompact(text: string): string {
  return cleanWords(text).replace(/[ -]/g, '');
}

/** Whether nothing but blanks and unseen marks was typed. */
export function isBlank(text: string): boolean {
  return cleanLine(text) === '';
}

const digit = /\p{Decimal_Number}/u;

/**
 * Digits of every script as ASCII: `٧`, `७` and `７` are seven. Unicode keeps each script's ten in
 * one run from 0.
 */
function asciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Decimal_Number}/gu, (sign) => {
    const point = sign.codePointAt(0) ?? 0;
    let first = point;
    while (digit.test(String.fromCodePoint(first - 1))) first -= 1;
    return String((point - first) % 10);
  });
}

/**
 * A character that a field does not take: itself where it can be seen, otherwise its kind, for
 * which there is a text.
 */
export type StrangeCharacter = 'blank' | 'unseen' | (string & {});

/** Names a refused character for a message. A lone accent is shown on a dotted circle. */
export function nameCharacter(character: string): StrangeCharacter {
  if (cleanLine(character) === '' && withoutMarks(character) !== '') return 'blank';
  if (/^\p{M}$/u.test(character)) return `\u25cc${character}`;
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character) ? character : 'unseen';
}

/**
 * Whether the text is valid Unicode: half of a surrogate pair is not, and no encoding can carry it.
 */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
