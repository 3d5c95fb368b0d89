import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, foldedWords, foldText, foldWord } from './fold.ts';

describe('folding', () => {
  it.each([
    ['Қарағанды', 'Караганды', 'Qaraghandy', 'Qarağandy', 'QARAGANDY'],
    ['Жезқазған', 'Жезказган', 'Джезказган', 'Zhezkazgan', 'Jezqazğan'],
    ['Өскемен', 'Оскемен', 'Öskemen', 'Oskemen'],
    ['Щучинск', 'Shchuchinsk', 'Schuchinsk'],
    ['Шымкент', 'Шимкент', 'Shymkent', 'Şymkent'],
    ['Үштөбе', 'Уштобе', 'Ushtobe', 'Üştöbe'],
    ['Һ', 'Х', 'kh', 'h'],
    ['Ёлка', 'Елка', 'Yelka'],
    // A Latin letter among Cyrillic ones, as it comes from a wrong keyboard.
    ['Алматы', '\u0041лматы', 'алм\u0061ты'],
    ['Қызыл', 'Кызыл', 'Кизил'],
  ])('makes one word of %s and its other spellings', (...spellings) => {
    expect(new Set(spellings.map(foldWord)).size).toBe(1);
  });

  it.each([
    ['Арал', 'Орал'],
    ['Шу', 'Шы'],
    ['Ақсу', 'Ақсай'],
  ])('keeps %s and %s apart', (left, right) => {
    expect(foldWord(left)).not.toBe(foldWord(right));
  });

  it('gives the position of each word', () => {
    const text = '  ул. Абая, 10/2';
    expect(foldedWords(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      'ул',
      'Абая',
      '10',
      '2',
    ]);
  });

  it('gives plain small letters and digits for any Cyrillic or Latin text, and folding again changes nothing', () => {
    const letters = [
      ...'абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһіabcdefghijklmnopqrstuvwxyzşğñöü0123456789 -',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...letters)), (parts) => {
        expect(foldText(parts.join(''))).toMatch(/^[a-z0-9 ]*$/);
        expect(foldText(parts.join('').toUpperCase())).toBe(foldText(parts.join('')));
      }),
    );
  });
});

describe('cleaning a text', () => {
  it('leaves letters as they are', () => {
    expect(cleanText('  Әл-Фараби даңғылы,  77/7\n')).toBe('Әл-Фараби даңғылы, 77/7');
  });

  it('composes letters and drops invisible characters', () => {
    expect(cleanText('Й\u200bош\u202eкар\u0000\ufeff\u2066')).toBe('Йошкар');
    expect(cleanText('и\u0306')).toBe('й');
    expect(cleanText('a\ud800b')).toBe('ab');
  });

  it('gives one line of limited length, without control and direction characters, for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        const clean = cleanText(text);
        expect([...clean].length).toBeLessThanOrEqual(200);
        expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]|^\s|\s$| {2}/u);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });

  it('cuts a megabyte before it looks at it', () => {
    expect(cleanText('а'.repeat(5_000_000))).toHaveLength(200);
  });
});
