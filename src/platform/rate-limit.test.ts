import { describe, expect, it } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

function limited(keys = 100) {
  const clock = { now: 0 };
  const limit = createRateLimit({ burst: 60, perSecond: 10, keys }, () => clock.now);
  return { clock, limit };
}

describe('a rate limit', () => {
  it('lets 60 through at once, then 10 a second', () => {
    const { clock, limit } = limited();
    const taken = () => Array.from({ length: 100 }, () => limit.take('a').ok).filter(Boolean).length;
    expect(taken()).toBe(60);
    clock.now = 1_000;
    expect(taken()).toBe(10);
    clock.now = 3_600_000;
    expect(taken()).toBe(60);
  });

  it('says how long to wait', () => {
    const { limit } = limited();
    for (let question = 0; question < 60; question += 1) limit.take('a');
    expect(limit.take('a')).toEqual({ ok: false, retryAfter: 1 });
  });

  it('counts each key by itself', () => {
    const { limit } = limited();
    for (let question = 0; question < 61; question += 1) limit.take('a');
    expect(limit.take('a').ok).toBe(false);
    expect(limit.take('b').ok).toBe(true);
  });

  it('forgets the key that was unused for the longest time', () => {
    const { limit } = limited(2);
    for (let question = 0; question < 61; question += 1) limit.take('a');
    limit.take('b');
    limit.take('c');
    expect(limit.take('a').ok).toBe(true);
  });
});
