// The same cleaning for everything that people type. Texts that look the same become the same. It
// refuses nothing.

/** Fillers that fonts draw as a space. Unicode counts them among the invisible marks. */
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
 * Removes invisible marks, which have no meaning in Cyrillic or Latin text. Messengers put them
 * around copied text.
 */
export function withoutMarks(text: string): string {
  return text.replace(marks, '');
}

/**
 * One line without invisible marks, composed (NFC), with plain spaces and none at the ends. Letters
 * and signs stay.
 */
export function cleanLine(text: string): string {
  return withoutMarks(text)
    .normalize('NFC')
    .replace(blanks, ' ')
    .replace(/^ +| +$/g, '');
}

/**
 * One line with the signs of a keyboard: dashes, quotes and full-width characters become plain
 * ones, and digits of every script become ASCII. For addresses and telephone numbers.
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
 * The same without any space or dash, for codes, numbers and postcodes, in which these only group
 * the characters.
 */
export function cleanCompact(text: string): string {
  return cleanWords(text).replace(/[ -]/g, '');
}

/** Whether only spaces and invisible marks were typed. */
export function isBlank(text: string): boolean {
  return cleanLine(text) === '';
}

const digit = /\p{Decimal_Number}/u;

/**
 * Digits of every script as ASCII: `٧`, `७` and `７` are seven. In Unicode, the ten digits of each
 * script are one run that starts with 0.
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
 * A character that a field does not accept: the character itself if it is visible, otherwise its
 * kind, for which there is a text.
 */
export type StrangeCharacter = 'blank' | 'unseen' | (string & {});

/** Names a refused character for a message. A single accent is shown on a dotted circle. */
export function nameCharacter(character: string): StrangeCharacter {
  if (cleanLine(character) === '' && withoutMarks(character) !== '') return 'blank';
  if (/^\p{M}$/u.test(character)) return `\u25cc${character}`;
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character) ? character : 'unseen';
}

/**
 * Whether the text is valid Unicode. Half of a surrogate pair is not, because no encoding can
 * represent it.
 */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
