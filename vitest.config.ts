import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { systemPostgres } from './test/support/system-postgres.ts';

const globalSetup = ['test/support/postgres-setup.ts'];
const complete = 'test/complete/**/*.test.ts';
const isComplete = process.env['TEST_COMPLETE'] !== undefined;
const system = isComplete ? systemPostgres() : undefined;
if (isComplete && system === undefined) {
  console.log(
    'No PostgreSQL 15 or later found beside the embedded one: stores, contracts and journeys run once.',
  );
}

/**
 * The supervisor of the bundled PostgreSQL starts, kills and adopts servers for a minute. Its tests run
 * where it changed with the last commit or since, and with `--all`. Without git: always.
 */
const supervisor = 'packages/local-postgres';
const hasChanged = spawnSync('git', ['diff', '--quiet', 'HEAD~1', '--', supervisor]).status !== 0;
const untouched = isComplete || hasChanged ? [] : [`${supervisor}/**`];

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    expect: { requireAssertions: true },
    sequence: { sequencer: LongestFirst },
    // Half as many again as there are cores: two files in five wait for processes and time limits.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // A browser on a busy machine may stumble once; the report names every test that needed its second try.
    retry: process.env['CI'] === undefined ? 0 : 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'embedded',
          include: [
            'src/**/*.test.{ts,tsx}',
            'test/**/*.test.{ts,tsx}',
            'packages/*/{src,test}/**/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, complete, ...untouched],
          globalSetup,
          provide: { postgres: undefined },
        },
      },
      // `npm test -- --all`, which installs what these need before it starts.
      ...(isComplete
        ? [
            {
              extends: true as const,
              test: { name: 'complete', include: [complete], globalSetup, provide: { postgres: undefined } },
            },
          ]
        : []),
      // The same again on another PostgreSQL, for everything whose outcome the database has a part in.
      ...(system === undefined
        ? []
        : [
            {
              extends: true as const,
              test: {
                name: `postgresql ${system.version}`,
                include: [
                  'src/**/*.store.test.ts',
                  'test/contracts/**/*.test.ts',
                  'test/journeys/{inject,*.inject}.test.ts',
                ],
                globalSetup,
                provide: { postgres: system },
              },
            },
          ]),
    ],
  },
});
