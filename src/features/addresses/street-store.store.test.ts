import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { suggestAddresses } from './addresses.ts';
import { createEmbeddedSource } from './embedded.ts';
import { importStreets } from './import-streets.ts';
import { shippedPlaces } from './places.ts';
import type { EmbeddedSource } from './source.ts';
import { parseStreetFile } from './street-file.ts';
import { createStreetLookup } from './street-lookup.ts';
import { anyStreets, findStreets } from './street-store.ts';

const places = shippedPlaces();
const almaty = 750_000_000;

const file = `kato;kind;name_kk;name_ru;houses
750000000;avenue;Абай;Абая;1|10=A11B0C1|10/2=A11B0C2|12
750000000;avenue;Әл-Фараби;Аль-Фараби;77/7=A15E3H4
751410000;street;Тимирязев;Тимирязева;42=050060
750000000;street;28 панфиловшы;28 панфиловцев;5
750000000;microdistrict;5;5;12=A10B1C1|14
750000000;street;Жібек жолы;Жибек жолы;
710000000;avenue;Мәңгілік Ел;Мангилик Ел;55
101010000;street;Шұғаев;Шугаева;4
195259100;street;Абай;Абая;3
`;

describe('imported streets', () => {
  let fresh: FreshDatabase;
  let embedded: EmbeddedSource;

  beforeAll(async () => {
    fresh = await freshDatabase();
    const streets = createStreetLookup(fresh.database, (error) => expect.fail(error.message));
    embedded = createEmbeddedSource(places, streets);
    expect(await anyStreets(fresh.database)).toBe(false);
    expect(await importStreets(fresh.database, file, places)).toEqual({
      ok: true,
      value: { streets: 9, houses: 12, places: 5 },
    });
  });

  afterAll(() => fresh.drop());

  async function lines(query: string, language = 'ru'): Promise<readonly string[]> {
    const { suggestions } = await suggestAddresses({ embedded }, query, language);
    return suggestions.map(({ text }) => text);
  }

  it.each([
    ['Алматы Абая', 'город Алматы, проспект Абая'],
    ['Алматы абай', 'город Алматы, проспект Абая'],
    ['Алматы пр. Абая 10/2', 'город Алматы, проспект Абая, 10/2'],
    ['Алматы, аль фараби 77/7', 'город Алматы, проспект Аль-Фараби, 77/7'],
    ['Алматы фораби 77', 'город Алматы, проспект Аль-Фараби, 77'],
    ['Алма-Ата Тимирязева 42', 'город Алматы, Бостандыкский район, улица Тимирязева, 42'],
    ['Almaty Abaya 12', 'город Алматы, проспект Абая, 12'],
    ['Алматы 28 панфиловцев 5', 'город Алматы, улица 28 панфиловцев, 5'],
    ['Алматы 5 мкр 12', 'город Алматы, микрорайон 5, 12'],
    ['Алматы мкр 5 дом 12', 'город Алматы, микрорайон 5, 12'],
    ['Нур-Султан мангилик ел 55', 'город Астана, проспект Мангилик Ел, 55'],
    ['Семей Шугаева 4', 'область Абай, город Семей, улица Шугаева, 4'],
    ['Шамалган Абая 3', 'Алматинская область, Карасайский район, село Шамалган, улица Абая, 3'],
    // Without a place, streets of larger places come first.
    ['Мангилик Ел', 'город Астана, проспект Мангилик Ел'],
  ])('%s -> %s', async (query, expected) => {
    expect((await lines(query))[0]).toBe(expected);
  });

  it('writes lines in the language of the page', async () => {
    expect((await lines('Алматы Әл-Фараби 77/7', 'kk'))[0]).toBe('Алматы қаласы, Әл-Фараби даңғылы, 77/7');
  });

  it('fills in the postcode of the house, and offers the houses that begin with the typed number', async () => {
    const { suggestions } = await suggestAddresses({ embedded }, 'Алматы Абая 1', 'ru');
    expect(suggestions.slice(0, 4).map(({ text, postcode }) => [text, postcode])).toEqual([
      ['город Алматы, проспект Абая, 1', null],
      ['город Алматы, проспект Абая, 10', 'A11B0C1'],
      ['город Алматы, проспект Абая, 10/2', 'A11B0C2'],
      ['город Алматы, проспект Абая, 12', null],
    ]);
  });

  it('still offers what was typed when nobody has imported the street', async () => {
    expect((await lines('Алматы Несуществующая 7'))[0]).toBe('город Алматы, Несуществующая 7');
  });

  it('finds the beginning of a word, a typing error and several words, and nothing else', async () => {
    const names = async (...words: string[]) =>
      (await findStreets(fresh.database, words, [almaty])).map(({ name }) => name.ru).sort();
    expect(await names('jib')).toEqual(['Жибек жолы']);
    expect(await names('jibek', 'joli')).toEqual(['Жибек жолы']);
    expect(await names('jipek')).toEqual(['Жибек жолы']);
    expect(await names('jibek', 'abai')).toEqual([]);
    expect(await names("'; drop table cabinet.street; --")).toEqual([]);
    expect(await names()).toEqual([]);
    expect((await findStreets(fresh.database, ['abai'], null)).map(({ kato }) => kato)).toEqual([
      almaty,
      195_259_100,
    ]);
  });

  it('keeps the existing streets when a file is refused', async () => {
    const refusal = await importStreets(fresh.database, `${file}\nnonsense`, places);
    expect(refusal).toEqual({
      ok: false,
      reason: 'streetFile',
      detail: 'line 12: 5 fields expected, 1 found',
    });
    expect(await findStreets(fresh.database, ['abai'], [almaty])).toHaveLength(1);
  });

  it('replaces the old file with the new one and gives other ids', async () => {
    const before = await findStreets(fresh.database, ['abai'], [almaty]);
    expect((await importStreets(fresh.database, file, places)).ok).toBe(true);
    const after = await findStreets(fresh.database, ['abai'], [almaty]);
    expect(after.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
    expect(after[0]?.id).not.toBe(before[0]?.id);
  });
});

describe('a file of streets', () => {
  const header = 'kato;kind;name_kk;name_ru;houses';

  it.each([
    ['kato,kind', 'line 1: the header must be kato;kind;name_kk;name_ru;houses'],
    [`${header}\n750000000;street;Абай;Абая`, 'line 2: 5 fields expected, 4 found'],
    [`${header}\n\n999999999;street;Абай;Абая;`, 'line 3: no place 999999999'],
    [`${header}\n190000000;street;Абай;Абая;`, 'line 2: 190000000 is no settlement'],
    [`${header}\n750000000;constructor;Абай;Абая;`, 'line 2: no kind of street "constructor"'],
    [`${header}\n750000000;street;;;`, 'line 2: no name'],
    [`${header}\n750000000;street;Abai;Абая;`, 'line 2: the name "Abai" is not one in Cyrillic letters'],
    [`${header}\n750000000;street;Абай;Абая;1=12`, 'line 2: the house "1=12" is not NUMBER or NUMBER=INDEX'],
  ])('is refused as a whole for one bad line: %j', (text, detail) => {
    expect(parseStreetFile(text, places)).toEqual({ ok: false, reason: 'streetFile', detail });
  });

  it('may have a byte order mark, Windows line ends, quotes and one language only', () => {
    const read = parseStreetFile(
      `\ufeff${header}\r\n750000000;street;"Абай ""Ұлы""";;1А = 050000|2\r\n`,
      places,
    );
    expect(read).toEqual({
      ok: true,
      value: [
        {
          kato: almaty,
          kind: 'street',
          name: { kk: 'Абай "Ұлы"', ru: 'Абай "Ұлы"' },
          houses: [
            { number: '1А', postcode: '050000' },
            { number: '2', postcode: null },
          ],
        },
      ],
    });
  });
});
