import { rm } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { urlOf } from '../../bench/service.ts';
import { scratchFolder } from '../../packages/local-postgres/test/support/scratch.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { bundleNode } from './bundle-node.ts';
import { type KillOptions, killTest } from './kills.ts';
import { plants, usual } from './planted.ts';
import { points } from './points.ts';
import { wrongIn } from './trial.ts';

// A short form of the kill test of `npm run chaos`, and a proof that it can fail.

let fresh: FreshDatabase;
let varDir: string;

beforeAll(() => bundleNode());

beforeEach(async () => {
  fresh = await freshDatabase();
  varDir = scratchFolder('kabinet-chaos-');
});

afterEach(async () => {
  await fresh.drop();
  await rm(varDir, { recursive: true, force: true });
});

const run = (options: Pick<KillOptions, 'at' | 'timesEach' | 'faults'> & Partial<KillOptions>) =>
  killTest({ database: fresh.database, databaseUrl: urlOf(fresh.connection), varDir, ...usual, ...options });

describe('nodes that are killed under saving clients', () => {
  test('at every point lose nothing, double nothing and leave nothing half-written', {
    timeout: 180_000,
  }, async () => {
    // Two of three nodes are being killed at any moment: half the time of one of two.
    const report = await run({ at: points, timesEach: 1, random: 1, faults: 0.2, nodes: 3 });
    expect(wrongIn(report)).toEqual([]);
    expect([...report.kills.keys()].sort()).toEqual(['at random', ...points].sort());
    expect(report.saves).toBeGreaterThanOrEqual(usual.saves);
    expect(report.met.cut).toBeGreaterThan(0);
    expect(report.fundFaults).toBeGreaterThan(0);
  });

  test('lose nothing of a batch for the embedded fund, wherever they are between its steps', {
    timeout: 180_000,
  }, async () => {
    const at = ['after the lease of the outbox', 'before the mark', 'after the mark'] as const;
    const report = await run({
      at,
      timesEach: 2,
      faults: 0,
      embedded: true,
      nodes: 3,
      clients: 8,
      pauseMs: 5,
    });
    expect(wrongIn(report)).toEqual([]);
    expect([...report.kills.keys()].sort()).toEqual([...at].sort());
    expect(report.saves).toBeGreaterThanOrEqual(usual.saves);
  });

  test('lose saves when the answer is sent before COMMIT, and the test finds that', {
    timeout: 180_000,
  }, async () => {
    const [plant] = plants;
    const report = await run({ ...plant?.run, at: plant?.run.at ?? [], faults: 0, timesEach: 1, saves: 20 });
    expect(report.verdict.lost).not.toEqual([]);
  });
});
