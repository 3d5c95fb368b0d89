import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { startBundledPostgres } from '../src/bundled-postgres.ts';
import { type Database, openDatabase } from '../src/platform/postgres/database.ts';
import { sql } from '../src/platform/postgres/sql.ts';
import { root } from '../src/platform/root.ts';
import { inventPerson, password } from '../test/support/people.ts';
import { cpuOf, cpuOfMachine, memoryOf, parentOf } from './processes.ts';
import { percentile, type Row } from './row.ts';
import { Client, urlOf } from './service.ts';

/** Arrivals a second. A person who signs in has opened the page before, so both rates are equal. */
const rates = {
  'sign-in': 40,
  save: 25,
  'read: /sign-in': 40,
  'read: /services/requisites': 40,
  'read: /services': 30,
  'read: /history': 15,
  'read: a receipt': 10,
  'read: /api/addresses': 15,
} as const;
type Kind = keyof typeof rates;
const kinds = Object.keys(rates) as Kind[];

/** People who are signed in before the clock starts. They read and save. */
const residentCount = 1_000;
/** People who sign in again and again, each on their own device. */
const arrivingCount = 3_000;
/** How many of the residents have saved before the clock starts. Their receipts are read. */
const withReceipt = 50;
/** Sign-in pages opened before the clock starts, so that no sign-in lacks one by chance. */
const openedBefore = 1_000;
const typedAddresses = [
  'Алматы Аба',
  'Астана Қабанбай',
  'г. Шымкент',
  'Караганда ул',
  'Ақтау',
  'Достық',
  'Семей, Шәк',
];

/**
 * 40 sign-ins, 25 saves and 150 reads a second for `MIX_SECONDS` (ten minutes unless set, 90
 * seconds where everything is measured), against the built service on its own PostgreSQL. The load,
 * the service and the database share this machine. Arrivals follow a schedule that is made in
 * advance and wait for nobody. The time of an answer counts from its scheduled moment, so that a
 * stall is not hidden.
 */
