import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { en } from '../../src/texts/en.ts';
import { kk } from '../../src/texts/kk.ts';
import { ru } from '../../src/texts/ru.ts';
import { readSources } from './imports.ts';
import {
  badlySpaced,
  bannedPhrases,
  differentKeys,
  differentPlaces,
  foreignMarks,
  foreignWords,
  leaves,
  longSentences,
  pluralFaults,
  readWordsAfterPlaces,
  readWritingRules,
  type Tree,
  uncarried,
  untranslated,
  unusedTexts,
  wrongYou,
} from './texts.ts';

const latin = /\p{Script=Latin}/u;
const cyrillic = /\p{Script=Cyrillic}/u;

/** Words that every language writes in Latin letters: names, and examples of what people type. */
const latinNames = [
  'PDF',
  'SMS',
  '7XX',
  'XXX-XX-XX',
  'A25A2B8',
  'name@example.kz',
  'e-mail',
  'NCALayer',
  'GOST',
  'RSA',
  'AUTH_RSA',
  'CMS',
  'JavaScript',
  'Chrome',
  'Edge',
  'Firefox',
  'pki.gov.kz',
  'QR-код',
  'TOTP',
  'eGov',
  'Mobile',
  'QR',
  'QR-кодты',
  'QR-кодта',
  'QR-кодқа',
  'QR-коды',
  'QR-кода',
  'QR-коду',
  'TXT',
  'WhatsApp',
  'KDMTRF',
];

/** Words that English writes in Cyrillic letters: examples of what people must type in Cyrillic. */
const cyrillicNames = ['12А'];

/** A label of the memo's screen, with the marks that are there. */
const labelsOfTheMemo = ['requisites.kazpost'];

/** Marks of another language. */
const foreign = { kk: /["'“”„‘’]/, ru: /["'“”„‘’]/, en: /["'«»„‘]/ };

const page = readFileSync(join(root, 'docs/texts.md'), 'utf8');
const names = { kk: 'Kazakh', ru: 'Russian', en: 'English' };

/** Phrases that are the same in Kazakh and Russian. */
const sameInBoth: string[] = [];

const languages: readonly ['kk' | 'ru' | 'en', Tree][] = [
  ['kk', kk],
  ['ru', ru],
  ['en', en],
];

describe('the texts', () => {
  test.each(languages)('%s has the keys of Kazakh, no more and no fewer', (_language, texts) => {
    expect(leaves(texts).size).toBeGreaterThan(50);
    expect(differentKeys(kk, texts)).toEqual([]);
  });

  test.each(languages)('%s has the placeholders of Kazakh', (_language, texts) => {
    expect(differentPlaces(kk, texts)).toEqual([]);
  });

  test.each(languages)('%s has every plural form it needs', (language, texts) => {
    expect(pluralFaults(texts, language)).toEqual([]);
  });

  test.each(languages)('%s has no empty or padded text', (_language, texts) => {
    expect(badlySpaced(texts)).toEqual([]);
  });

  test('Kazakh and Russian are written in Cyrillic letters only', () => {
    expect(foreignWords(kk, latin, latinNames)).toEqual([]);
    expect(foreignWords(ru, latin, latinNames)).toEqual([]);
  });

  test('English is written in Latin letters only', () => {
    expect(foreignWords(en, cyrillic, cyrillicNames)).toEqual([]);
  });

  test('every exception is still needed', () => {
    const all = languages.flatMap(([, texts]) => [...leaves(texts).values()]).join(' ');
    expect([...latinNames, ...cyrillicNames].filter((word) => !all.includes(word))).toEqual([]);
  });

  test('no phrase was left in another language', () => {
    expect(untranslated(kk, ru, sameInBoth)).toEqual([]);
    expect(untranslated(kk, en, [])).toEqual([]);
    expect(untranslated(ru, en, [])).toEqual([]);
  });

  test.each(languages)('%s has no phrase that docs/texts.md bans', (language, texts) => {
    expect(bannedPhrases(texts, readWritingRules(page, names[language]).banned)).toEqual([]);
  });

  test.each(languages)('%s has no sentence that is longer than docs/texts.md allows', (language, texts) => {
    expect(longSentences(texts, readWritingRules(page, names[language]).sentence)).toEqual([]);
  });

  test('no placeholder in Kazakh carries a suffix or a word that depends on its value', () => {
    expect(uncarried(kk, readWordsAfterPlaces(page))).toEqual([]);
  });

  test('every word that may follow a placeholder in Kazakh does', () => {
    const surplus = readWordsAfterPlaces(page).filter(
      (word) => uncarried(kk, [word]).length === uncarried(kk, []).length,
    );
    expect(surplus).toEqual([]);
  });

  test.each(languages)('%s has its own quotation marks and apostrophes', (language, texts) => {
    expect(foreignMarks(texts, foreign[language], language === 'kk' ? labelsOfTheMemo : [])).toEqual([]);
  });

  test('an English SMS has only ASCII characters', () => {
    expect(foreignMarks(en.messages.sms, /[^\x20-\x7e]/, [])).toEqual([]);
  });

  test('a person is addressed with the right letter', () => {
    expect(wrongYou(kk, 'kk')).toEqual([]);
    expect(wrongYou(ru, 'ru')).toEqual([]);
  });

  test('every text is shown somewhere', () => {
    // The pages of the guide go through its groups and topics, and through each topic's steps.
    const { groups: _groups, topics: _topics, ...help } = kk.help;
    // The page that checks receipts goes through its notes and states.
    const { notes: _notes, headsStates: _states, ...check } = kk.check;
    expect(unusedTexts({ ...kk, help, check }, readSources(root))).toEqual([]);
  });
});

