import { expect, test } from 'vitest';
import { readConfig } from './config/config.ts';
import { divide } from './workers.ts';

test.each([
  { workers: 1, cores: 16, each: 15 },
  { workers: 2, cores: 16, each: 7 },
  { workers: 8, cores: 16, each: 1 },
  { workers: 16, cores: 16, each: 1 },
  { workers: 2, cores: 2, each: 1 },
])('$workers workers on $cores cores start $each verifier threads each', ({ workers, cores, each }) => {
  const machine = readConfig({ SECRET_KEYS: 'k'.repeat(32), EDS_THREADS: String(cores - 1) });
  const { threads } = divide(machine, workers).eds;
  expect(threads).toBe(each);
  // Together no more than the machine should have, unless a worker would then have none.
  expect(threads * workers).toBeLessThanOrEqual(Math.max(cores - 1, workers));
});
