import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { processDueRequests } from '../../src/features/account-request/worker.ts';
import { sealAll } from '../../src/features/operations/audit.ts';
import { createPasswordHasher } from '../../src/features/passwords/hasher.ts';
import { keepReachability } from '../../src/features/reachability/count.ts';
import { queuesOf, upkeepOf, watchesOf } from '../../src/jobs.ts';
import { dispatchDue } from '../../src/platform/outbox/dispatcher.ts';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { createServices, type Services } from '../../src/services.ts';
import { serverOfTests } from '../support/database.ts';
import { grows } from '../support/growing-tables.ts';
import { injectVisitor } from '../support/inject-visitor.ts';
import { password } from '../support/people.ts';
import { type PlannedDatabase, planStatements } from '../support/planned-database.ts';
import { fillPopulation } from '../support/population.ts';
import { startService, type TestService } from '../support/service.ts';
import { areas, everyForm } from './scenarios/areas.ts';
import { openWorld } from './world.ts';

// What a statement reads must not grow with the people. Everything is done among so many others
// that PostgreSQL reads a table whole only where it has no other way.

const people = 12_000;

/** Those that post every form, unless `npm test -- --all` asks for all. */
const isMade = (name: string) => process.env['TEST_COMPLETE'] !== undefined || everyForm.has(name);

let service: TestService;
let database: PlannedDatabase;

beforeAll(async () => {
  const passwordHash = await (await createPasswordHasher(1)).hash(password);
  service = await startService(
    {},
    {
      async through(own: Database, connection) {
        const { administration } = await serverOfTests();
        const superuser = { ...administration, database: connection.database };
        await fillPopulation(superuser, { people, passwordHash, atLeast: 1 });
        database = await planStatements(own);
        return database;
      },
    },
  );
});

afterAll(() => service.close());

test('every table that grows is filled, so that its plans say something', async () => {
  const tables = await service.database.rows<{ name: string; rows: number }>(sql`
    select format('%s.%s', nspname, relname) as name, reltuples::float as rows
    from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname in ('cabinet', 'fund', 'public')`);
  const small = tables.filter(({ name, rows }) => grows(name) && rows < people);
  expect(small.map(({ name }) => name)).toEqual([]);
  expect(
    await wholeReadsOf((planned) => planned.rows(sql`select from cabinet.holder where language = 'en'`)),
  ).toEqual(['cabinet.holder']);
});

const journeys = areas
  .flatMap(([, all]) => all)
  .filter(({ name, ways }) => isMade(name) && (ways?.includes('inject') ?? true));

/** A statement is planned three times at most: a later journey may have nothing new to plan. */
let plannedByJourneys = 0;

test.each(journeys)('$name', async (journey) => {
  const world = openWorld(service, async () => injectVisitor(service.server));
  await journey.run(world);
  await world.end();
  const { planned, whole } = database.take();
  plannedByJourneys += planned;
  expect(whole).toEqual([]);
});

test('the journeys had their statements planned', () => {
  expect(plannedByJourneys).toBeGreaterThan(100);
});

