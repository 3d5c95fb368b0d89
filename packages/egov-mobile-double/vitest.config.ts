import { defineConfig } from 'vitest/config';

/** For running the package's tests alone. The whole project also runs them from its root. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    expect: { requireAssertions: true },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
