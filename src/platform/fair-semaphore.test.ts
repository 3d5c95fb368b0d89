import { expect, test } from 'vitest';
import { createFairSemaphore, type FairSemaphore } from './semaphore.ts';

/** Asks for a turn and notes when it is given or refused. */
function asking(turns: FairSemaphore, noted: string[]) {
  const ends: (() => void)[] = [];
  const ask = (asker: string, name = asker) => {
    void turns.acquire(asker).then((end) => {
      noted.push(end ? name : `not ${name}`);
      if (end) ends.push(end);
    });
  };
  /** Ends the oldest turn, and lets whoever follows begin. */
  const endOne = async () => {
    ends.shift()?.();
    await settled();
  };
  return { ask, endOne };
}

/** Lets all promises that can go on do so. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a network that floods waits with two, and others are served in turn', async () => {
  const noted: string[] = [];
  const { ask, endOne } = asking(
    createFairSemaphore({ atOnce: 1, waitingEach: 2, waitingInAll: 100 }),
    noted,
  );
  for (let i = 0; i < 30; i += 1) ask('flood');
  await settled();
  expect(noted.filter((one) => one === 'not flood')).toHaveLength(27);
  noted.length = 0;
  ask('home');
  ask('office');
  for (let i = 0; i < 4; i += 1) await endOne();
  expect(noted).toEqual(['flood', 'home', 'office', 'flood']);
});

test('the places of one network are given up to a network that has none', async () => {
  const noted: string[] = [];
  const { ask, endOne } = asking(createFairSemaphore({ atOnce: 1, waitingEach: 2, waitingInAll: 2 }), noted);
  for (const name of ['flood 1', 'flood 2', 'flood 3']) ask('flood', name);
  ask('home');
  ask('office');
  await settled();
  expect(noted.sort()).toEqual(['flood 1', 'not flood 3', 'not office']);
  await endOne();
  await endOne();
  expect(noted.slice(3)).toEqual(['flood 2', 'home']);
});

test('so many run at once, and a turn that is ended twice frees one place', async () => {
  const turns = createFairSemaphore({ atOnce: 2, waitingEach: 2, waitingInAll: 100 });
  const [one, two] = [await turns.acquire('a'), await turns.acquire('b')];
  const noted: string[] = [];
  const { ask } = asking(turns, noted);
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
