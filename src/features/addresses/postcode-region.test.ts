import { describe, expect, it } from 'vitest';
import { type Postcode, parsePostcode } from '../../values/postcode.ts';
import { postcodeSeemsElsewhere, regionOfPostcode } from './postcode-region.ts';

function postcode(text: string): Postcode {
  const read = parsePostcode(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}

describe('the region of a postcode', () => {
  it.each([
    ['050000', 750_000_000],
    ['A25A2B8', 750_000_000],
    ['Z05E8P2', 710_000_000],
    ['010000', 710_000_000],
    ['X15A1A1', 610_000_000],
    ['990000', null],
    ['W15A1A1', null],
  ])('%s', (text, kato) => {
    expect(regionOfPostcode(postcode(text))).toBe(kato);
  });

  it.each([
    // A postcode of Almaty with a place in Karaganda.
    ['050000', 351_010_000, true],
    ['A25A2B8', 351_010_000, true],
    ['100000', 351_010_000, false],
    // A village has the postcode of its region.
    ['040900', 195_237_100, false],
    // New regions keep the postcodes of the regions they were part of.
    ['070000', 101_010_000, false],
    ['100600', 621_010_000, false],
    ['160000', 790_000_000, false],
    ['X15A1A1', 790_000_000, false],
    // Nothing is known about the beginning, so there is no hint.
    ['W15A1A1', 351_010_000, false],
  ])('%s with a place of %i hints: %s', (text, kato, hint) => {
    expect(postcodeSeemsElsewhere(postcode(text), kato)).toBe(hint);
  });
});
