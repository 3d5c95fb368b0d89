import { expect, it } from 'vitest';
import { suggestAddresses } from './addresses.ts';
import { createEmbeddedSource } from './embedded.ts';
import { createLazySource } from './lazy-source.ts';
import { createStreetLookup } from './open-streets.ts';
import { shippedPlaces } from './places.ts';
import type { StreetSource } from './ports.ts';

const failing: StreetSource = {
  any: () => Promise.reject(new Error('no table')),
  find: () => Promise.reject(new Error('no table')),
};

it('suggestions go on without streets while their table cannot be asked, and the operator is told', async () => {
  for (const streets of [failing, { ...failing, any: async () => true }]) {
    const told: string[] = [];
    const open = createStreetLookup(streets, (error) => told.push(error.message));
    const embedded = createEmbeddedSource(shippedPlaces(), open);
    const { suggestions } = await suggestAddresses({ embedded }, 'Алматы, Абай даңғылы 7', 'kk');
    expect(suggestions[0]?.text).toBe('Алматы қаласы, Абай даңғылы 7');
    expect(told).toContain('no table');
  }
});

it('a lazy source is made once, at the first question', async () => {
  let made = 0;
  const source = createLazySource(() => {
    made += 1;
    return createEmbeddedSource(shippedPlaces());
  });
  expect(made).toBe(0);
  expect((await source.byText('Алматы')).ok).toBe(true);
  await source.byText('Астана');
  expect(made).toBe(1);
});
