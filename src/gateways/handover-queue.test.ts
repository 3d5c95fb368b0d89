import { setImmediate as settled } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createHandoverQueue } from './handover-queue.ts';

/** A queue whose work ends on command, with a record of what has started. */
function recorded(limits: { atOnce: number; reserved: number }) {
  const queue = createHandoverQueue(limits);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const hand = (name: string, urgent: boolean, { signal } = new AbortController()) =>
    queue.run(urgent, signal, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const notices = async (...names: string[]) => {
    for (const name of names) void hand(name, false);
    await settled();
  };
  const codes = async (...names: string[]) => {
    for (const name of names) void hand(name, true);
    await settled();
  };
  const end = async (...names: string[]) => {
    for (const name of names) ends.get(name)?.();
    await settled();
  };
  return { begun, hand, notices, codes, end };
}

test('a notice starts only while the reserved places are free, whatever runs in the others', async () => {
  const { begun, notices, codes, end } = recorded({ atOnce: 4, reserved: 2 });
  await codes('code 1', 'code 2');
  await notices('notice 1', 'notice 2');
  expect(begun).toEqual(['code 1', 'code 2']);
  await codes('code 3', 'code 4', 'code 5');
  expect(begun).toEqual(['code 1', 'code 2', 'code 3', 'code 4']);
  await end('code 1');
  expect(begun.slice(4)).toEqual(['code 5']);
  await end('code 2', 'code 3');
  expect(begun.slice(5)).toEqual([]);
  await end('code 4');
  expect(begun.slice(5)).toEqual(['notice 1']);
  await end('code 5');
  expect(begun.slice(6)).toEqual(['notice 2']);
});

test('codes overtake waiting notices; each kind keeps its order', async () => {
  const { begun, notices, codes, end } = recorded({ atOnce: 2, reserved: 1 });
  await notices('notice 1', 'notice 2', 'notice 3');
  await codes('code 1', 'code 2', 'code 3');
  expect(begun).toEqual(['notice 1', 'code 1']);
  for (const name of ['notice 1', 'code 1', 'code 2', 'code 3', 'notice 2']) await end(name);
  expect(begun).toEqual(['notice 1', 'code 1', 'code 2', 'code 3', 'notice 2', 'notice 3']);
});

test('a waiter that gives up leaves the queue and takes no place later', async () => {
  const { begun, hand, notices, codes, end } = recorded({ atOnce: 2, reserved: 1 });
  await notices('notice 1');
  await codes('code 1');
  const patience = new AbortController();
  const outcomes = Promise.allSettled([
    hand('late notice', false, patience),
    hand('late code', true, patience),
  ]);
  await codes('code 2');
  await notices('notice 2');
  const reason = new Error('its time is up');
  patience.abort(reason);
  expect(await outcomes).toEqual([
    { status: 'rejected', reason },
    { status: 'rejected', reason },
  ]);
  await end('code 1');
  await end('notice 1', 'code 2');
  expect(begun).toEqual(['notice 1', 'code 1', 'code 2', 'notice 2']);
});

test('work that fails frees its place and rejects with its error', async () => {
  const queue = createHandoverQueue({ atOnce: 1, reserved: 0 });
  const { signal } = new AbortController();
  const fails = queue.run(false, signal, () => Promise.reject(new Error('refused')));
  const next = queue.run(false, signal, async () => 'sent');
  await expect(fails).rejects.toThrow('refused');
  expect(await next).toBe('sent');
});
