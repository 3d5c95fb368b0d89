import { availableParallelism } from 'node:os';
import { createPasswordHasher } from '../src/features/passwords/hasher.ts';

/** Verifies passwords and nothing else, and tells its parent how many a second, and milliseconds of CPU for each. */
async function main([seconds = 1, parallel = 1]: readonly number[]): Promise<void> {
  const hasher = await createPasswordHasher(availableParallelism());
  const stored = await hasher.hash('a password to measure by');
  const before = process.cpuUsage();
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (; performance.now() < until; count++) await hasher.verify(stored, 'a password to measure by');
    }),
  );
  const { user, system } = process.cpuUsage(before);
  process.send?.({ perSecond: count / seconds, cpu: (user + system) / 1_000 / count }, () => process.exit(0));
}

await main(process.argv.slice(2).map(Number));
