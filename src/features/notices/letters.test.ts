import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeys } from '../../platform/keys.ts';
import { type LetteredMessage, lettersMacs, lettersOf, readLetters, recipientEnd } from './letters.ts';
import { smsParts } from './sms-parts.ts';

const keys = createKeys(['k'.repeat(32)]);
const rotated = createKeys(['n'.repeat(32), 'k'.repeat(32)]);
const message: LetteredMessage = { wording: 'Код', day: '2026-11-30', to: '+77015550001' };
const form = /^[DFGJKLMNQRSTVWXZ]{6}$/;

describe('the letters of a message', () => {
  test('are six of sixteen, whatever the message', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (wording, to) => {
        expect(lettersOf(keys, { ...message, wording, to })).toEqual([expect.stringMatching(form)]);
      }),
    );
  });

  test.each([
    ['text', { wording: 'Код.' }],
    ['day', { day: '2026-12-01' }],
    ['recipient', { to: '+77015550002' }],
    ['division into text and day', { wording: 'Код2', day: '026-11-30' }],
  ])('are those of another message with another %s', (_what, different) => {
    expect(lettersOf(keys, { ...message, ...different })).not.toEqual(lettersOf(keys, message));
  });

  test('are used evenly', () => {
    const all = Array.from({ length: 4_000 }, (_, n) => lettersOf(keys, { ...message, to: String(n) })).join(
      '',
    );
    const counts = [...'DFGJKLMNQRSTVWXZ'].map((letter) => all.split(letter).length - 1);
    // 1,500 of each are expected, with a deviation of 37.5.
    expect(Math.min(...counts)).toBeGreaterThan(1_200);
    expect(Math.max(...counts)).toBeLessThan(1_800);
  });

  test('of a former key are known beside those of the signing key', () => {
    const [now, before, ...more] = lettersOf(rotated, message);
    expect([before]).toEqual(lettersOf(keys, message));
    expect(now).not.toBe(before);
    expect(more).toEqual([]);
  });

  test('cannot be found from what is stored without a key, and are found with a former one', () => {
    const [letters = ''] = lettersOf(keys, message);
    const [stored] = lettersMacs(keys, letters);
    expect(stored).toHaveLength(16);
    expect(lettersMacs(rotated, letters)[1]).toEqual(stored);
    expect(lettersMacs(createKeys(['n'.repeat(32)]), letters)).not.toContainEqual(stored);
    // What makes the letters is another purpose, so that the stored value does not begin with them.
    expect(keys.sign('message letters', letters).subarray(0, 16)).not.toEqual(stored);
  });

  test('cost one unit each in the alphabet of an SMS', () => {
    expect(smsParts('DFGJKLMNQRSTVWXZ'.repeat(10))).toMatchObject({ encoding: 'gsm', parts: { length: 1 } });
  });
});

describe('typed letters', () => {
  test.each([
    'KDMTRF',
    'kdmtrf',
    ' KDM TRF ',
    'K D M T R F',
    'kdm-trf',
    '№KDMTRF',
    '№ kdmtrf.',
    'Ref KDMTRF',
    '«KDMTRF»',
    '\u2068KDMTRF\u2069',
    'ＫＤＭＴＲＦ',
    // With Cyrillic letters of the same shape.
    'КDМТRF',
    'ЕНПФ: пароль изменён. Не Вы? Звоните 1418\n№KDMTRF',
    'Код смены контакта. ЕНПФ не спросит\n№KDMTRF\n@cabinet.enpf.kz #012345',
    'UAPF: password changed. Not you? Call 1418\nRef KDMTRF',
    'You can compare this email on the help page: KDMTRF',
  ])('are read from %j', (text) => {
    expect(readLetters(text)).toEqual(['KDMTRF']);
  });

  test('on the Cyrillic layout are read by their keys', () => {
    expect(readLetters('лвьека')).toEqual(['KDMTRF']);
  });

  test('that can be read in two ways are read in both', () => {
    expect(readLetters('КМТКМТ')).toEqual(['KMTKMT', 'RVNRVN']);
  });

  test.each(['', 'KDMTR', 'KDMTRFF', 'KDMTRO', 'HPCBYI', '123456', 'AB12CD34', 'Сәлеметсіз бе'])(
    'are not found in %j',
    (text) => {
      expect(readLetters(text)).toEqual([]);
    },
  );

  test('are not looked for in a text that is too long to be a message of ours', () => {
    expect(readLetters(`${'x '.repeat(2_501)}№KDMTRF`)).toEqual([]);
  });

  test('are what was given, however they are grouped', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.constantFrom('', ' ', '-', '\u00a0'), { minLength: 7, maxLength: 7 }),
        (to, gaps) => {
          const [letters = ''] = lettersOf(keys, { ...message, to });
          const typed = gaps.map((gap, index) => gap + (letters[index] ?? '').toLowerCase()).join('');
          expect(readLetters(typed)).toContain(letters);
        },
      ),
    );
  });
});

test.each([
  ['mobile', '+77015550047', '47'],
  ['email', 'belgi.0001@example.kz', 'b•••@e•••.kz'],
  ['email', 'a@b.kz', 'a•••@b•••.kz'],
  ['email', 'a@mail.example.com', 'a•••@m•••.com'],
  ['email', '"a@b"@example.kz', '"•••@e•••.kz'],
  ['email', 'a@localhost', 'a•••@l•••'],
] as const)('of a recipient by %s, %s, only %s is left', (channel, to, left) => {
  expect(recipientEnd(channel, to)).toBe(left);
});