describe('a planted fault is found:', () => {
  test.each([
    ['a suffix', 'Сеанс {time}-де аяқталады', 'title: -де'],
    ['a suffix without a hyphen', 'Құжат {name}ні таңдаңыз', 'title: ні'],
    ['a postposition', 'Ол {until} дейін сақталады', 'title: дейін'],
    ['a verb', 'Қор {time} қабылдады', 'title: қабылдады'],
  ])('%s after a placeholder in Kazakh', (_name, text, fault) => {
    expect(uncarried({ title: text }, readWordsAfterPlaces(page))).toEqual([fault]);
    expect(uncarried({ title: 'Қор қабылдады: {time}. {n} минуттан кейін' }, ['минуттан'])).toEqual([]);
  });

  test.each(languages)('each banned phrase in %s, at the beginning of a sentence too', (language) => {
    const { banned } = readWritingRules(page, names[language]);
    for (const phrase of banned) {
      const spoken = phrase.replaceAll('…', language === 'en' ? 's' : 'ы');
      const text = `${spoken.charAt(0).toUpperCase()}${spoken.slice(1)}, 1418`;
      expect([phrase, bannedPhrases({ title: text }, banned)]).toEqual([
        phrase,
        expect.arrayContaining([`title: ${phrase}`]),
      ]);
    }
    expect(bannedPhrases({ title: 'қонақжайлық' }, ['қонақ', 'жай…'])).toEqual([]);
  });

  test('a page without rules', () => {
    expect(() => readWritingRules('# Nothing\n', 'Kazakh')).toThrow();
    expect(() => readWordsAfterPlaces('# Nothing\n')).toThrow();
  });

  test('a long sentence, but not two short ones', () => {
    expect(longSentences({ title: 'One two, {three} four five.' }, 4)).toEqual(['title: 5 words']);
    expect(longSentences({ title: 'One two. {three} four five.' }, 4)).toEqual([]);
  });

  test.each([
    ['en', "This wasn't me"],
    ['en', 'Press "Save"'],
    ['ru', 'Нажмите “Сохранить”'],
    ['kk', '"Сақтау" батырмасы'],
  ] as const)('a mark of another language in %s: %s', (language, text) => {
    expect(foreignMarks({ title: text }, foreign[language], [])).toEqual(['title']);
    expect(foreignMarks({ title: text }, foreign[language], ['title'])).toEqual([]);
  });

  test('a wrong letter of "you"', () => {
    expect(wrongYou({ title: 'Это не вы?' }, 'ru')).toEqual(['title']);
    expect(wrongYou({ title: 'Проверьте ваши данные' }, 'ru')).toEqual(['title']);
    expect(wrongYou({ title: 'Вы вышли. Вернитесь в Ваш кабинет' }, 'ru')).toEqual([]);
    expect(wrongYou({ title: 'Бұл Сізге тиесілі' }, 'kk')).toEqual(['title']);
    expect(wrongYou({ title: 'Жоқ. Сізге тиесілі' }, 'kk')).toEqual([]);
  });

  const good: Tree = { form: { title: 'Байланыс деректері', left: '{count} қалды' } };

  test('a missing and a surplus key', () => {
    const planted = { form: { title: 'Контакты', rest: '{count}' } };
    expect(differentKeys(good, planted)).toEqual([
      'form.left is missing',
      'form.rest stands in no other language',
    ]);
  });

  test('another placeholder', () => {
    const planted = { form: { title: 'Контакты {name}', left: 'осталось {n}' } };
    expect(differentPlaces(good, planted)).toHaveLength(2);
  });

  test('a plural text without a form, and one with a needless form', () => {
    expect(pluralFaults({ left: { one: '{n} день', other: '{n} дня' } }, 'ru')).toHaveLength(1);
    expect(pluralFaults({ left: { one: '{n} day', few: '{n} days', other: '{n} days' } }, 'en')).toHaveLength(
      1,
    );
    expect(pluralFaults({ left: { one: '{n} day', other: '{n} days' } }, 'en')).toEqual([]);
  });

  test('plural forms count as one key with the placeholders of "other"', () => {
    const one: Tree = { left: { one: '{n} күн', other: '{n} күн' } };
    const other: Tree = { left: { one: 'день', few: '{n} дня', many: '{n} дней', other: '{n} дня' } };
    expect([...differentKeys(one, other), ...differentPlaces(one, other)]).toEqual([]);
  });

  test.each(['', ' text', 'text ', 'two  spaces'])('an empty or padded text: "%s"', (text) => {
    expect(badlySpaced({ form: { title: text } })).toEqual(['form.title']);
  });

  test('a Latin look-alike, and an English word', () => {
    expect(foreignWords({ title: 'Aдрес' }, latin, latinNames)).toEqual(['title: Aдрес']);
    expect(foreignWords({ title: 'Ваш email, PDF {place}' }, latin, latinNames)).toEqual(['title: email']);
    expect(foreignWords({ title: 'Your адрес' }, cyrillic, [])).toEqual(['title: адрес']);
  });

  test('a phrase that was not translated', () => {
    expect(
      untranslated({ a: 'Контактные телефоны', b: 'Индекс' }, { a: 'Контактные телефоны', b: 'Индекс' }, []),
    ).toEqual(['a']);
  });

  const shown = (source: string, tree: Tree = good): string[] =>
    unusedTexts(
      { seen: { always: 'x' }, ...tree },
      new Map([['src/ui/x.tsx', `show(texts.seen.always); ${source}`]]),
    );

  test.each([
    ['nothing names it', ''],
    ['another group has the name', 'texts.other.title; texts.other.left'],
    ['only a comment names it', '// texts.form.title texts.form.left'],
    ['only another string names it', "console.log('texts.form.title', 'left')"],
  ])('an unused text: %s', (_why, source) => {
    expect(shown(source)).toEqual(['form.title', 'form.left']);
  });

  test('a key that is not a reason', () => {
    expect(shown("const reason = 'title'; show(texts.form[reason])")).toEqual(['form.left']);
  });

  test.each([
    ['by name', 'show(texts.form.title, texts.form.left)'],
    ['by a short name of the group', 'const t = visit.texts.form; show(t.title, t.left)'],
    ['by a typed parameter', "function f(t: Texts['form']) { return <p title={t.title}>{t.left}</p>; }"],
    ['by a short name in a pattern', 'const { form: t } = texts; show(t.title, t.left)'],
    ['by destructuring', 'const { title, left } = texts.form; show(title, left)'],
    ['by a reason', "type Reason = 'title' | 'left'; show(texts.form[reason])"],
    [
      'by handing the group on',
      'show(texts.form); function show(words) { return words.title + words.left; }',
    ],
  ])('a text is shown %s', (_how, source) => {
    expect(shown(source)).toEqual([]);
  });

  test('sources that show no text are refused', () => {
    expect(() => unusedTexts(good, new Map([['src/app.ts', '']]))).toThrow('no text is shown');
  });
});
