import { accepted, type Result, refused } from '../../result.ts';

declare const postcodeBrand: unique symbol;

/** A postal index: the old six digits (`050000`) or the new seven characters (`A25A2B8`). */
export type Postcode = string & { readonly [postcodeBrand]: true };

export type PostcodeReason = 'postcodeFormat';

/** Cyrillic letters with the shape of a Latin one: who fills in an address in Cyrillic types the index so. */
const lookAlikes: Readonly<Record<string, string>> = {
  А: 'A',
  В: 'B',
  Е: 'E',
  І: 'I',
  К: 'K',
  М: 'M',
  Н: 'H',
  О: 'O',
  Р: 'P',
  С: 'C',
  Т: 'T',
  У: 'Y',
  Ү: 'Y',
  Х: 'X',
};

/**
 * Reads a postal index: spaces are dropped, small letters made capital, Cyrillic look-alikes made Latin. Whether such an
 * index exists is not asked: the letters of the newest regions are in no published list.
 */
export function parsePostcode(text: string): Result<Postcode, PostcodeReason> {
  const compact = text.replace(/\s/g, '');
  // Checked before the letters are made capital: "ſ" and "ı" would become S and I.
  if (!/^(?:[0-9]{6}|[0-9A-Za-zА-Яа-яІіҮү]{7})$/.test(compact)) return refused('postcodeFormat');
  const postcode = compact.toUpperCase().replace(/[^0-9A-Z]/g, (letter) => lookAlikes[letter] ?? letter);
  return /^(?:[0-9]{6}|[A-Z][0-9]{2}[A-Z][0-9][A-Z][0-9])$/.test(postcode)
    ? accepted(postcode as Postcode)
    : refused('postcodeFormat');
}

/** Shows a postal index as it is stored. */
export function formatPostcode(postcode: string): string {
  return postcode;
}
