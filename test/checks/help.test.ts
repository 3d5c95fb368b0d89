import { describe, expect, test } from 'vitest';
import { sentenceParts } from '../../src/texts/help/labels.ts';
import { topics } from '../../src/texts/help/topics.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { leaves } from './texts.ts';

/** Words of programs that are not ours: the menus of Firefox, and a folder of mail programs. */
const othersWords = {
  kk: ['Жекелік және қауіпсіздік', 'Сертификаттарды қарау', 'Сертификаттау орталықтары', 'Импорттау', 'Спам'],
  ru: ['Приватность и защита', 'Просмотр сертификатов', 'Центры сертификации', 'Импортировать', 'Спам'],
  en: ['Privacy & Security', 'View Certificates', 'Authorities', 'Import', 'Spam'],
};

const quotes = { kk: /«([^»]*)»/g, ru: /«([^»]*)»/g, en: /“([^”]*)”/g };

/** Words between quotation marks that are neither the key of a text nor words of other programs. */
function unknownLabels(text: string, language: keyof typeof quotes): string[] {
  return Array.from(text.matchAll(quotes[language]), ([, quoted = '']) => quoted).filter(
    (quoted) => !/^\{[\w.-]+\}$/.test(quoted) && !othersWords[language].includes(quoted),
  );
}

describe.each(languages)('the guide in %s', (language) => {
  const t = textsOf(language);
  const { picture: _picture, ...written } = t.help;
  const sentences = [...leaves(written)].map(([, text]) => text);

  test('names buttons and fields by the keys of their texts, so that they cannot differ', () => {
    const named = sentences.flatMap((text) => sentenceParts(t, text).filter(({ isLabel }) => isLabel));
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter(({ text }) => /[{}]/.test(text))).toEqual([]);
  });

  test('puts nothing else between quotation marks', () => {
    expect(sentences.flatMap((text) => unknownLabels(text, language))).toEqual([]);
    expect(unknownLabels('«Кіру» · “Sign in”', language)).toHaveLength(1);
    const all = sentences.join(' ');
    expect(othersWords[language].filter((word) => !all.includes(word))).toEqual([]);
  });

  test('has every question in one group of the list', () => {
    expect([...topics].sort()).toEqual(Object.keys(t.help.topics).sort());
  });
});

test('a button that no page has is found', () => {
  const t = textsOf('kk');
  expect(() => sentenceParts(t, '«{signIn.noSuchButton}» батырмасын басыңыз.')).toThrow('is no text');
  expect(() => sentenceParts(t, '«{signIn}»')).toThrow('is no text');
  expect(sentenceParts(t, '«{signIn.submit}» батырмасы').map(({ text }) => text)).toEqual([
    '«',
    'Кіру',
    '» батырмасы',
  ]);
});
