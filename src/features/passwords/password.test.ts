import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCommonPasswords } from './common-passwords.ts';
import { checkPassword, type PersonalData, passwordLength, sufficesAlone } from './password.ts';

const common = readCommonPasswords();
const person: PersonalData = {
  iin: '900214300017',
  names: ['Жұмабаева', 'Әйгерім', 'Серікқызы'],
  phones: ['+77017654321', '+77172551234;ext=12'],
  emails: ['aigerim.zh@example.kz'],
};
const besideStep = passwordLength(true);
const alone = passwordLength(false);
const outcome = (typed: string, about: PersonalData = person, length = besideStep) => {
  const result = checkPassword(typed, about, common, length);
  return result.ok ? 'accepted' : result.reason;
};

describe('length', () => {
  test.each([
    ['beside a strong step', besideStep, 8, 'қыран да'],
    ['alone', alone, 15, 'қыран дала жел ұ'.slice(0, 15)],
  ])('counts code points after NFC: %s', (_name, length, least, phrase) => {
    expect([...phrase]).toHaveLength(least);
    expect(outcome(phrase, person, length)).toBe('accepted');
    expect(outcome(phrase.slice(1), person, length)).toBe('passwordShort');
    expect(outcome('', person, length)).toBe('passwordEmpty');
    expect(sufficesAlone(phrase)).toBe(least === 15);
    expect(sufficesAlone(`${phrase.slice(1)}и\u0306`)).toBe(least === 15);
    expect(sufficesAlone(phrase.slice(1))).toBe(false);
    const long = 'сұңқар мен қыран бірге ұшты көктем аспанда және бұлттар қалды ж😀'.repeat(2);
    expect([...long]).toHaveLength(128);
    expect(outcome(long)).toBe('accepted');
    expect(outcome(`${long}!`)).toBe('passwordLong');
    // и and a combining breve become the single letter й.
    expect(outcome('и\u0306'.repeat(least - 1), person, length)).toBe('passwordShort');
  });

  test('composed and decomposed letters give one password', () => {
    const composed = 'йод ёлка тайга';
    const one = checkPassword(composed, person, common, besideStep);
    const other = checkPassword(composed.normalize('NFD'), person, common, besideStep);
    expect(one).toEqual(other);
    expect(one.ok && one.value).toBe(composed);
  });
});

test.each([
  'тау етегіндегі көк үй',
  ' алдында бос орны бар сөйлем',
  'correct horse battery staple',
  '😀 бие 🐎 қымыз 🏔 таң',
  'Еңбек түбі зейнет екен',
  'f7Kq-93xP-tt0z',
  '48151623421007',
  'Бәйтерек түбінде күту '.repeat(3).trim(),
])('accepts "%s" as typed', (typed) => {
  const result = checkPassword(typed, person, common, besideStep);
  expect(result.ok && result.value).toBe(typed);
});

test.each([
  'qwertyuiop123',
  '1q2w3e4r5t6y',
  'Administrator',
  'PASSWORD12345',
  'sunshine2026!',
  '!!football!!',
  'iloveyouiloveyou',
  'aaaaaaaaaaaa',
  '111111111111',
  '123456789012',
  '098765432109',
  'abcdefghijklm',
  'abababababab',
  'йцукенгшщзхъ',
  'парольпароль',
  'Привет123456',
])('refuses the common "%s"', (typed) => {
  expect(outcome(typed)).toBe('passwordCommon');
});

test('refuses every long entry of the list, in any case', () => {
  const long = [...common].filter((entry) => [...entry].length >= besideStep.least);
  expect(long.length).toBeGreaterThan(40_000);
  expect(long.filter((entry) => outcome(entry) !== 'passwordCommon')).toEqual([]);
  expect(long.slice(0, 500).filter((entry) => outcome(entry.toUpperCase()) !== 'passwordCommon')).toEqual([]);
});

test.each([
  'пенсия-2026-!!',
  'Зейнетақы 2026',
  'enpf-kabinet-26',
  'бжзқ бжзқ бжзқ 1',
  'kabinet kabinet',
  'ҚҰПИЯСӨЗ құпиясөз',
  'Қазақстан-1991',
])('refuses "%s", which this service makes easy to guess', (typed) => {
  expect(outcome(typed)).toBe('passwordContext');
});

test.each([
  ['the IIN', 'тау 900214300017 өзен'],
  ['the IIN in parts', '9002-1430-0017'],
  ['the birth date', 'тау 14.02.1990 өзен'],
  ['the birth date backwards', 'тау1990-02-14өзен'],
  ['the birth date as in the IIN', 'тау 900214 өзен'],
  ['the mobile', 'тау 8 701 765-43-21 өзен'],
  ['the end of the mobile', 'тау 7654321 өзен'],
  ['the home phone', 'тау 2551234 өзен'],
  ['the e-mail', 'тау aigerim.zh@example.kz'],
  ['the name of the e-mail', 'тау aigerim.zh өзен'],
  ['the name', 'тау мен Әйгерім'],
  ['the surname in Latin letters', 'tau men zhumabaeva'],
  ['the surname with y', 'tau men Jumabayeva ozen'],
  ['the patronymic', 'серікқызы мен тау'],
])('refuses %s', (_what, typed) => {
  expect(outcome(typed)).toBe('passwordPersonal');
});

test('a short name refuses nothing', () => {
  expect(outcome('воля и поле вместе', { ...person, names: ['Оля', 'Ли'] })).toBe('accepted');
});

test('an accepted password is changed only by NFC, and is accepted again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 140 }), (typed) => {
      const result = checkPassword(typed, person, common, besideStep);
      if (result.ok) {
        expect(result.value).toBe(typed.normalize('NFC'));
        expect(checkPassword(result.value, person, common, besideStep)).toEqual(result);
      } else expect(result.reason).toMatch(/^password/);
    }),
  );
});
