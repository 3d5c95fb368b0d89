import { describe, expect, it } from 'vitest';
import { createAdmissionControl } from './admission.ts';

describe('admission control', () => {
  const now = { resting: 0, lag: 0 };
  const open = (atOnce: number) => {
    Object.assign(now, { resting: 0, lag: 0 });
    return createAdmissionControl({ atOnce, resting: () => now.resting, lag: () => now.lag });
  };

  it('gives newcomers two thirds of the places and keeps the rest for those who have begun', () => {
    const admission = open(9);
    const begins = Array.from({ length: 9 }, () => admission.admit(false)).filter(Boolean);
    expect(begins).toHaveLength(6);
    const begun = Array.from({ length: 9 }, () => admission.admit(true)).filter(Boolean);
    expect(begun).toHaveLength(3);
  });

  it('frees one place when a request leaves, even if that is reported twice', () => {
    const admission = open(3);
    const leaves = [admission.admit(true), admission.admit(true), admission.admit(true)];
    expect(admission.admit(true)).toBe(undefined);
    leaves[0]?.();
    leaves[0]?.();
    expect(admission.admit(true)).toBeDefined();
    expect(admission.admit(true)).toBe(undefined);
  });

  it('does not count requests that only wait for a password check', () => {
    const admission = open(3);
    for (let request = 0; request < 3; request += 1) admission.admit(true);
    now.resting = 2;
    expect(admission.admit(false)).toBeDefined();
  });

  it('turns newcomers away when the process is late, and everybody when it is very late', () => {
    const admission = open(100);
    now.lag = 600;
    expect(admission.admit(false)).toBe(undefined);
    expect(admission.admit(true)).toBeDefined();
    now.lag = 2_500;
    expect(admission.admit(true)).toBe(undefined);
    now.lag = 0;
    expect(admission.admit(false)).toBeDefined();
  });
});
