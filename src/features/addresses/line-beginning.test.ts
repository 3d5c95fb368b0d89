import { expect, test, vi } from 'vitest';
import { placesOfLine, readOfferedBeginning } from './line-beginning.ts';
import { shippedPlaces } from './places.ts';

/** The shipped places, with every search counted. */
function counted() {
  const places = shippedPlaces();
  const find = vi.fn(places.find);
  return { places: { ...places, find }, find };
}

const line = 'Алматы қаласы, Бостандық ауданы';

test('a line that was looked up before is not searched again', () => {
  const { places, find } = counted();
  const first = placesOfLine(places, line);
  expect(first.map(({ kato }) => kato)).toContain(751_410_000);
  const searches = find.mock.calls.length;
  expect(placesOfLine(places, line)).toEqual(first);
  expect(find).toHaveBeenCalledTimes(searches);
});

test('a text that differs only in its comma is another line', () => {
  const { places } = counted();
  const together = placesOfLine(places, line.replace(',', ''));
  expect(together).toEqual(placesOfLine(shippedPlaces(), line.replace(',', '')));
  expect(readOfferedBeginning(places, `${line}, Абай даңғылы`)?.tail).toBe('Абай даңғылы');
});

test('more lines than are kept are still found', () => {
  const { places } = counted();
  for (let n = 0; n < 5_000; n += 1) placesOfLine(places, `${n}`);
  expect(placesOfLine(places, line)).not.toEqual([]);
});
