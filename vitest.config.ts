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
 * Two packages whose tests take a minute each: one starts, kills and adopts servers, the other
 * checks thousands of signatures. They are tested where they changed with the last commit or since,
 * and with `--all`. Without git: always.
 */
const slowPackages = ['packages/local-postgres', 'packages/nca-verify'];
const hasChanged = (folder: string) =>
  spawnSync('git', ['diff', '--quiet', 'HEAD~1', '--', folder]).status !== 0;
const untouched = slowPackages
  .filter((folder) => !isComplete && !hasChanged(folder))
  .map((folder) => `${folder}/**`);

/**
 * Long tests of what few changes touch, or of what another test proves in a shorter way. Record 177
 * says which. They run with `--all`, as CI does.
 */
const long = isComplete
  ? []
  : [
      'test/build/{image,install,production,stale}.test.ts',
      'test/checks/{alarms,dead-code}.test.ts',
      'test/cli/{backup-standby,migrate}.test.ts',
      'test/journeys/{fund-browser,growth.inject,kazpost-faults,work}.test.ts',
      'test/processes/{canary,reload-keys,traces}.test.ts',
      'test/screens/pictures.test.ts',
      'src/features/requisites/fields/plant-a-field.test.ts',
    ];

/** Tests that share their modules with others. Two change a module or a clock. */
const sharing = [
  'test/contracts/*.test.ts',
  'test/security/!(addresses|enumeration).test.ts',
  'test/journeys/{inject,*.inject}.test.ts',
];

/** What `npm run screens` runs. */
const takers = { states: 'screens', guide: 'guide-screens', memo: 'memo-screens' };

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    expect: { requireAssertions: true },
    sequence: { sequencer: LongestFirst },
    // Half as many again as there are cores: two files in five wait for processes and time limits.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // A browser on a busy machine may stumble once; the report names every test that needed its
    // second try.
    retry: process.env['CI'] === undefined ? 0 : 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'embedded',
          include: ['test/**/*.test.{ts,tsx}', 'packages/*/{src,test}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, complete, ...sharing, ...long, ...untouched],
          globalSetup,
          provide: { postgres: undefined },
        },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['src/**/*.test.{ts,tsx}', ...sharing],
          exclude: [...configDefaults.exclude, ...long],
          // Each file would load the service anew: that took a third of their processor time.
          isolate: false,
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
      // `npm run screens`, which says what to take.
      ...(process.env['SCREENS'] === undefined
        ? []
        : [
            {
              extends: true as const,
              test: {
                name: 'screens',
                include: [
                  `test/screens/${takers[JSON.parse(process.env['SCREENS']).take as keyof typeof takers]}.ts`,
                ],
                globalSetup,
                provide: { postgres: undefined },
              },
            },
          ]),
      // The same again on another PostgreSQL, for everything whose outcome the database has a part
      // in.
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
