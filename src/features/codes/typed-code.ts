import { cleanWords } from '../../values/cleaning.ts';
import { asLatinKeys, asLatinShapes, typedDigits } from '../../values/look-alikes.ts';

/**
 * Six digits for a confirmation, eight Crockford characters where a code opens an account, ten on
 * paper.
 */
export type CodeForm = 'digits' | 'long' | 'paper';

/** Why a text is not a code. It uses no try. */
export type CodeFormReason = 'codeNotSixDigits' | 'codeNotEightCharacters' | 'codeOfNoForm';

/** The reason for a text without a code of this form. */
export const notACode = {
  digits: 'codeNotSixDigits',
  long: 'codeNotEightCharacters',
  paper: 'codeOfNoForm',
} as const satisfies Record<CodeForm, CodeFormReason>;

/** Crockford characters of the forms that have them. */
const characters = { long: 8, paper: 10 } as const;

/** Whole messages may be pasted, but a longer text is not one of ours. UTF-16 units. */
const maxLength = 5_000;

/**
 * Reads a typed or pasted code: in groups, in quotes, before a full stop, as the line `@host #CODE`
 * or the whole message, or typed on the Cyrillic layout. Returns every possible reading, at most
 * two (Cyrillic letters by their shape and by their key), or none when the text contains no code.
 */
export function readCode(text: string, form: CodeForm): readonly string[] {
  if (text.length > maxLength) return [];
  const line = cleanWords(text).toUpperCase();
  const bound = line.includes('#') ? line.slice(line.lastIndexOf('#') + 1) : undefined;
  const named = line.slice(line.lastIndexOf(':') + 1);
  const words = line.split(' ').reverse();
  // Among several words only a Latin one can be the code. Cyrillic words belong to the message.
  const single = [bound?.trim().split(' ')[0], ...words].filter(
    (word) => word !== undefined && !/\p{Script=Cyrillic}/u.test(word),
  );
  for (const part of [bound, named, line, ...single]) {
    const meanings = part === undefined ? [] : meaningsOf(part, form);
    if (meanings.length > 0) return meanings;
  }
  return [];
}

function meaningsOf(part: string, form: CodeForm): string[] {
  const bare = part.replace(/[^\p{L}\p{N}]/gu, '');
  if (form === 'digits') {
    return [...new Set([typedDigits(bare), typedDigits(part)])]
      .filter((code) => /^[0-9]{6}$/.test(code))
      .slice(0, 1);
  }
  // On the Kazakh layout some digits are signs. A typed digit shows that this layout was not on.
  const keys = /[0-9]/.test(part) ? bare : part.replace(/[ -]/g, '');
  const meanings = [asLatinShapes(bare), asLatinKeys(bare), asLatinKeys(keys)].map(crockford);
  return [...new Set(meanings)].filter(
    (code) => code.length === characters[form] && /^[0-9A-HJKMNP-TV-Z]+$/.test(code),
  );
}

/** Replaces letters that look alike, as Crockford defines. */
function crockford(text: string): string {
  return text.replace(/O/g, '0').replace(/[IL]/g, '1');
}
