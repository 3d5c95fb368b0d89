import { parse } from 'node-html-parser';
import { renderToString } from 'preact-render-to-string';
import { describe, expect, it } from 'vitest';
import type { Language } from '../values/language.ts';
import { Compare } from './compare.tsx';
import { Facts } from './facts.tsx';
import { Field } from './field.tsx';
import { PageLanguage, valueLanguage } from './value-language.ts';

const kazakh = 'Қарағанды облысы, Бұқар жырау даңғылы, 1';
const russian = 'город Караганда, проспект Бухар жырау, 1';

describe('the language of a value', () => {
  it.each([
    [kazakh, 'kk', undefined],
    [kazakh, 'ru', 'kk'],
    [kazakh, 'en', 'kk'],
    [russian, 'kk', 'ru'],
    [russian, 'ru', undefined],
    [russian, 'en', 'ru'],
    ['МВД РК', 'kk', 'ru'],
    ['Павлодар облысы', 'kk', undefined],
    ['Павлодар облысы', 'ru', 'kk'],
    ['Айдар С.', 'kk', undefined],
    ['Айдар С.', 'ru', undefined],
    ['Айдар С.', 'en', 'ru'],
    ['+7 (701) 123-45-67', 'en', undefined],
    ['name@example.kz', 'kk', undefined],
    ['', 'en', undefined],
  ] as const)('%s on a page in %s: %s', (value, page, expected) => {
    expect(valueLanguage(value, page)).toBe(expected);
  });

  it.each([
    ['ru', 'kk'],
    ['kk', undefined],
  ] as const)('facts, comparisons and fields on a page in %s say it', (page: Language, expected) => {
    const html = renderToString(
      <PageLanguage.Provider value={page}>
        <Facts facts={[{ term: 'Term', value: kazakh }]} />
        <Compare
          caption="Changes"
          words={{ field: 'Field', before: 'Before', after: 'After', empty: 'None' }}
          rows={[{ field: 'Address', before: null, after: kazakh }]}
        />
        <Field id="address" label="Address" value={kazakh} />
      </PageLanguage.Provider>,
    );
    for (const selector of ['dd', 'td b', 'input']) {
      expect([selector, parse(html).querySelector(selector)?.getAttribute('lang')]).toEqual([
        selector,
        expected,
      ]);
    }
  });
});
