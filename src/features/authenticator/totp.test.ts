import { TOTP } from 'otpauth';
import { describe, expect, test } from 'vitest';
import { createAppSecret, stepOfCode } from './totp.ts';

/** Six digits of the secret of RFC 6238, appendix B, whose codes have eight. */
const published: readonly (readonly [seconds: number, code: string])[] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
];
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('a code', () => {
  test.each(published)('of RFC 6238 at %i s is %s', (seconds, code) => {
    expect(stepOfCode(secret, code, seconds)).toBe(Math.floor(seconds / 30));
  });

  test.each([
    [-61, undefined],
    [-60, undefined],
    [-31, undefined],
    [-30, 33_333_332],
    [0, 33_333_333],
    [30, 33_333_334],
    [60, undefined],
    [90, undefined],
  ])('of a clock that is %i s off is of the step %s', (off, step) => {
    // The first second of a step, so that a second less is the step before.
    const now = 33_333_333 * 30;
    const code = new TOTP({ secret }).generate({ timestamp: (now + off) * 1_000 });
    expect(stepOfCode(secret, code, now)).toBe(step);
  });

  test.each(['', '28708', '2870820', 'abcdef', '28708２'])('is not "%s"', (typed) => {
    expect(stepOfCode(secret, typed, 59)).toBeUndefined();
  });
});

test('a secret has 160 bits and is never the same', () => {
  const secrets = Array.from({ length: 50 }, createAppSecret);
  for (const one of secrets) expect(one).toMatch(/^[A-Z2-7]{32}$/);
  expect(new Set(secrets).size).toBe(50);
});
