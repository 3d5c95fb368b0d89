import { defineConfig } from 'vitest/config';

/** For the package by itself; the whole project runs the same tests from its root. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    expect: { requireAssertions: true },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
