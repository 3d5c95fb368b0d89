import { expect, test } from 'vitest';
import { createFairSemaphore, createKeyedSemaphore, type FairSemaphore, type Release } from './semaphore.ts';

/** Asks for a permit, and records whether it is granted or refused. */
function asking(semaphore: FairSemaphore, noted: string[]) {
  const held: Release[] = [];
  const ask = (client: string, name = client) => {
    void semaphore.acquire(client).then((release) => {
      noted.push(release ? name : `not ${name}`);
      if (release) held.push(release);
    });
  };
  /** Releases the oldest permit, and lets the next request start. */
  const releaseOne = async () => {
    held.shift()?.();
    await settled();
  };
  return { ask, releaseOne };
}

/** Lets all pending promises continue. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a flooding network may have two requests waiting, and others are served in rotation', async () => {
  const noted: string[] = [];
  const { ask, releaseOne } = asking(
    createFairSemaphore({ atOnce: 1, waitingEach: 2, waitingInAll: 100 }),
    noted,
  );
  for (let i = 0; i < 30; i += 1) ask('flood');
  await settled();
  expect(noted.filter((one) => one === 'not flood')).toHaveLength(27);
  noted.length = 0;
  ask('home');
  ask('office');
  for (let i = 0; i < 4; i += 1) await releaseOne();
  expect(noted).toEqual(['flood', 'home', 'office', 'flood']);
});

test('a network without a place takes one from a network with several', async () => {
  const noted: string[] = [];
  const { ask, releaseOne } = asking(
    createFairSemaphore({ atOnce: 1, waitingEach: 2, waitingInAll: 2 }),
    noted,
  );
  for (const name of ['flood 1', 'flood 2', 'flood 3']) ask('flood', name);
  ask('home');
  ask('office');
  await settled();
  expect(noted.sort()).toEqual(['flood 1', 'not flood 3', 'not office']);
  await releaseOne();
  await releaseOne();
  expect(noted.slice(3)).toEqual(['flood 2', 'home']);
});

test('the number that run at once is limited, and releasing a permit twice frees one place', async () => {
  const semaphore = createFairSemaphore({ atOnce: 2, waitingEach: 2, waitingInAll: 100 });
  const [one, two] = [await semaphore.acquire('a'), await semaphore.acquire('b')];
  const noted: string[] = [];
  const { ask } = asking(semaphore, noted);
  ask('c');
  ask('d');
  one?.();
  one?.();
  await settled();
  expect(noted).toEqual(['c']);
  two?.();
  await settled();
  expect(noted).toEqual(['c', 'd']);
});

test('lets a few run, a few wait in order, and turns the rest away', async () => {
  const semaphore = createKeyedSemaphore({ atOnce: 2, waiting: 2 });
  expect(semaphore.isFull('a')).toBe(false);
  const first = await semaphore.acquire('a');
  expect(semaphore.isFull('a')).toBe(false);
  const second = await semaphore.acquire('a');
  expect(semaphore.isFull('a')).toBe(true);
  expect(semaphore.isFull('b')).toBe(false);
  const order: number[] = [];
  const waiters = [3, 4].map(async (number) => {
    const release = await semaphore.acquire('a');
    order.push(number);
    return release;
  });
  await settled();
  expect(order).toEqual([]);
  expect(semaphore.waiting).toBe(2);
  expect(semaphore.acquire('a')).toBe(undefined);
  const other = await semaphore.acquire('b');
  first?.();
  first?.();
  const third = await waiters[0];
  await settled();
  expect(order).toEqual([3]);
  expect(semaphore.waiting).toBe(1);
  third?.();
  const fourth = await waiters[1];
  expect(order).toEqual([3, 4]);
  for (const release of [fourth, second, other]) release?.();
  expect(semaphore.waiting).toBe(0);
  expect(typeof (await semaphore.acquire('a'))).toBe('function');
});
