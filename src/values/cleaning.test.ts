import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanCompact, cleanLine, cleanWords, isBlank, nameCharacter } from './cleaning.ts';

const marks = [
  ...'\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e',
  ...'\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\ufe0f\ufeff\ufff9\u{e0041}',
];
const blanks = [
  ...' \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u2800\u3164\u115f\uffa0',
];
const dashes = [
  ...'-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u02d7\u2796\ufe58\ufe63\uff0d\u058a\u1806',
];

describe('cleaning of typed text', () => {
  it.each(marks)('removes the invisible mark %j everywhere', (mark) => {
    expect(cleanLine(`${mark}a${mark}b${mark}`)).toBe('ab');
    expect(cleanCompact(`1${mark}2`)).toBe('12');
  });

  it.each(blanks)('treats %j as a space', (blank) => {
    expect(cleanLine(`${blank}a${blank}b${blank}`)).toBe('a b');
    expect(cleanCompact(`1${blank}2`)).toBe('12');
    expect(isBlank(`${blank}\u200b${blank}`)).toBe(true);
  });

  it.each(dashes)('treats %j as a dash', (dash) => {
    expect(cleanWords(`a${dash}b`)).toBe('a-b');
    expect(cleanCompact(`${dash}1${dash}2${dash}`)).toBe('12');
  });

  it.each([
    ['０９', '09'],
    ['٠٩', '09'],
    ['۰۹', '09'],
    ['०९', '09'],
    ['\u{1d7ce}\u{1d7d7}\u{1d7ff}', '099'],
    ['Ａ（ｂ）＋＃', 'A(b)+#'],
    ['“Достық” ‘а’', '"Достық" \'а\''],
    ['²①Ⅳ', '²①Ⅳ'],
    ['и\u0306', 'й'],
  ])('writes %j as a keyboard would: %j', (text, plain) => {
    expect(cleanWords(text)).toBe(plain);
  });

  it('changes nothing that a keyboard writes, and a second cleaning changes nothing', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-zА-яӘәҒғҚқҢңӨөҰұҮүҺһІі0-9.,№"'()/+#@-]{0,30}$/), (text) => {
        expect(cleanWords(text)).toBe(text);
      }),
    );
    for (const clean of [cleanLine, cleanWords, cleanCompact]) {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (text) => {
          expect(clean(clean(text))).toBe(clean(text));
        }),
        { numRuns: 2000 },
      );
    }
  });

  it('gives one text for all that look the same', () => {
    const noise = fc.array(fc.constantFrom(...marks), { maxLength: 3 }).map((signs) => signs.join(''));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'аbя1 -'), { maxLength: 12 }), noise, (signs, mark) => {
        const text = signs.join('');
        expect(cleanWords(`${mark}${signs.join(mark)}${mark}`)).toBe(cleanWords(text));
        expect(cleanWords(text.normalize('NFD'))).toBe(cleanWords(text));
      }),
    );
  });
});

describe('nameCharacter', () => {
  it.each([
    ['а', 'а'],
    ['*', '*'],
    ['😀', '😀'],
    [' ', 'blank'],
    ['\n', 'blank'],
    ['\u3164', 'blank'],
    ['\u0000', 'unseen'],
    ['\u0007', 'unseen'],
    ['\u200b', 'unseen'],
    ['\ue000', 'unseen'],
    ['\ud800', 'unseen'],
    ['\u0301', '\u25cc\u0301'],
  ])('calls %j %j', (character, name) => {
    expect(nameCharacter(character)).toBe(name);
  });

  it('never gives an invisible character, nor a code point', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (character) => {
        expect(nameCharacter(character)).toMatch(/^(blank|unseen|\u25cc\p{M}|[\p{L}\p{N}\p{P}\p{S}])$/u);
      }),
      { numRuns: 5000 },
    );
  });
});
