import { randomUUID } from 'node:crypto';
import type { LocalPostgres } from 'local-postgres';
import pg from 'pg';
import { pino } from 'pino';
import { readConfig } from '../src/config/config.ts';
import { processDueRequests } from '../src/features/account-request/worker.ts';
import { createPasswordHasher } from '../src/features/passwords/hasher.ts';
import { keepReachability } from '../src/features/reachability/count.ts';
import { queueReminders } from '../src/features/reminders/queue-reminders.ts';
import { createInstance } from '../src/instance.ts';
import { queuesOf, upkeepOf, watchesOf } from '../src/jobs.ts';
import { dispatchDue } from '../src/platform/outbox/dispatcher.ts';
import { type ConnectionFields, type Database, openDatabase } from '../src/platform/postgres/database.ts';
import { todayInAstana } from '../src/platform/postgres/day.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { sql } from '../src/platform/postgres/sql.ts';
import { createServices, type Services } from '../src/services.ts';
import { injectClient } from '../test/support/client.ts';
import { inventIinAmong, password } from '../test/support/people.ts';
import { planStatements } from '../test/support/planned-database.ts';
import { fillPopulation } from '../test/support/population.ts';
import { formOf } from '../test/support/signed-in.ts';
import { silent, withOwnPostgres } from './own-postgres.ts';
import { cpuOf, parentOf } from './processes.ts';
import { percentile, type Row } from './row.ts';
import { Client, type MeasuredService, startMeasured, urlOf } from './service.ts';

const few = 10_000;
/** Visitors of each population, spread over all of it. */
const visitorCount = 40;
/** Rounds that alternate, so that other load on this machine affects both sides. */
const rounds = 15;
/** Passes of a job in a round. A single one is too short for the CPU clock. */
const passes = 10;
const mostGrowth = 1.3;

/**
 * What a page, a save, a sign-in and each pass of background work cost with `PEOPLE` people
 * (200,000), compared with 10,000: the median time, and the CPU time of PostgreSQL. Both databases
 * are on one server, each with its own service, and are measured in turn. Then every statement is
 * planned on the larger one, and those that read a whole table are printed.
 */
export function bench(): Promise<Row[]> {
  const settings = { autovacuum: 'off', max_wal_size: '4GB', maintenance_work_mem: '256MB' };
  return withOwnPostgres('growth', settings, compareOn);
}

async function compareOn(server: LocalPostgres): Promise<Row[]> {
  const many = Number(process.env['PEOPLE'] ?? 200_000);
  const sides: Side[] = [];
  try {
    for (const people of [few, many]) sides.push(await openSide(server, people));
    const [small, large] = sides;
    if (!small || !large) throw new Error('two sides are compared');
    for (const side of sides) await warmUp(side);
    const samples = await compare(small, large);
    const whole = await printWholeReads(large);
    return [
      ...sides.map(({ people, filledIn, bytes }) => ({
        name: `growth: filled with ${people.toLocaleString('en')} people`,
        value: filledIn,
        unit: 's',
        note: `${(bytes / 1e6).toFixed(0)} MB`,
      })),
      ...samples.flatMap((sample) => rowsOf(sample, many)),
      ...samples.filter(({ name }) => name === reminderPortion).map(dayOfReminders),
      ...samples.filter(({ name }) => name === countedPortion).map(dayOfCounting),
      {
        name: 'growth: statements that read a whole table',
        value: whole,
        unit: '',
        note: 'printed above; 0 is right',
      },
    ];
  } finally {
    for (const side of sides) await side.close();
  }
}

/** A population with its own service. */
interface Side {
  readonly people: number;
  readonly filledIn: number;
  readonly bytes: number;
  readonly connection: ConnectionFields;
  readonly database: Database;
  readonly services: Services;
  readonly service: MeasuredService;
  readonly visitors: readonly Visitor[];
  close(): Promise<void>;
}

interface Visitor {
  readonly iin: string;
  readonly client: Client;
  form: Record<string, string>;
  saves: number;
}

async function openSide(server: LocalPostgres, people: number): Promise<Side> {
  const name = `growth_${people}`;
  const connection = { ...server.connection, database: name };
  const superuser = { ...server.administration, database: name };
  await inDatabase(server.administration, `create database ${name} owner ${server.connection.user}`);
  await migrate(connection, silent);
  const hasher = await createPasswordHasher(1);
  const begun = performance.now();
  await fillPopulation(superuser, { people, passwordHash: await hasher.hash(password) });
  const filledIn = (performance.now() - begun) / 1_000;
  const [size] = await inDatabase<{ bytes: string }>(
    superuser,
    'select pg_database_size(current_database()) as bytes',
  );
  const settings = {
    DEMO: '1',
    SECRET_KEYS: 'k'.repeat(32),
    DATABASE_URL: urlOf(connection),
    REMINDER_HOURS: '0-24',
  };
  const database = openDatabase(connection, { max: 8, statementTimeout: 0 });
  const services = await createServices({
    config: readConfig(settings),
    database,
    log: pino({ level: 'warn' }),
    deliversMessages: true,
  });
  // Jobs only run when they are measured.
  const service = await startMeasured({ ...settings, ROLE: 'web' });
  const visitors = Array.from({ length: visitorCount }, (_, n) => ({
    iin: inventIinAmong(Math.floor((n + 0.5) * (people / visitorCount))),
    client: new Client(service.origin),
    form: {},
    saves: 0,
  }));
  return {
    people,
    filledIn,
    bytes: Number(size?.bytes),
    connection,
    database,
    services,
    service,
    visitors,
    async close() {
      await service.close();
      await services.close();
      await database.close();
    },
  };
}

