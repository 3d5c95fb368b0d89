import { typedDigits } from './look-alikes.ts';
import { accepted, type Result, refused } from './result.ts';

declare const iinBrand: unique symbol;

/**
 * An individual identification number that passed `parseIin`: twelve ASCII digits. Never logged,
 * never in a URL.
 */
export type Iin = string & { readonly [iinBrand]: true };

const maxLength = 100;

export type IinReason = 'iinLength' | 'iinDate' | 'iinCheckDigit';

/**
 * Reads an IIN as typed. Spaces, dashes and invisible marks are removed, and digits of other
 * scripts and keys become ASCII.
 *
 * `YYMMDD S NNNN C`: birth date, century (1-2: 1800s, 3-4: 1900s, 5-6: 2000s, 0: a foreigner,
 * century unknown), serial number, check digit. A business number (BIN) has 40-69 in place of the
 * day, so it fails as a date. A right check digit shows that the number was typed correctly, not
 * whose it is.
 */
export function parseIin(text: string): Result<Iin, IinReason> {
  if (text.length > maxLength) return refused('iinLength');
  const digits = typedDigits(text);
  if (!/^[0-9]{12}$/.test(digits)) return refused('iinLength');
  if (!hasBirthDate(digits)) return refused('iinDate');
  if (checkDigit(digits) !== Number(digits[11])) return refused('iinCheckDigit');
  return accepted(digits as Iin);
}

const firstYearOfCentury: Readonly<Record<string, number>> = {
  1: 1800,
  2: 1800,
  3: 1900,
  4: 1900,
  5: 2000,
  6: 2000,
  // A foreigner's number does not show the century. 2000 is the only leap year of these centuries
  // that ends in 00, so no real date is refused.
  0: 2000,
};

function hasBirthDate(digits: string): boolean {
  const century = firstYearOfCentury[digits.charAt(6)];
  if (century === undefined) return false;
  const year = century + Number(digits.slice(0, 2));
  const month = Number(digits.slice(2, 4));
  const day = Number(digits.slice(4, 6));
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const firstWeights = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const secondWeights = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];

/**
 * The check digit of the first eleven digits. Undefined when neither row of weights gives one,
 * because such numbers are not issued.
 */
function checkDigit(digits: string): number | undefined {
  for (const weights of [firstWeights, secondWeights]) {
    const sum = weights.reduce((total, weight, index) => total + weight * Number(digits[index]), 0) % 11;
    if (sum < 10) return sum;
  }
  return undefined;
}

/** `9001••••0007`: enough for its owner to recognise, and not the whole number. */
export function maskIin(iin: string): string {
  return `${iin.slice(0, 4)}••••${iin.slice(-4)}`;
}