export async function bench(): Promise<Row[]> {
  const seconds = Number(process.env['MIX_SECONDS'] ?? 600);
  const folder = await mkdtemp(join(tmpdir(), 'kabinet-bench-'));
  await chmod(folder, 0o711);
  const quiet = { info: () => undefined, warn: () => undefined };
  const server = await startBundledPostgres({ varDir: folder, log: quiet });
  const database = openDatabase(server.connection, { max: 1, statementTimeout: 0 });
  try {
    const environment = {
      ...process.env,
      DATABASE_URL: urlOf(server.connection),
      SECRET_KEYS: 'k'.repeat(32),
      VAR_DIR: folder,
      DEMO: '1',
      PORT: '0',
    };
    await importPeople(folder, environment);
    const service = await startBuilt(folder, environment);
    try {
      const town = await openTown(service.origin);
      const outcome = await run(town, seconds, {
        service: service.pid,
        database: await postmasterOf(database),
      });
      return [
        ...rowsOf(outcome, seconds),
        await savedRow(database, outcome),
        { name: 'warnings and errors logged', value: await service.complaints(), unit: '' },
      ];
    } finally {
      await service.close();
    }
  } finally {
    await database.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function importPeople(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const file = join(folder, 'people.jsonl');
  const lines = Array.from({ length: residentCount + arrivingCount }, (_, n) =>
    JSON.stringify(inventPerson(n)),
  );
  await writeFile(file, lines.join('\n'));
  for (const command of [['migrate'], ['people', 'import', file]])
    await promisify(execFile)(process.execPath, [join(root, 'dist/kabinet.js'), ...command], {
      env: environment,
    });
}

/** Starts the service as `npm start` does, in its own process. */
async function startBuilt(folder: string, environment: NodeJS.ProcessEnv) {
  const logFile = join(folder, 'service.log');
  const log = await open(logFile, 'w');
  const child = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist/main.js')], {
    env: environment,
    stdio: ['ignore', 'pipe', log.fd],
  });
  await log.close();
  const ended = once(child, 'exit');
  let told = '';
  const origin = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      const [, found] = /is at (http:\S+)/.exec(told) ?? [];
      if (found !== undefined) resolve(found.replace('localhost', '127.0.0.1'));
    });
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}`)));
  });
  return {
    origin,
    pid: child.pid ?? 0,
    /** The number of log lines at the level of a warning or above. */
    complaints: async () => (await readFile(logFile, 'utf8')).match(/^\{"level":[456]0/gm)?.length ?? 0,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

interface Resident {
  readonly client: Client;
  form: Record<string, string>;
  receipt: string | undefined;
}

interface Town {
  readonly origin: string;
  readonly agent: Agent;
  readonly residents: readonly Resident[];
  /** The device cookie of each person who signs in, once they have one. */
  readonly devices: string[];
  /** Sign-in pages that were opened and not used yet. */
  readonly opened: { readonly csrf: string; readonly visit: string }[];
}

async function openTown(origin: string): Promise<Town> {
  const residents: Resident[] = [];
  const people = Array.from({ length: residentCount }, (_, n) => inventPerson(n)).values();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const { iin } of people) {
        const client = new Client(origin);
        await client.signIn({ iin, password });
        residents.push({
          client,
          form: (await client.get('/services/requisites')).fields,
          receipt: undefined,
        });
      }
    }),
  );
  const agent = new Agent({ connections: null, headersTimeout: 30_000 });
  const town: Town = { origin, agent, residents, devices: [], opened: [] };
  for (let page = 0; page < openedBefore; page += 1) await openSignIn(town);
  for (const resident of residents.slice(0, withReceipt)) await save(town, resident, -1);
  return town;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: () => string;
}

async function send(
  town: Town,
  path: string,
  cookie: string,
  body?: Record<string, string>,
): Promise<Answer> {
  const response = await request(town.origin + path, {
    dispatcher: town.agent,
    method: body ? 'POST' : 'GET',
    headers: {
      cookie,
      'accept-encoding': 'br',
      ...(body ? { origin: town.origin, 'content-type': 'application/x-www-form-urlencoded' } : {}),
    },
    ...(body ? { body: new URLSearchParams(body).toString() } : {}),
  });
  const bytes = Buffer.from(await response.body.arrayBuffer());
  const packed = response.headers['content-encoding'] === 'br';
  return {
    status: response.statusCode,
    headers: response.headers,
    text: () => (packed ? brotliDecompressSync(bytes) : bytes).toString('utf8'),
  };
}

async function expect(status: number, answer: Promise<Answer>): Promise<Answer> {
  const got = await answer;
  if (got.status !== status) throw new Error(`answered ${got.status}`);
  return got;
}

function cookieIn({ headers }: Answer, name: string): string {
  const line = [headers['set-cookie'] ?? []].flat().find((one) => one.startsWith(`${name}=`));
  if (line === undefined) throw new Error(`no cookie ${name}`);
  return line.split(';')[0] ?? '';
}

async function openSignIn(town: Town): Promise<void> {
  const answer = await expect(200, send(town, '/sign-in', ''));
  const [, csrf] = /name="csrf" value="([^"]+)"/.exec(answer.text()) ?? [];
  if (csrf === undefined) throw new Error('a page without a form');
  town.opened.push({ csrf, visit: cookieIn(answer, 'visit') });
}

async function signIn(town: Town, turn: number): Promise<void> {
  const n = turn % arrivingCount;
  const page = town.opened.shift();
  if (!page) throw new Error('no page of sign-in was answered in time');
  const { iin } = inventPerson(residentCount + n);
  const device = town.devices[n];
  const cookie = device === undefined ? page.visit : `${page.visit}; ${device}`;
  const answer = await expect(303, send(town, '/sign-in', cookie, { csrf: page.csrf, iin, password }));
  town.devices[n] = cookieIn(answer, 'device');
}

async function save(town: Town, resident: Resident, turn: number): Promise<void> {
  const { form, client } = resident;
  const answer = await send(town, '/services/requisites', client.cookieHeader, {
    ...form,
    formId: randomUUID(),
    address: `Астана қаласы, Қабанбай батыр даңғылы, ${turn + 1}-үй`,
    postcode: '010000',
  });
  if (answer.status !== 303) {
    const page = await client.get('/services/requisites');
    if (page.status === 200) resident.form = page.fields;
    throw new Error(`answered ${answer.status}`);
  }
  resident.form = { ...form, revision: String(Number(form['revision']) + 1) };
  resident.receipt = String(answer.headers['location']);
}

/** What an arrival of each kind does. Rejects when the answer is wrong. */
const acts: Record<Kind, (town: Town, turn: number) => Promise<unknown>> = {
  'sign-in': signIn,
  save: (town, turn) => save(town, residentOf(town, turn), turn),
  'read: /sign-in': openSignIn,
  'read: /services/requisites': (town, turn) => look(town, turn, '/services/requisites'),
  'read: /services': (town, turn) => look(town, turn, '/services'),
  'read: /history': (town, turn) => look(town, turn, '/history'),
  'read: a receipt': (town, turn) => {
    const resident = residentOf(town, turn % withReceipt);
    return expect(200, send(town, resident.receipt ?? '/', resident.client.cookieHeader));
  },
  'read: /api/addresses': (town, turn) => {
    const typed = typedAddresses[turn % typedAddresses.length] ?? '';
    return look(town, turn, `/api/addresses?${new URLSearchParams({ q: typed, language: 'ru' })}`);
  },
};

function residentOf({ residents }: Town, turn: number): Resident {
  const resident = residents[turn % residents.length];
  if (!resident) throw new Error('nobody is signed in');
  return resident;
}

function look(town: Town, turn: number, path: string): Promise<Answer> {
  return expect(200, send(town, path, residentOf(town, turn).client.cookieHeader));
}

interface Outcome {
  readonly took: Readonly<Record<Kind, number[]>>;
  readonly errors: Readonly<Record<Kind, number>>;
  /** What went wrong, and how often. */
  readonly reasons: ReadonlyMap<string, number>;
  /**
   * Milliseconds by which the schedule itself was late: the load generator's own delay, which is
   * included in every time above.
   */
  readonly late: readonly number[];
  readonly savedBefore: number;
  readonly memory: readonly { readonly second: number; readonly megabytes: number }[];
  /** The number of cores in use. */
  readonly cpu: Readonly<Record<'service' | 'database' | 'load' | 'others', number>>;
}

/** Lets everybody arrive on schedule. Resolves when the last request is answered. */
async function run(
  town: Town,
  seconds: number,
  pids: { readonly service: number; readonly database: number },
): Promise<Outcome> {
  const empty = <Value>(value: () => Value) =>
    Object.fromEntries(kinds.map((kind) => [kind, value()])) as Record<Kind, Value>;
  const took = empty<number[]>(() => []);
  const errors = empty(() => 0);
  const turns = empty(() => 0);
  const reasons = new Map<string, number>();
  const late: number[] = [];
  const inFlight = new Set<Promise<void>>();
  const memory: Outcome['memory'][number][] = [];
  const remember = async (second: number) => memory.push({ second, megabytes: await memoryOf(pids.service) });

  const usage = async () => ({
    service: await cpuOf(pids.service),
    database: await cpuOf(pids.database),
    load: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    machine: await cpuOfMachine(),
  });
  const before = await usage();
  const begun = performance.now();
  const third = setTimeout(
    () => void remember(Math.min(180, 0.3 * seconds)),
    Math.min(180, 0.3 * seconds) * 1_000,
  );
  for (const { kind, at } of schedule(seconds)) {
    const wait = begun + at - performance.now();
    if (wait > 0) await pause(Math.ceil(wait));
    late.push(performance.now() - begun - at);
    const done = acts[kind](town, turns[kind]++)
      .then(
        () => took[kind].push(performance.now() - begun - at),
        (error: Error) => {
          errors[kind] += 1;
          const reason = `${kind} ${error.message}`;
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        },
      )
      .finally(() => inFlight.delete(done)) as Promise<void>;
    inFlight.add(done);
  }
  clearTimeout(third);
  const lasted = (performance.now() - begun) / 1_000;
  const after = await usage();
  const used = (of: keyof typeof after) => (after[of] - before[of]) / lasted;
  const own = { service: used('service'), database: used('database'), load: used('load') };
  await remember(seconds);
  await Promise.all(inFlight);
  await town.agent.close();
  return {
    took,
    errors,
    reasons,
    late,
    savedBefore: withReceipt,
    memory,
    cpu: { ...own, others: used('machine') - own.service - own.database - own.load },
  };
}

/**
 * Every arrival in order. Within each kind, arrivals are independent of each other (a Poisson
 * process).
 */
function schedule(seconds: number): { readonly kind: Kind; readonly at: number }[] {
  const arrivals = kinds.flatMap((kind) => {
    const all: { kind: Kind; at: number }[] = [];
    for (let at = gap(kind); at < seconds * 1_000; at += gap(kind)) all.push({ kind, at });
    return all;
  });
  return arrivals.sort((one, other) => one.at - other.at);
}

/** Milliseconds until the next arrival of a kind. */
function gap(kind: Kind): number {
  return (-Math.log(1 - Math.random()) * 1_000) / rates[kind];
}

function rowsOf({ took, errors, reasons, late, memory, cpu }: Outcome, seconds: number): Row[] {
  const reads = kinds.filter((kind) => kind.startsWith('read'));
  const groups: readonly (readonly [string, readonly Kind[]])[] = [
    ['sign-ins', ['sign-in']],
    ['saves', ['save']],
    ['reads', reads],
  ];
  const figures = (name: string, of: readonly Kind[]): Row[] => {
    const times = of.flatMap((kind) => took[kind]);
    const failed = of.reduce((sum, kind) => sum + errors[kind], 0);
    const due = of.reduce((sum, kind) => sum + rates[kind], 0);
    return [
      {
        name: `${name}: right answers`,
        value: times.length / seconds,
        unit: '1/s',
        note: `${due} due, ${failed} errors`,
      },
      {
        name: `${name}: p50, p99`,
        value: percentile(times, 0.5),
        unit: 'ms',
        note: `p99 ${percentile(times, 0.99).toFixed(0)} ms, longest ${percentile(times, 1).toFixed(0)} ms, from the scheduled moment`,
      },
    ];
  };
  const [early, end] = memory;
  const growth = early && end ? (end.megabytes / early.megabytes - 1) * 100 : 0;
  const share = (name: keyof typeof cpu): Row => ({ name: `CPU: ${name}`, value: cpu[name], unit: 'cores' });
  return [
    ...groups.flatMap(([name, of]) => figures(name, of)),
    ...reads.flatMap((kind) => figures(kind, [kind]).slice(1)),
    {
      name: 'errors',
      value: [...reasons.values()].reduce((sum, count) => sum + count, 0),
      unit: '',
      note: [...reasons].map(([reason, count]) => `${count} × ${reason}`).join('; '),
    },
    ...memory.map(({ second, megabytes }, index) => ({
      name: `memory of the service after ${clock(second)}`,
      value: megabytes,
      unit: 'MB',
      ...(index === 0 ? {} : { note: `${growth >= 0 ? '+' : ''}${growth.toFixed(1)} %` }),
    })),
    share('service'),
    share('database'),
    {
      name: 'one PostgreSQL on these cores carries',
      value: availableParallelism() / cpu.database,
      unit: '×',
      note: 'of this mix, by its CPU time, if it had them to itself',
    },
    share('load'),
    { ...share('others'), note: 'what else ran on this machine: near 0, or the figures say little' },
    {
      name: 'lateness of the schedule: p99',
      value: percentile(late, 0.99),
      unit: 'ms',
      note: 'the load itself; stands in the times above',
    },
  ];
}

function clock(second: number): string {
  return `${Math.floor(second / 60)}:${String(Math.round(second % 60)).padStart(2, '0')}`;
}

/** Each acknowledged save must be in the database, exactly once. */
async function savedRow(database: Database, { took, savedBefore }: Outcome): Promise<Row> {
  const found = await database.first<{ count: number }>(
    sql`select count(*) as count from cabinet.change where made_by = 'holder'`,
  );
  const acknowledged = took.save.length + savedBefore;
  return {
    name: 'saves acknowledged',
    value: acknowledged,
    unit: '',
    note: `${found?.count} in the database`,
  };
}

async function postmasterOf(database: Database): Promise<number> {
  const row = await database.first<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  return parentOf(row?.pid ?? 0);
}
