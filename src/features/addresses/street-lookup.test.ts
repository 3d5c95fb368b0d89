import { expect, it } from 'vitest';
import type { Queryable } from '../../platform/postgres/database.ts';
import { suggestAddresses } from './addresses.ts';
import { createEmbeddedSource } from './embedded.ts';
import { createLazySource } from './lazy-source.ts';
import { shippedPlaces } from './places.ts';
import { createStreetLookup } from './street-lookup.ts';

const away = {
  rows: () => Promise.reject(new Error('no table')),
  first: () => Promise.reject(new Error('no table')),
  run: () => Promise.reject(new Error('no table')),
} satisfies Queryable;

it('suggestions continue without streets while their table cannot be queried, and the operator is notified', async () => {
  for (const database of [away, { ...away, first: async () => ({ any: true }) as never }]) {
    const errors: string[] = [];
    const streets = createStreetLookup(database, (error) => errors.push(error.message));
    const embedded = createEmbeddedSource(shippedPlaces(), streets);
    const { suggestions } = await suggestAddresses({ embedded }, 'Алматы, Абай даңғылы 7', 'kk');
    expect(suggestions[0]?.text).toBe('Алматы қаласы, Абай даңғылы 7');
    expect(errors).toContain('no table');
  }
});

it('a lazy source is created once, at the first question', async () => {
  let created = 0;
  const source = createLazySource(() => {
    created += 1;
    return createEmbeddedSource(shippedPlaces());
  });
  expect(created).toBe(0);
  expect((await source.byText('Алматы')).ok).toBe(true);
  await source.byText('Астана');
  expect(created).toBe(1);
});
