import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../test/support/database.ts';
import { readConfig } from './config/config.ts';
import { dutiesOf, startJobs, upkeepOf } from './jobs.ts';
import { sql } from './platform/postgres/sql.ts';
import { createServices, type Services } from './services.ts';

// Each kind of background work records when it last succeeded, which reveals work that has stopped.

let fresh: FreshDatabase;
let services: Services;

beforeAll(async () => {
  fresh = await freshDatabase();
  services = await createServices({
    config: readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32) }),
    database: fresh.database,
    log: pino({ level: 'silent' }),
    deliversMessages: false,
  });
});

afterAll(async () => {
  await services.close();
  await fresh.drop();
});

const read = () =>
  fresh.database.rows<{ job: string; old: boolean }>(sql`
    select job, succeeded_at < now() - interval '1 day' as old from cabinet.job_success order by job`);

async function pass(signal = new AbortController().signal): Promise<void> {
  for (const { run } of upkeepOf(services)) await run(signal);
}

test('work is expected from the first start on, and a later start keeps the recorded times', async () => {
  await startJobs(services, dutiesOf('web', true)).stop();
  expect(await read()).toEqual([]);
  await startJobs(services, dutiesOf('worker', true)).stop();
  const expected = (await read()).map(({ job }) => job);
  expect(expected).toEqual(
    expect.arrayContaining(['backup', 'follow-fund', 'housekeeping:security_event', 'seal']),
  );
  await fresh.database.run(sql`update cabinet.job_success set succeeded_at = now() - interval '2 days'`);
  await startJobs(services, dutiesOf('all', true)).stop();
  expect((await read()).every(({ old }) => old)).toBe(true);
});

test('each kind that succeeded is recorded, and one that failed is not', async () => {
  await fresh.database.run(sql`update cabinet.job_success set succeeded_at = now() - interval '2 days'`);
  await fresh.database.run(sql`alter table cabinet.failure rename to failure_away`);
  await pass(AbortSignal.abort());
  expect((await read()).every(({ old }) => old)).toBe(true);
  await pass();
  expect((await read()).filter(({ old }) => old).map(({ job }) => job)).toEqual([
    'backup',
    'housekeeping:failure',
  ]);
  await fresh.database.run(sql`alter table cabinet.failure_away rename to failure`);
  const text = await services.metrics.text();
  expect(text).toMatch(/^kabinet_job_last_success_seconds\{job="housekeeping:session"\} \d{10}/m);
});
