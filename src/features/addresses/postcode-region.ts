import type { Postcode } from '../../values/postcode.ts';

/**
 * For each region: its KATO code, the first letter of the new postcode, and the first two digits of
 * the old one.
 */
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
 * Regions created from others in 2018 and 2022. Their postcodes may still begin as those of the
 * former region, and their own letters are not known. No hint is given between the two.
 */
const partOf: Readonly<Record<number, number>> = {
  100000000: 630000000,
  330000000: 190000000,
  620000000: 350000000,
  790000000: 610000000,
};

/**
 * The KATO code of the region that a postcode begins as, or null when the beginning is not known.
 */
export function regionOfPostcode(postcode: Postcode): number | null {
  const found = regions.find(({ letter, prefix }) =>
    postcode.length === 6 ? prefix === postcode.slice(0, 2) : letter === postcode[0],
  );
  return found?.kato ?? null;
}

/**
 * Whether a postcode seems to belong to another region than the chosen place. It is a hint beside
 * the field and never an error: people move, borders of regions change, and the table of beginnings
 * has gaps. `kato` is the code of the place, at any level.
 */
export function postcodeSeemsElsewhere(postcode: Postcode, kato: number): boolean {
  const meant = regionOfPostcode(postcode);
  if (meant === null) return false;
  const region = Math.floor(kato / 10_000_000) * 10_000_000;
  return region !== meant && partOf[region] !== meant;
}
