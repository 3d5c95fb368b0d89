import { expect, test } from 'vitest';
import { suggestAddresses } from './addresses.ts';
import { createEmbeddedSource } from './embedded.ts';
import { onCyrillicLayout } from './keyboard-layout.ts';
import { shippedPlaces } from './places.ts';

const sources = { embedded: createEmbeddedSource(shippedPlaces()) };

test.each([
  ['fkvfns', 'алматы'],
  ['FKVFNS', 'алматы'],
  ['0fhf5fyls', 'қарағанды'],
  ['-crtvty', 'өскемен'],
  [';tprfpufy', 'жезказган'],
  ['fkvfns f,fz 10', 'алматы абая 10'],
  ['fkvfns f,fz 3/1', 'алматы абая 3/1'],
  ['fkvfns f,fz 12f', 'алматы абая 12а'],
  ['алматы', undefined],
  ['алматы abay', undefined],
  ['12', undefined],
  ['', undefined],
])('%s is %s on the Cyrillic layout', (typed, meant) => {
  expect(onCyrillicLayout(typed)).toBe(meant);
});

test.each([
  ['fkvfns', 'город Алматы'],
  ['fcnfyf', 'город Астана'],
  ['n8hr3cnfy', 'Туркестанская область, город Туркестан'],
  ['fkvfns f,fz 10', 'город Алматы, абая 10'],
])('what is typed as %s finds %s', async (typed, line) => {
  const { suggestions } = await suggestAddresses(sources, typed, 'ru');
  expect(suggestions[0]?.text).toBe(line);
});

test('results for the Latin letters come before those for the other layout', async () => {
  const { suggestions } = await suggestAddresses(sources, 'helysq', 'ru');
  expect(suggestions[0]?.text).toContain('Шиелийский');
  expect(suggestions.map(({ text }) => text)).toContain('Костанайская область, город Рудный');
});

test.each(['Almaty', 'Qaraghandy', 'Shymkent', 'Semey'])(
  '%s in Latin letters keeps its first result and finds no unrelated place',
  async (typed) => {
    const { suggestions } = await suggestAddresses(sources, typed, 'ru');
    const meant = { Almaty: 'Алматы', Qaraghandy: 'Караганда', Shymkent: 'Шымкент', Semey: 'Семей' }[typed];
    expect(suggestions[0]?.text).toContain(`город ${meant}`);
  },
);
