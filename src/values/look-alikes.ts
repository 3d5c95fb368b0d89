import { cleanCompact } from './cleaning.ts';

/** Capital Cyrillic letters with the shape of a Latin one. */
// biome-ignore format: an alphabet reads better in rows
const lookAlikes: Readonly<Record<string, string>> = {
  А: 'A', В: 'B', С: 'C', Е: 'E', Н: 'H', Һ: 'H', І: 'I', Ј: 'J', К: 'K', М: 'M', О: 'O', Р: 'P', Ѕ: 'S', Т: 'T',
  У: 'Y', Ү: 'Y', Х: 'X',
};

/**
 * The letter keys on the Russian and Kazakh layouts, and the letters that they write on the Latin
 * one.
 */
// biome-ignore format: a keyboard reads better in rows
const letterKeys: Readonly<Record<string, string>> = {
  Й: 'Q', Ц: 'W', У: 'E', К: 'R', Е: 'T', Н: 'Y', Г: 'U', Ш: 'I', Щ: 'O', З: 'P',
  Ф: 'A', Ы: 'S', В: 'D', А: 'F', П: 'G', Р: 'H', О: 'J', Л: 'K', Д: 'L',
  Я: 'Z', Ч: 'X', С: 'C', М: 'V', И: 'B', Т: 'N', Ь: 'M',
};

/** The row of digits on the Kazakh layout without Shift. */
// biome-ignore format: a keyboard reads better in rows
const digitKeys: Readonly<Record<string, string>> = {
  '"': '1', Ә: '2', І: '3', Ң: '4', Ғ: '5', ',': '6', '.': '7', Ү: '8', Ұ: '9', Қ: '0',
};

/**
 * Replaces Cyrillic letters with Latin ones of the same shape. Other characters stay. `text` is in
 * capitals.
 */
export function asLatinShapes(text: string): string {
  return replaced(text, lookAlikes);
}

/**
 * Replaces characters with those of the same keys on the Latin layout. Other characters stay.
 * `text` is in capitals.
 */
export function asLatinKeys(text: string): string {
  return replaced(text, { ...letterKeys, ...digitKeys });
}

/**
 * The digits of a number, in any of the ways people type it: grouped by spaces or dashes, in
 * another script or width, with the letter O for 0 and I or L for 1, or with the Kazakh layout on,
 * where `"әіңғ,` is 123456. A text that cannot be read this way is returned cleaned.
 */
export function typedDigits(text: string): string {
  const compact = cleanCompact(text).toUpperCase();
  const plain = compact.replace(/[OО]/g, '0').replace(/[IL]/g, '1');
  if (/^[0-9]+$/.test(plain)) return plain;
  const keys = replaced(compact, digitKeys);
  return !/[0-9]/.test(compact) && /^[0-9]+$/.test(keys) ? keys : compact;
}

function replaced(text: string, by: Readonly<Record<string, string>>): string {
  return [...text].map((sign) => by[sign] ?? sign).join('');
}
