import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPacer } from './pace.ts';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A pacer whose grants are recorded with their times in milliseconds. */
function recorded(perSecond: number) {
  const pacer = createPacer(perSecond);
  const left: string[] = [];
  const at = new Map<string, number>();
  const ask = (name: string, urgent = false, { signal } = new AbortController()) =>
    pacer.next(urgent, signal).then(
      () => {
        left.push(name);
        at.set(name, performance.now());
      },
      () => left.push(`not ${name}`),
    );
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  return { pacer, left, at, ask, pass };
}

test('the set number leaves each second, evenly, and codes before notices', async () => {
  const { left, ask, pass } = recorded(10);
  for (let n = 0; n < 30; n += 1) void ask(`notice ${n}`);
  await pass(950);
  expect(left).toEqual(Array.from({ length: 10 }, (_, n) => `notice ${n}`));
  void ask('code', true);
  await pass(100);
  expect(left.slice(10)).toEqual(['code']);
  await pass(1_000);
  expect(left).toHaveLength(21);
  expect(left[11]).toBe('notice 10');
});

test('unused capacity is kept for one second at most', async () => {
  const { left, ask, pass } = recorded(10);
  await pass(60_000);
  for (let n = 0; n < 30; n += 1) void ask(`notice ${n}`);
  await pass(1);
  expect(left).toHaveLength(10);
  await pass(1_000);
  expect(left).toHaveLength(20);
});

test('a gateway that wants fewer messages is left alone, longer each time until it accepts something', async () => {
  const { pacer, at, ask, pass } = recorded(1_000);
  const rests: number[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    pacer.slower();
    // It reports that for several pieces that were sent before.
    pacer.slower();
    const from = performance.now();
    void ask(name, true);
    await pass(20_000);
    rests.push((at.get(name) ?? 0) - from);
  }
  pacer.recovered();
  pacer.slower();
  const from = performance.now();
  void ask('g');
  await pass(20_000);
  rests.push((at.get('g') ?? 0) - from);
  expect(rests.map((rest) => Math.round(rest))).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000, 500]);
});

test('a pause for the gateway does not shorten the space between pieces', async () => {
  const { pacer, left, ask, pass } = recorded(1);
  void ask('first');
  void ask('second');
  await pass(1);
  pacer.slower();
  await pass(900);
  expect(left).toEqual(['first']);
  await pass(200);
  expect(left).toEqual(['first', 'second']);
});

test('a waiter that gives up leaves the queue and uses no capacity', async () => {
  const { left, ask, pass } = recorded(1);
  const patience = new AbortController();
  void ask('first');
  void ask('late', true, patience);
  void ask('second');
  await pass(500);
  patience.abort(new Error('its time is up'));
  await pass(501);
  expect(left).toEqual(['first', 'not late', 'second']);
});

test('setting the clock back does not stop sending', async () => {
  const { left, ask, pass } = recorded(10);
  void ask('before');
  await pass(1);
  vi.setSystemTime(Date.now() - 3_600_000);
  void ask('after');
  await pass(200);
  expect(left).toEqual(['before', 'after']);
});

test('sending goes on when a timer fires early and the moment passes while it looks', async () => {
  const { pacer, left, ask, pass } = recorded(10);
  const begun = performance.now();
  pacer.slower();
  void ask('after the pause');
  await pass(499);
  vi.spyOn(performance, 'now').mockReturnValueOnce(begun + 499.99);
  await pass(1);
  expect(left).toEqual([]);
  await pass(1);
  expect(left).toEqual(['after the pause']);
});

test('a closed pacer leaves no timer behind', async () => {
  const { pacer, ask } = recorded(1);
  void ask('first');
  void ask('second');
  pacer.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('a pause is never shorter than asked for, by the real clock', async () => {
  vi.useRealTimers();
  const pauses = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const pacer = createPacer(1_000);
      // Each begins at another fraction of a millisecond.
      for (let spun = 0; spun < n * 500; spun += 1) Math.sqrt(spun);
      pacer.slower();
      const begun = performance.now();
      await pacer.next(false, new AbortController().signal);
      return performance.now() - begun;
    }),
  );
  // Pausing began a moment before the clock was read here.
  expect(Math.min(...pauses)).toBeGreaterThan(499.9);
});
