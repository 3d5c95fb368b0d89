import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, formatApartment, parseAddress, parseApartment } from './address.ts';

const kazakh = 'ӘәҒғҚқҢңӨөҰұҮүҺһІі';

describe('parseAddress', () => {
  it.each([
    'Әл-Фараби даңғылы, 77/7',
    'Алматы қ., Достық д-лы, 5-үй',
    'г. Астана, ул. Кенесары, д. № 40',
    'Ақмола обл., Бурабай а., "Достық" ш/а, 12',
    'Шымкент қ., «Нұрсат» шағын ауданы (2-кезең), 15 үй',
    "с. Об'ездное, ул. Ёлочная, 1",
    `${kazakh}`,
    'А',
    'ө'.repeat(200),
  ])('keeps %j byte for byte', (text) => {
    expect(parseAddress(text)).toEqual({ ok: true, value: text });
  });

  it.each([
    ['  Алматы   қ.  ', 'Алматы қ.'],
    ['Алматы\u00a0қ.,\u202fДостық 5', 'Алматы қ., Достық 5'],
    ['Әл–Фараби — 77‑7', 'Әл-Фараби - 77-7'],
    ['“Достық” ш/а', '"Достық" ш/а'],
    ['„Достық‟ ш/а', '"Достық" ш/а'],
    ['Об’ездное', "Об'ездное"],
    ['Обʼездное', "Об'ездное"],
    ['Абаи\u0306 даңғылы', 'Абай даңғылы'],
    ['Е\u0308лочная', 'Ёлочная'],
    ['Абая ٣, ７', 'Абая 3, 7'],
    ['Абая\t12\n', 'Абая 12'],
    ['Аба\u200bя\u00ad,\u2060 5', 'Абая, 5'],
    ['\u202eАбая\u2069', 'Абая'],
    ['\ufeffАбая\u3000５（а）', 'Абая 5(а)'],
  ])('changes %j to its canonical form', (text, value) => {
    expect(parseAddress(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['Aлматы', 'A'],
    ['Алмаtы', 't'],
    ['Абая 12a', 'a'],
    ['улица Iле', 'I'],
    ['Dostyq 5', 'D'],
    ['Абая é', 'é'],
    ['Абая Ⅳ', 'Ⅳ'],
    ['Абая Ａ', 'A'],
  ])('names the Latin letter in %j', (text, detail) => {
    expect(parseAddress(text)).toEqual({ ok: false, reason: 'addressLatinLetter', detail });
  });

  it.each([
    ['Абая; 12', ';'],
    ['Абая <b>', '<'],
    ['Абая & Достық', '&'],
    ['Абая_12', '_'],
    ['Абая 12 🏠', '🏠'],
    ['Їжак', 'Ї'],
    ['Αбая', 'Α'],
    ['Абая\u0000', 'unseen'],
    ['Абая\u0301', '\u25cc\u0301'],
    ['Абая\ue000', 'unseen'],
    ['Абая \ud83c', 'unseen'],
    ['Абая \udc00\ud800', 'unseen'],
  ])('refuses %j, naming %s', (text, detail) => {
    expect(parseAddress(text)).toEqual({ ok: false, reason: 'addressCharacter', detail });
  });

  it.each(['', ' ', '12', '№ 5, 12/7', '«»'])('asks for a letter in %j', (text) => {
    expect(parseAddress(text)).toEqual({ ok: false, reason: 'addressNoLetter' });
  });

  it('counts characters after runs of spaces have become one', () => {
    expect(parseAddress('ө'.repeat(201))).toEqual({ ok: false, reason: 'addressTooLong' });
    expect(parseAddress(`${'ө'.repeat(199)} ${' '.repeat(500)}`).ok).toBe(true);
    expect(parseAddress('и\u0306'.repeat(200)).ok).toBe(true);
    expect(parseAddress('я'.repeat(1_000_000))).toEqual({ ok: false, reason: 'addressTooLong' });
    expect(parseAddress('🏠'.repeat(200))).toMatchObject({ reason: 'addressCharacter' });
  });

  it('reads its own result as the same value, and gives nothing outside the alphabet', () => {
    const near = fc.array(fc.constantFrom(...'Аяқ 12.,-–/№"“«»()’Ё\u0306\u00a0zѢ\u200b\ud800'), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          near.map((all) => all.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const first = parseAddress(text);
          if (!first.ok) return;
          expect(first.value).toMatch(/^[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі0-9 .,\-/№"«»()']{1,200}$/u);
          expect(parseAddress(formatAddress(first.value))).toEqual(first);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('parseApartment', () => {
  it.each([
    '1',
    '№ 5',
    '№12',
    '12',
    '12А',
    '12а',
    '12/1',
    '12-14',
    '7-ә',
    'н.п. 3',
    'ВП-5',
    '12 пәтер',
    'А',
    '1234567890',
  ])('keeps %j', (text) => {
    expect(parseApartment(text)).toEqual({ ok: true, value: text });
    expect(parseApartment(formatApartment(text))).toEqual({ ok: true, value: text });
  });

  it.each([
    ['12A', 'apartmentLatinLetter', 'A'],
    ['12b', 'apartmentLatinLetter', 'b'],
    ['12,13', 'apartmentCharacter', ','],
    ['12\ud800', 'apartmentCharacter', 'unseen'],
  ])('refuses %j: %s %s', (text, reason, detail) => {
    expect(parseApartment(text)).toEqual({ ok: false, reason, detail });
  });

  it.each([
    ['12345678901', 'apartmentTooLong'],
    ['я'.repeat(1_000_000), 'apartmentTooLong'],
    ['', 'apartmentNoNumber'],
    [' ', 'apartmentNoNumber'],
    ['-', 'apartmentNoNumber'],
    ['./-', 'apartmentNoNumber'],
  ])('refuses %j: %s', (text, reason) => {
    expect(parseApartment(text)).toEqual({ ok: false, reason });
  });

  it('never throws, and reads its own result as the same value', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9А-я/ .–-]{0,12}$/)),
        (text) => {
          const first = parseApartment(text);
          if (first.ok) expect(parseApartment(first.value)).toEqual(first);
          else expect(first.reason).toMatch(/^apartment/);
        },
      ),
    );
  });
});
