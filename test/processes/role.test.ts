import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createInstance, type Instance } from '../../src/instance.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';

let fresh: FreshDatabase;

beforeAll(async () => {
  fresh = await freshDatabase();
  await fresh.database.run(sql`
    with person as (insert into cabinet.holder (iin) values ('000000000001') returning holder_id)
    insert into cabinet.outbox (holder_id, lane, payload)
    select holder_id, 'notice', '{"kind": "new-device", "channel": "email", "to": "a@example.kz", "language": "kk", "at": "2026-11-22T19:31:00Z"}'::jsonb
    from person`);
});

afterAll(() => fresh.drop());

async function start(role: string): Promise<Instance> {
  const config = readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32), ROLE: role });
  const app = await createInstance({ config, database: fresh.database, log: pino({ level: 'silent' }) });
  app.startJobs();
  return app;
}

const status = async (app: Instance, url: string) => (await app.server.inject({ url })).statusCode;

const queued = () =>
  fresh.database.first(sql`select attempts, delivered_at is not null as delivered from cabinet.outbox`);

test('a web process serves people and delivers nothing; a worker process serves only its health', async () => {
  const web = await start('web');
  expect(await status(web, '/sign-in')).toBe(200);
  // A process that delivers would do so at once, and closing would wait for that.
  await web.close();
  expect(await queued()).toEqual({ attempts: 0, delivered: false });

  const worker = await start('worker');
  expect(await status(worker, '/health/ready')).toBe(200);
  for (const url of ['/', '/sign-in', '/services', '/demo/inbox'])
    expect([url, await status(worker, url)]).toEqual([url, 404]);
  await vi.waitFor(async () => expect(await queued()).toEqual({ attempts: 1, delivered: true }), {
    timeout: 20_000,
    interval: 20,
  });
  await worker.close();
});

test.each(['all', 'web', 'worker'])('with ROLE=%s no repeated work runs after close', async (role) => {
  const begun = vi.spyOn(globalThis, 'setInterval');
  const ended = vi.spyOn(globalThis, 'clearInterval');
  const instance = await start(role);
  const repeating = begun.mock.results.flatMap(({ value }) => (value.hasRef() ? [value] : []));
  expect(repeating.length).toBeGreaterThan(1);
  await instance.close();
  const stopped = ended.mock.calls.map(([timer]) => timer);
  expect(repeating.filter((timer) => !stopped.includes(timer))).toEqual([]);
  vi.restoreAllMocks();
});