async function inDatabase<Row extends object>(
  connection: ConnectionFields,
  text: string,
): Promise<readonly Row[]> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const requisites = '/services/requisites';

/** Visits everything once, so that first visits and cold caches are not compared. */
async function warmUp(side: Side): Promise<void> {
  for (const visitor of side.visitors) {
    await visitor.client.signIn({ iin: visitor.iin, password });
    visitor.form = (await visitor.client.get(requisites)).fields;
    await save(visitor);
  }
  for (const [, run] of jobsOf(side)) await run();
}

async function save(visitor: Visitor): Promise<void> {
  const { client, form } = visitor;
  const { status } = await client.post(requisites, {
    ...form,
    formId: randomUUID(),
    revision: String(Number(form['revision']) + visitor.saves),
    address: `Астана қаласы, Қабанбай батыр даңғылы, ${visitor.saves + 1}`,
  });
  if (status !== 303) throw new Error(`a save answered ${status}`);
  visitor.saves += 1;
}

async function signIn(side: Side, { iin }: Visitor): Promise<void> {
  await new Client(side.service.origin).signIn({ iin, password });
}

async function open({ client }: Visitor): Promise<void> {
  const { status } = await client.get(requisites);
  if (status !== 200) throw new Error(`the page answered ${status}`);
}

type Act = readonly [name: string, run: () => Promise<unknown>];

/** One pass of each job, with the work that the visitors have left. */
function jobsOf({ services, database }: Side): readonly Act[] {
  const { changes, messages, unaddressed, confirmations } = queuesOf(services, { messages: true });
  const rethrow = (error: Error) => {
    throw error;
  };
  return [
    ...[...watchesOf(services), ...upkeepOf(services)].map(
      ({ name, run }): Act => [`job ${name}`, () => run(new AbortController().signal)],
    ),
    ...[changes, ...messages, unaddressed, confirmations].map(
      (queue): Act => [
        `queue ${[queue.name, queue.channel].filter(Boolean).join(', ')}`,
        () => dispatchDue(database, queue),
      ],
    ),
    ['job account requests', () => processDueRequests(services, rethrow)],
    ['metrics', () => services.metrics.text()],
  ];
}

/** Milliseconds of each action, and CPU milliseconds of PostgreSQL for it, on both sides. */
interface Sample {
  readonly name: string;
  readonly took: readonly [number[], number[]];
  readonly cpu: readonly [number[], number[]];
}

async function compare(small: Side, large: Side): Promise<readonly Sample[]> {
  const sides = [small, large] as const;
  const samples = new Map<string, Sample>();
  const postgres = await postmasterOf(small.database);
  for (let round = 0; round < rounds; round += 1) {
    // Alternate who is first: the second side finds the machine as the first has left it.
    for (const at of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      for (const [name, run, times, prepare] of actsOf(sides[at])) {
        const sample = samples.get(name) ?? { name, took: [[], []], cpu: [[], []] };
        samples.set(name, sample);
        let cpu = 0;
        for (let time = 0; time < times; time += 1) {
          await prepare?.();
          const before = prepare || time === 0 ? await cpuOf(postgres) : undefined;
          const begun = performance.now();
          await run(time);
          sample.took[at].push(performance.now() - begun);
          if (before !== undefined) cpu -= before;
          if (prepare || time === times - 1) cpu += await cpuOf(postgres);
        }
        sample.cpu[at].push((1_000 * cpu) / times);
      }
    }
  }
  return [...samples.values()];
}

const countedAtOnce = 5_000;
const countedPortion = `a count of the last ${countedAtOnce.toLocaleString('en')} holders`;

/** Lets the daily count of who can be reached have one portion left. */
async function letPortionBeLeft({ database }: Side): Promise<void> {
  await database.run(sql`
    update cabinet.reachability set partial = '{}', after = (
      select holder_id from cabinet.requisites order by holder_id desc offset ${countedAtOnce} limit 1)`);
}

type Measured = readonly [
  name: string,
  run: (time: number) => Promise<unknown>,
  times: number,
  /** Not measured. */
  prepare?: () => Promise<unknown>,
];

/** Reminders that are due on the same day, so that a pass has a portion of them. */
const dueAtOnce = 1_000;
const reminderPortion = `a pass with ${dueAtOnce.toLocaleString('en')} reminders that are due`;

