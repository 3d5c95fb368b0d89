import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPostcode, parsePostcode } from './postcode.ts';

describe('parsePostcode', () => {
  it.each([
    ['050000', '050000'],
    ['010 000', '010000'],
    [' 050000 ', '050000'],
    ['A25A2B8', 'A25A2B8'],
    ['a25a2b8', 'A25A2B8'],
    ['A25 A2B8', 'A25A2B8'],
    ['Z05\u00a0E8P2', 'Z05E8P2'],
    ['А25А2В8', 'A25A2B8'],
    ['а25а2в8', 'A25A2B8'],
    ['С01Е2Н3', 'C01E2H3'],
    ['К01М2О3', 'K01M2O3'],
    ['Р01Т2У3', 'P01T2Y3'],
    ['Х01І2Ү3', 'X01I2Y3'],
    ['A25-A2B8', 'A25A2B8'],
    ['А25\u2011А2В8\u200b', 'A25A2B8'],
    ['Ａ２５Ａ２Ｂ８', 'A25A2B8'],
    ['٠٥٠٠٠٠', '050000'],
    ['０５００００', '050000'],
    ['\u200e050\u2009000\u00ad', '050000'],
  ])('reads %j as %s', (text, value) => {
    expect(parsePostcode(text)).toEqual({ ok: true, value });
  });

  it.each([
    '',
    ' ',
    '05000',
    '0500000',
    'A25A2B',
    'A25A2B88',
    '125A2B8',
    'A2SA2B8',
    'AO5A2B8',
    'A25A2BB',
    'Ж25А2В8',
    'Б25А2В8',
    'ſ25A2B8',
    'ı25A2B8',
    'A25A2B8\u0000',
    'A25A2B\ud800',
    '0'.repeat(1_000_000),
  ])('refuses %j', (text) => {
    expect(parsePostcode(text)).toEqual({ ok: false, reason: 'postcodeFormat' });
  });

  it('never throws, and reads its own result as the same value', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.stringMatching(/^[A-CА-Сa-cа-с][0-9]{2}[A-Cа-с][0-9][A-Cа-с][0-9]$/),
        ),
        (text) => {
          const first = parsePostcode(text);
          if (!first.ok) return;
          expect(first.value).toMatch(/^([0-9]{6}|[A-Z][0-9]{2}[A-Z][0-9][A-Z][0-9])$/);
          expect(parsePostcode(formatPostcode(first.value))).toEqual(first);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads a Latin and a Cyrillic spelling as one postcode', () => {
    const pairs = fc.constantFrom(
      ...['AА', 'BВ', 'CС', 'EЕ', 'HН', 'IІ', 'KК', 'MМ', 'OО', 'PР', 'TТ', 'XХ', 'YУ'],
    );
    fc.assert(
      fc.property(pairs, pairs, fc.nat({ max: 99 }), (one, two, number) => {
        const digits = String(number).padStart(2, '0');
        const spell = (index: 0 | 1) => `${one[index]}${digits}${two[index]}1${one[index]}2`;
        expect(parsePostcode(spell(1))).toEqual(parsePostcode(spell(0)));
        expect(parsePostcode(spell(1).toLowerCase()).ok).toBe(true);
      }),
    );
  });
});
