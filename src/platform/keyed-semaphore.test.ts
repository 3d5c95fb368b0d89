import { expect, test } from 'vitest';
import { createKeyedSemaphore } from './semaphore.ts';

test('lets a few run, a few wait in their order, and turns the rest away', async () => {
  const turns = createKeyedSemaphore({ atOnce: 2, waiting: 2 });
  const first = turns.acquire('a');
  const second = turns.acquire('a');
  expect([typeof first, typeof second]).toEqual(['function', 'function']);
  const order: number[] = [];
  const waiters = [3, 4].map(async (number) => {
    const end = await turns.acquire('a');
    order.push(number);
    return end;
  });
  expect(turns.waiting).toBe(2);
  expect(turns.acquire('a')).toBe(undefined);
  expect(typeof turns.acquire('b')).toBe('function');
  if (typeof first !== 'function') throw new Error('no turn');
  first();
  first();
  const third = await waiters[0];
  expect(order).toEqual([3]);
  expect(turns.waiting).toBe(1);
  third?.();
  const fourth = await waiters[1];
  expect(order).toEqual([3, 4]);
  fourth?.();
  if (typeof second === 'function') second();
  expect(turns.waiting).toBe(0);
  expect(typeof turns.acquire('a')).toBe('function');
});
