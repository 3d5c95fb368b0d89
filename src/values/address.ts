import { cleanWords, isWellFormed, nameCharacter, type StrangeCharacter } from './cleaning.ts';
import { accepted, type Result, refused } from './result.ts';

declare const addressBrand: unique symbol;
declare const apartmentBrand: unique symbol;

/** Region, district, city, street and house in Cyrillic letters, 1 to 200 characters. */
export type Address = string & { readonly [addressBrand]: true };

/**
 * The number of a flat or of premises, 1 to 10 characters: `12`, `12А`, `12/1`, `№ 5`, `н.п. 3`.
 */
export type Apartment = string & { readonly [apartmentBrand]: true };

export type AddressReason = 'addressLatinLetter' | 'addressCharacter' | 'addressNoLetter' | 'addressTooLong';

export type ApartmentReason =
  | 'apartmentLatinLetter'
  | 'apartmentCharacter'
  | 'apartmentNoNumber'
  | 'apartmentTooLong';

/** Maximum length of an address and of an apartment, in characters (code points). */
const ADDRESS_LENGTH = 200;
const APARTMENT_LENGTH = 10;

const cyrillic = 'А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі';
const outsideAddress = new RegExp(`[^${cyrillic}0-9 .,/№"«»()'-]`, 'u');
const outsideApartment = new RegExp(`[^${cyrillic}0-9 ./№-]`, 'u');
const letter = new RegExp(`[${cyrillic}]`, 'u');
const letterOrDigit = new RegExp(`[${cyrillic}0-9]`, 'u');

/**
 * Reads an address, "strictly in Cyrillic letters" as the memo says: Russian and Kazakh letters,
 * digits, spaces and `. , - / № " « » ( ) '`.
 *
 * The text is cleaned like every field (`cleanWords`), and runs of spaces become one. Nothing else
 * is rewritten. `detail` names the first character that is not allowed. A Latin letter has its own
 * reason, because it looks like the Cyrillic one.
 */
export function parseAddress(text: string): Result<Address, AddressReason> {
  const address = canonical(text);
  if (isLonger(address, ADDRESS_LENGTH)) return refused('addressTooLong');
  const strange = firstOutside(address, outsideAddress);
  if (strange?.latin === true) return refused('addressLatinLetter', strange.character);
  if (strange) return refused('addressCharacter', strange.character);
  return letter.test(address) ? accepted(address as Address) : refused('addressNoLetter');
}

/**
 * Reads an apartment: Cyrillic letters, digits, spaces and `. / - №`, with at least a letter or a
 * digit.
 */
export function parseApartment(text: string): Result<Apartment, ApartmentReason> {
  const apartment = canonical(text);
  if (isLonger(apartment, APARTMENT_LENGTH)) return refused('apartmentTooLong');
  const strange = firstOutside(apartment, outsideApartment);
  if (strange?.latin === true) return refused('apartmentLatinLetter', strange.character);
  if (strange) return refused('apartmentCharacter', strange.character);
  return letterOrDigit.test(apartment) ? accepted(apartment as Apartment) : refused('apartmentNoNumber');
}

/** Shows an address as it is stored. */
export function formatAddress(address: string): string {
  return address;
}

/** Shows an apartment as it is stored. */
export function formatApartment(apartment: string): string {
  return apartment;
}

function canonical(text: string): string {
  return cleanWords(text).replace(/ +/g, ' ');
}

/** Stops counting early: a code point has at most two UTF-16 units. */
function isLonger(text: string, limit: number): boolean {
  return text.length > 2 * limit || [...text].length > limit;
}

function firstOutside(
  text: string,
  outside: RegExp,
): { readonly character: StrangeCharacter; readonly latin: boolean } | undefined {
  if (!isWellFormed(text)) return { character: 'unseen', latin: false };
  const found = outside.exec(text)?.[0];
  if (found === undefined) return undefined;
  return { character: nameCharacter(found), latin: /\p{Script=Latin}/u.test(found) };
}