describe('background work', () => {
  let services: Services;
  let planned: PlannedDatabase;
  const withoutTime = { statementTimeout: 0, max: 4 };

  beforeAll(async () => {
    planned = await planStatements(openDatabase(service.connection, withoutTime));
    services = await createServices({
      // The first key seals, so that what the second has sealed is sealed again.
      config: readConfig({
        DEMO: '1',
        SECRET_KEYS: `${'n'.repeat(32)},${'k'.repeat(32)}`,
        REMINDER_HOURS: '0-24',
      }),
      database: planned,
      log: pino({ level: 'silent' }),
      deliversMessages: true,
    });
    // The first seal of a table looks at its oldest rows; every later one at the newest.
    await sealAll(service.database, service.keys);
    await makeWork();
  });

  afterAll(async () => {
    await services.close();
    await planned.close();
  });

  const passes: readonly (readonly [name: string, run: () => Promise<unknown>])[] = [
    ...(
      [
        'maintenance',
        'attack-switch',
        'database',
        'database-mark',
        'channels',
        'follow-fund',
        'end-alerts',
        'seal',
        'reseal',
        'reminders',
        'receipt-log',
        'time-stamps',
        'evidence',
        'housekeeping',
      ] as const
    ).map((name) => [name, () => jobNamed(name).run(new AbortController().signal)] as const),
    // A usual portion is half of the people here, and then reading all of them is right.
    ['reachability', () => keepReachability(planned, new AbortController().signal, 50)],
    ['delivery to the fund', () => dispatchDue(planned, queuesOf(services, { messages: true }).changes)],
    ['delivery of messages', deliverMessages],
    ['requisites asked for', () => dispatchDue(planned, queuesOf(services, { messages: true }).unaddressed)],
    ['confirmations', () => dispatchDue(planned, queuesOf(services, { messages: true }).confirmations)],
    ['account requests', () => processDueRequests(services, rethrow)],
    ['metrics', () => services.metrics.text()],
  ];

  test.each(passes)('%s', async (_name, run) => {
    planned.take();
    await run();
    expect(planned.take().whole).toEqual([]);
  });

  test('all of it is there', () => {
    const names = [...watchesOf(services), ...upkeepOf(services)].map(({ name }) => name);
    expect(passes.map(([name]) => name)).toEqual(expect.arrayContaining(names));
  });

  function jobNamed(name: string) {
    const found = [...watchesOf(services), ...upkeepOf(services)].find((job) => job.name === name);
    if (!found) throw new Error(`there is no job ${name}`);
    return found;
  }

  async function deliverMessages(): Promise<void> {
    for (const queue of queuesOf(services, { messages: true }).messages) await dispatchDue(planned, queue);
  }
});

const rethrow = (error: Error) => {
  throw error;
};

/** Something to do for each kind of background work. */
async function makeWork(): Promise<void> {
  const some = sql`(select holder_id from cabinet.holder order by holder_id limit 20)`;
  await service.database.run(sql`
    insert into cabinet.outbox (holder_id, lane, change_id, payload)
    select c.holder_id, 'fund', c.change_id, jsonb_build_object('iin', h.iin, 'fields', '{"apartment": "3"}'::jsonb)
    from cabinet.change c join cabinet.holder h using (holder_id) where c.holder_id in ${some}`);
  await service.database.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select holder_id, 'notice', jsonb_build_object('kind', 'new-device', 'channel', channel, 'to', value, 'language', 'kk',
      'at', '2026-11-29T00:00:00.000Z')
    from cabinet.recovery_contact where holder_id in ${some}`);
  await service.database.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select holder_id, 'unaddressed', jsonb_build_object('iin', iin) from cabinet.holder where holder_id in ${some}`);
  await service.database.run(sql`
    insert into cabinet.reminder (holder_id, kind, ends_on, next_on)
    select holder_id, kind, now()::date + 5, now()::date - 2 from cabinet.holder, (values ('key'), ('document')) as k (kind)
    where holder_id in ${some} on conflict (holder_id, kind) do update set next_on = excluded.next_on, ends_on = excluded.ends_on`);
  await service.database.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload)
    select holder_id, 'confirmation', jsonb_build_object('iin', iin, 'confirmedAt', now()) from cabinet.holder where holder_id in ${some}`);
  await service.database.run(sql`
    insert into fund.change_elsewhere (iin, version, fields)
    select iin, 2, '{"postcode": "010000"}' from cabinet.holder where holder_id in ${some}`);
}

async function wholeReadsOf(
  work: (planned: PlannedDatabase) => Promise<unknown>,
): Promise<readonly string[]> {
  const own = await planStatements(openDatabase(service.connection, { max: 1 }));
  try {
    await work(own);
    return own.take().whole.map(({ table }) => table);
  } finally {
    await own.close();
  }
}
