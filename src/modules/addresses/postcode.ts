import { accepted, type Result, refused } from '../../result.ts';
import { cleanText } from './fold.ts';

/**
 * A postal index of Kazakhstan: six digits, or seven characters of the new form (letter, two digits, letter, digit,
 * letter, digit: order № 66 of 29 July 2016). Only `parsePostcode` makes one.
 */
export type Postcode = string & { readonly Postcode: unique symbol };

/** Cyrillic letters typed for the Latin ones of the new form: alike in shape. */
const lookAlikes: Readonly<Record<string, string>> = {
  А: 'A',
  В: 'B',
  С: 'C',
  Е: 'E',
  Н: 'H',
  Һ: 'H',
  К: 'K',
  Қ: 'K',
  М: 'M',
  О: 'O',
  Р: 'P',
  Т: 'T',
  Х: 'X',
};

/** First letter of the new form and first two digits of the old one, by the KATO code of the region. */
const regions: readonly {
  readonly kato: number;
  readonly letter: string | null;
  readonly prefix: string | null;
}[] = [
  { kato: 710000000, letter: 'Z', prefix: '01' },
  { kato: 110000000, letter: 'C', prefix: '02' },
  { kato: 150000000, letter: 'D', prefix: '03' },
  { kato: 190000000, letter: 'B', prefix: '04' },
  { kato: 750000000, letter: 'A', prefix: '05' },
  { kato: 230000000, letter: 'E', prefix: '06' },
  { kato: 630000000, letter: 'F', prefix: '07' },
  { kato: 310000000, letter: 'H', prefix: '08' },
  { kato: 270000000, letter: 'L', prefix: '09' },
  { kato: 350000000, letter: 'M', prefix: '10' },
  { kato: 390000000, letter: 'P', prefix: '11' },
  { kato: 430000000, letter: 'N', prefix: '12' },
  { kato: 470000000, letter: 'R', prefix: '13' },
  { kato: 550000000, letter: 'S', prefix: '14' },
  { kato: 590000000, letter: 'T', prefix: '15' },
  { kato: 610000000, letter: 'X', prefix: '16' },
];

/**
 * Regions made in 2018 and 2022 from others: their indexes may still begin as those of the region they were part of,
 * and their own letters are not known, so no hint is given where one of the two is meant.
 */
const partOf: Readonly<Record<number, number>> = {
  100000000: 630000000,
  330000000: 190000000,
  620000000: 350000000,
  790000000: 610000000,
};

/**
 * Reads a postal index as people type it: white space and hyphens dropped, any case, Cyrillic look-alikes of the
 * Latin letters (А В Е К М Н О Р С Т Х) taken for them. Refuses with `postcodeInvalid` when it is neither form.
 */
export function parsePostcode(text: string): Result<Postcode, 'postcodeInvalid'> {
  const folded = [...cleanText(text, 20).toUpperCase().replace(/[\s-]/g, '')]
    .map((letter) => lookAlikes[letter] ?? letter)
    .join('');
  // The letter O for a zero, and a zero for the letter, where the place of the character tells which is meant.
  const placed = folded.length === 7 ? placeCharacters(folded) : folded;
  return isPostcode(placed) ? accepted(placed) : refused('postcodeInvalid');
}

/** True for an index in its canonical form. */
export function isPostcode(text: string): text is Postcode {
  return /^(?:\d{6}|[A-Z]\d{2}[A-Z]\d[A-Z]\d)$/.test(text);
}

function placeCharacters(text: string): string {
  return [...text]
    .map((character, index) => {
      const digit = index !== 0 && index !== 3 && index !== 5;
      if (digit && character === 'O') return '0';
      return character;
    })
    .join('');
}

/** KATO code of the region an index begins as, or null where the beginning is not known. */
export function regionOfPostcode(postcode: Postcode): number | null {
  const found = regions.find(({ letter, prefix }) =>
    postcode.length === 6 ? prefix === postcode.slice(0, 2) : letter === postcode[0],
  );
  return found?.kato ?? null;
}

/**
 * Whether an index seems to belong to another region than the chosen place. A hint to show beside the field and never
 * an error: people move, regions are cut anew, and the table of beginnings has gaps.
 * `kato` is the code of the place, at any level.
 */
export function postcodeSeemsElsewhere(postcode: Postcode, kato: number): boolean {
  const meant = regionOfPostcode(postcode);
  if (meant === null) return false;
  const region = Math.floor(kato / 10_000_000) * 10_000_000;
  return region !== meant && partOf[region] !== meant;
}