/** Lets so many reminders be due today, and forgets those of the last pass. */
async function letRemindersBeDue({ database }: Side): Promise<void> {
  const today = todayInAstana;
  await database.run(sql`delete from cabinet.outbox where lane = 'reminder'`);
  await database.run(sql`
    update cabinet.reminder set ends_on = ${today} + 30, next_on = ${today} where ctid = any (array(
      select ctid from cabinet.reminder where next_on > ${today} and kind = 'key'
      order by next_on, holder_id limit ${dueAtOnce}))`);
}

function actsOf(side: Side): readonly Measured[] {
  const visitor = (time: number) => side.visitors[time % visitorCount] ?? (side.visitors[0] as Visitor);
  return [
    ['page of requisites', (time) => open(visitor(time)), visitorCount],
    ['save', (time) => save(visitor(time)), visitorCount],
    ['sign-in', (time) => signIn(side, visitor(time)), visitorCount / 4],
    ...jobsOf(side).map(([name, run]) => [name, run, passes] as const),
    [
      reminderPortion,
      () => queueReminders(side.services, new AbortController().signal),
      3,
      () => letRemindersBeDue(side),
    ],
    [
      countedPortion,
      () => keepReachability(side.database, new AbortController().signal),
      3,
      () => letPortionBeLeft(side),
    ],
  ];
}

function rowsOf({ name, took, cpu }: Sample, many: number): readonly Row[] {
  const [small, large] = took.map((times) => percentile(times, 0.5)) as [number, number];
  const [smallCpu, largeCpu] = cpu.map(
    (times) => times.reduce((sum, time) => sum + time, 0) / times.length,
  ) as [number, number];
  return [
    {
      name: `growth: ${name}`,
      value: large / small,
      unit: '×',
      note: `p50 ${small.toFixed(2)} ms among ${few.toLocaleString('en')}, ${large.toFixed(2)} ms among ${many.toLocaleString('en')}; PostgreSQL ${smallCpu.toFixed(2)} and ${largeCpu.toFixed(2)} ms of CPU; at most ${mostGrowth} ×`,
    },
  ];
}

/**
 * Repeats a journey and a pass of each job with every statement planned, and prints the statements
 * that read a whole table on the large side. Returns their number.
 */
async function printWholeReads(side: Side): Promise<number> {
  const { config } = side.services;
  const log = pino({ level: 'warn' });
  const planned = await planStatements(openDatabase(side.connection, { max: 4, statementTimeout: 0 }));
  const services = await createServices({ config, database: planned, log, deliversMessages: true });
  const instance = await createInstance({ config, database: planned, log });
  try {
    const client = injectClient(instance.server);
    const start = await client.get('/sign-in');
    const iin = inventIinAmong(1);
    await client.post('/sign-in', formOf(start.body, '/sign-in', { iin, password }));
    const page = await client.get(requisites);
    const form = formOf(page.body, requisites, { apartment: '77', formId: randomUUID() });
    const { status } = await client.post(requisites, form);
    if (status !== 303) throw new Error(`a save answered ${status}`);
    for (const path of ['/services', '/history', '/security']) await client.get(path);
    for (const [, run] of jobsOf({ ...side, services, database: planned })) await run();
    const { planned: count, whole } = planned.take();
    console.log(`${count} statements were planned among ${side.people.toLocaleString('en')} people`);
    for (const { table, how, statement } of whole)
      console.log(`reads the whole of ${table} (${how}): ${statement}`);
    return whole.length;
  } finally {
    await instance.close();
    await services.close();
    await planned.close();
  }
}

/**
 * What the daily run takes among twelve million people who all have a key of a year, reminded of
 * twice: calculated from the time of a portion, which the other row shows to be the same.
 */
function dayOfReminders({ took }: Sample): Row {
  const due = (12_000_000 * 2) / 365;
  const portionMs = percentile(took[1], 0.5);
  return {
    name: 'growth: the daily run of reminders among 12,000,000 people, calculated',
    value: (portionMs * due) / dueAtOnce / 1_000,
    unit: 's',
    note: `${Math.round(due).toLocaleString('en')} due in a day, ${portionMs.toFixed(0)} ms for ${dueAtOnce.toLocaleString('en')}`,
  };
}

/** The same for the daily count of who can be reached. */
function dayOfCounting({ took }: Sample): Row {
  const portions = 12_000_000 / countedAtOnce;
  const portionMs = percentile(took[1], 0.5);
  return {
    name: 'growth: the daily count of who can be reached among 12,000,000 people, calculated',
    value: (portionMs * portions) / 1_000,
    unit: 's',
    note: `${portions.toLocaleString('en')} portions of ${portionMs.toFixed(0)} ms`,
  };
}

async function postmasterOf(database: Database): Promise<number> {
  const row = await database.first<{ pid: number }>({ text: 'select pg_backend_pid() as pid', values: [] });
  return parentOf(row?.pid ?? 0);
}
