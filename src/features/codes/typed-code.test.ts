import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCode } from './typed-code.ts';

describe('six digits', () => {
  test.each([
    '123456',
    ' 123 456 ',
    '123-456',
    '123\u2011456',
    '123\u2013456',
    '123\u00ad456',
    '123\u00a0456',
    '\u200e123456\u200f',
    '\ufeff123\u2060456',
    '１２３４５６',
    '١٢٣٤٥٦',
    '"123456"',
    '«123456».',
    '123456.',
    '(123456)',
    '#123456',
    '@cabinet.example.kz #123456',
    '@cabinet.example.kz #123456.',
    'БЖЗҚ: растау коды. Ешкімге айтпаңыз\n@cabinet.example.kz #123456',
    'Код: 123456',
    'Код 123456',
    '"әіңғ,',
    '"ӘІҢҒ,',
    '”әіңғ,',
    'I2З456'.replace('З', '3'),
  ])('%j is 123456', (text) => {
    expect(readCode(text, 'digits')).toEqual(['123456']);
  });

  test.each(['', ' ', '12345', '1234567', '12345.', 'жоқ', 'ABCDEF', '\ud800', '1'.repeat(6_000)])(
    '%j is no code',
    (text) => {
      expect(readCode(text, 'digits')).toEqual([]);
    },
  );
});

test('the last of several codes counts', () => {
  expect(readCode('123456 654321', 'digits')).toEqual(['654321']);
});

describe('eight characters', () => {
  test.each([
    'AB12CD34',
    'ab12-cd34',
    'AB12\u2011CD34',
    'AB12 – CD34',
    'AB12\u00adCD34',
    '\u2068AB12CD34\u2069',
    'ＡＢ１２ＣＤ３４',
    '“AB12CD34”.',
    '@cabinet.example.kz #AB12CD34',
    '@cabinet.example.kz #AB12CD34. Ешкімге айтпаңыз',
    'Код для входа: AB12CD34',
    'Ваш код AB12CD34.',
    'Password code AB12CD34',
    'ФИ12СВ34',
    'фи"әсвің',
  ])('%j is AB12CD34', (text) => {
    expect(readCode(text, 'long')).toContain('AB12CD34');
  });

  test('letters that look alike are equal', () => {
    expect(readCode('oIl0oIl0', 'long')).toEqual(['01100110']);
    expect(readCode('АВС1ЕНКМ', 'long')).toContain('ABC1EHKM');
  });

  test.each(['', 'AB12CD3', 'AB12CD345', 'UUUUUUUU', 'бейтаныс сөз', 'AB12CD3!'])('%j is no code', (text) => {
    expect(readCode(text, 'long')).toEqual([]);
  });
});

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const alphabets = { digits: ['0123456789', 6], long: [crockford, 8], paper: [crockford, 10] } as const;
const nothing = fc.constantFrom(
  '',
  ...[...'\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\u180e\u061c'],
  ...[...' \t\u00a0\u2003\u202f\u3000-\u2010\u2011\u2012\u2013\u2014\u2212'],
);

describe.each(['digits', 'long', 'paper'] as const)('a code of %s', (form) => {
  const [alphabet, length] = alphabets[form];
  const code = fc
    .array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length })
    .map((signs) => signs.join(''));

  test('is found with invisible characters, spaces or hyphens between its characters', () => {
    fc.assert(
      fc.property(
        code,
        fc.array(nothing, { minLength: length + 1, maxLength: length + 1 }),
        (right, between) => {
          const typed =
            [...right].map((sign, place) => `${between[place]}${sign}`).join('') + between[length];
          expect(readCode(typed, form)).toEqual([right]);
          expect(readCode(typed.toLowerCase(), form)).toEqual([right]);
        },
      ),
    );
  });

  test('is found in the line of its message, in quotes, and before punctuation', () => {
    const behind = fc.constantFrom('', '.', '!', ')', '»', '".', '\n');
    fc.assert(
      fc.property(code, behind, (right, sign) => {
        for (const before of ['', '@kabinet.example.kz #', '"', '«', 'Код: '])
          expect(readCode(before + right + sign, form)).toEqual([right]);
      }),
    );
  });

  test('has at most two readings, each of the right form, whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[А-я0-9#:". -]{0,20}$/)),
        (text) => {
          const meanings = readCode(text, form);
          expect(meanings.length).toBeLessThanOrEqual(form === 'digits' ? 1 : 2);
          for (const one of meanings) expect(readCode(one, form)).toEqual([one]);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

const latinKeys = 'QWERTYPASDFGHJKZXCVBNM';
const russianKeys = 'ЙЦУКЕНЗФЫВАПРОЛЯЧСМИТЬ';
const kazakhDigits = 'Қ"ӘІҢҒ,.ҮҰ';

test('every code typed on the Russian or Kazakh layout is among its readings', () => {
  const code = fc
    .array(fc.constantFrom(...crockford), { minLength: 8, maxLength: 8 })
    .map((signs) => signs.join(''));
  const onLayout = (text: string, digits: string) =>
    [...text].map((sign) => russianKeys[latinKeys.indexOf(sign)] ?? digits[Number(sign)] ?? sign).join('');
  fc.assert(
    fc.property(code, (right) => {
      expect(readCode(onLayout(right, '0123456789'), 'long')).toContain(right);
      expect(readCode(onLayout(right, kazakhDigits), 'long')).toContain(right);
    }),
  );
  const digits = fc.stringMatching(/^[0-9]{6}$/);
  fc.assert(
    fc.property(digits, (right) => {
      expect(readCode(onLayout(right, kazakhDigits), 'digits')).toEqual([right]);
    }),
  );
});
