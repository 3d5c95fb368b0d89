import { cleanCompact } from './cleaning.ts';
import { asLatinShapes } from './look-alikes.ts';
import { accepted, type Result, refused } from './result.ts';

declare const postcodeBrand: unique symbol;

/** A postal index: the old six digits (`050000`) or the new seven characters (`A25A2B8`). */
export type Postcode = string & { readonly [postcodeBrand]: true };

export type PostcodeReason = 'postcodeFormat';

const maxLength = 100;

/**
 * Reads a postal index: blanks and dashes are dropped, small letters made capital, Cyrillic
 * look-alikes made Latin: who fills in an address in Cyrillic types the index so. Whether such an
 * index exists is not asked: the letters of the newest regions are in no published list.
 */
export function parsePostcode(text: string): Result<Postcode, PostcodeReason> {
  if (text.length > maxLength) return refused('postcodeFormat');
  const compact = cleanCompact(text);
  // Checked before the letters are made capital: "ſ" and "ı" would become S and I.
  if (!/^(?:[0-9]{6}|[0-9A-Za-zА-Яа-яІіҮүҺһЈјЅѕ]{7})$/.test(compact)) return refused('postcodeFormat');
  const postcode = asLatinShapes(compact.toUpperCase());
  return /^(?:[0-9]{6}|[A-Z][0-9]{2}[A-Z][0-9][A-Z][0-9])$/.test(postcode)
    ? accepted(postcode as Postcode)
    : refused('postcodeFormat');
}

/** Shows a postal index as it is stored. */
export function formatPostcode(postcode: string): string {
  return postcode;
}
