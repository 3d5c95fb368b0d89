import { describe, expect, it } from 'vitest';
import type { Postcode } from '../../values/postcode.ts';
import { accepted, refused } from '../../values/result.ts';
import { recogniseAddress, suggestAddresses } from './addresses.ts';
import { createEmbeddedSource } from './embedded.ts';
import { shippedPlaces } from './places.ts';
import type { AddressSource, FoundAddress } from './source.ts';

const embedded = createEmbeddedSource(shippedPlaces());

const fromKazpost: FoundAddress = {
  origin: 'kazpost',
  id: '0201300000000001',
  postcode: 'A11B0C1' as Postcode,
  text: { kk: 'Алматы қаласы, Абай даңғылы, 1 үй', ru: 'город Алматы, проспект Абая, дом 1' },
  parts: [],
};

function kazpostWith(answer: Awaited<ReturnType<AddressSource['byText']>>) {
  const asked: string[] = [];
  const source: AddressSource = {
    byText: async (text) => {
      asked.push(`text ${text}`);
      return answer;
    },
    byPostcode: async (postcode) => {
      asked.push(`index ${postcode}`);
      return answer;
    },
  };
  return { asked, source };
}

describe('suggesting addresses', () => {
  it('takes an address that Kazpost knows', async () => {
    const { source } = kazpostWith(accepted([fromKazpost]));
    expect(await suggestAddresses({ embedded, kazpost: source }, 'Алматы Абая 1', 'ru')).toEqual({
      suggestions: [
        { text: fromKazpost.text.ru, postcode: 'A11B0C1', source: 'kazpost', id: '0201300000000001' },
      ],
      degraded: false,
    });
  });

  it('answers from the embedded data when Kazpost finds nothing, without calling it degraded', async () => {
    const { source } = kazpostWith(accepted([]));
    const answer = await suggestAddresses({ embedded, kazpost: source }, 'Шамалған', 'kk');
    expect(answer.degraded).toBe(false);
    expect(answer.suggestions[0]).toEqual({
      text: 'Алматы облысы, Қарасай ауданы, Шамалған ауылы',
      postcode: null,
      source: 'kato',
      id: '195259100',
    });
  });

  it('reports "degraded" when Kazpost is out of reach', async () => {
    const { source } = kazpostWith(refused('kazpostUnavailable'));
    const answer = await suggestAddresses({ embedded, kazpost: source }, 'Шамалған', 'kk');
    expect(answer.degraded).toBe(true);
    expect(answer.suggestions[0]?.source).toBe('kato');
  });

  it('searches by postcode when a postcode is typed, also with Cyrillic letters', async () => {
    const { source, asked } = kazpostWith(accepted([fromKazpost]));
    await suggestAddresses({ embedded, kazpost: source }, 'А11В0С1', 'kk');
    await suggestAddresses({ embedded, kazpost: source }, '050 000', 'kk');
    expect(asked).toEqual(['index A11B0C1', 'index 050000']);
  });

  it('fills in the typed postcode together with the region it begins as', async () => {
    const { suggestions } = await suggestAddresses({ embedded }, '050000', 'kk');
    expect(suggestions).toEqual([
      { text: 'Алматы қаласы', postcode: '050000', source: 'kato', id: '750000000' },
    ]);
  });

  it('writes Kazakh on an English page, because the form accepts Cyrillic only', async () => {
    const { suggestions } = await suggestAddresses({ embedded }, 'Karaganda', 'en');
    expect(suggestions[0]?.text).toBe('Қарағанды облысы, Қарағанды қаласы');
  });

  it('gives nothing for an empty text, each line once, and at most ten lines', async () => {
    expect(await suggestAddresses({ embedded }, ' \u0000 ', 'kk')).toEqual({
      suggestions: [],
      degraded: false,
    });
    const { suggestions } = await suggestAddresses({ embedded }, 'а', 'ru');
    expect(suggestions).toHaveLength(10);
    expect(new Set(suggestions.map(({ text }) => text)).size).toBe(10);
    const twice = kazpostWith(accepted([fromKazpost, { ...fromKazpost, id: '2' }])).source;
    expect((await suggestAddresses({ embedded, kazpost: twice }, 'Абая', 'kk')).suggestions).toHaveLength(1);
  });
});

describe('what is stored with a line', () => {
  it('is the source when the line is exactly as offered, in either language', async () => {
    const { source } = kazpostWith(accepted([fromKazpost]));
    for (const line of [fromKazpost.text.kk, fromKazpost.text.ru]) {
      const stored = await recogniseAddress({ embedded, kazpost: source }, line, 'A11B0C1');
      expect(stored).toEqual({ source: 'kazpost', id: fromKazpost.id, parts: [], postcode: 'A11B0C1' });
    }
  });

  it('is a place of the classifier, followed by what was typed', async () => {
    const line = 'Абай облысы, Семей қаласы, Шұғаев көшесі, 4';
    const stored = await recogniseAddress({ embedded }, line, null);
    expect(stored).toMatchObject({ source: 'kato', id: '101010000' });
    if (stored.source === 'as-entered') throw new Error('not recognised');
    expect(stored.parts.map(({ kind, text }) => [kind, text.kk])).toEqual([
      ['region', 'Абай облысы'],
      ['city', 'Семей қаласы'],
      ['typed', 'Шұғаев көшесі, 4'],
    ]);
  });

  it('is what a search for the line would find, though a save does not search', async () => {
    const searching = {
      ...embedded,
      byLine: async (line: string) => {
        const answer = await embedded.byText(line);
        return answer.ok ? answer.value : [];
      },
    };
    const queries = [
      'Абай',
      'Семей',
      'Алматы',
      'Шамалған',
      'Есиль',
      'Көк',
      'с. Жаңа',
      'район Алатау',
      'облысы',
    ];
    const offered = (await Promise.all(queries.map((query) => embedded.byText(query)))).flatMap((answer) =>
      answer.ok ? answer.value : [],
    );
    expect(offered.length).toBeGreaterThan(80);
    const lines = [
      ...offered.flatMap(({ text: { kk, ru } }) => [
        kk,
        ru.toUpperCase(),
        `${kk}, Абай көшесі, 5`,
        `${ru}, 12`,
      ]),
      'Менің үйім',
      'Шамалған',
      'Астана , 5',
      'Алматы қаласы Абай 10',
      'Алматы қаласы, Алатау ауданы',
      'Алматы каласы, Абай 10',
      'Алматы қаласы, Abai 10',
      'Алматы қаласы, Алматы қаласы, 1',
    ];
    for (const line of lines) {
      const stored = await recogniseAddress({ embedded }, line, null);
      expect({ line, stored }).toEqual({
        line,
        stored: await recogniseAddress({ embedded: searching }, line, null),
      });
    }
  }, 60_000);

  it('is "as entered" after the line was changed, or when no source knows it', async () => {
    const { source } = kazpostWith(accepted([fromKazpost]));
    const changed = `${fromKazpost.text.kk}, 2 қабат`;
    const stored = await recogniseAddress({ embedded, kazpost: source }, 'Менің үйім', null);
    expect(stored).toEqual({ source: 'as-entered' });
    expect((await recogniseAddress({ embedded, kazpost: source }, changed, null)).source).not.toBe('kazpost');
  });

  it('does not fail when Kazpost does', async () => {
    const { source } = kazpostWith(refused('kazpostUnavailable'));
    const stored = await recogniseAddress({ embedded, kazpost: source }, 'Алматы қаласы', '050000');
    expect(stored).toMatchObject({ source: 'kato', id: '750000000' });
  });
});
