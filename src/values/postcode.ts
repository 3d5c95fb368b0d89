import { cleanCompact } from './cleaning.ts';
import { asLatinShapes } from './look-alikes.ts';
import { accepted, type Result, refused } from './result.ts';

declare const postcodeBrand: unique symbol;

/** A postcode: the old six digits (`050000`) or the new seven characters (`A25A2B8`). */
export type Postcode = string & { readonly [postcodeBrand]: true };

export type PostcodeReason = 'postcodeFormat';

const maxLength = 100;

/**
 * Reads a postcode. Spaces and dashes are removed, and small letters become capital. Cyrillic
 * look-alikes become Latin, because people who write an address in Cyrillic also type the postcode
 * that way. Whether the postcode exists is not checked: no published list has the letters of the
 * newest regions.
 */
export function parsePostcode(text: string): Result<Postcode, PostcodeReason> {
  if (text.length > maxLength) return refused('postcodeFormat');
  const compact = cleanCompact(text);
  // Checked before the letters become capital, because "ſ" and "ı" would become S and I.
  if (!/^(?:[0-9]{6}|[0-9A-Za-zА-Яа-яІіҮүҺһЈјЅѕ]{7})$/.test(compact)) return refused('postcodeFormat');
  const postcode = asLatinShapes(compact.toUpperCase());
  return /^(?:[0-9]{6}|[A-Z][0-9]{2}[A-Z][0-9][A-Z][0-9])$/.test(postcode)
    ? accepted(postcode as Postcode)
    : refused('postcodeFormat');
}

/** Shows a postcode as it is stored. */
export function formatPostcode(postcode: string): string {
  return postcode;
}
