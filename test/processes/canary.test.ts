import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { scratchFolder } from '../../packages/local-postgres/test/support/scratch.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { kabinet, type Outcome, urlOf } from '../support/kabinet.ts';
import { codesIn, marksIn, marksOf, withoutFractions } from '../support/marks.ts';
import { type NetworkClient, networkClient } from '../support/network-client.ts';
import { type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { type ServiceProcess, startProcess } from '../support/processes.ts';
import { formOf, signIn } from '../support/signed-in.ts';

// Searches everything for personal data while processes die. Fifty people use the service while
// workers and then the whole service are killed, one process ends with an uncaught error, and an
// operator runs commands. Nothing that was written may name anybody or contain what was typed or
// any code.

const people = Array.from({ length: 50 }, (_, n) => inventPerson(8_000 + n));
const wrongPassword = 'Қате-құпиясөз-1917';
const planted = 'planted error of 900101300007 Сынақова, Шымкент';

let fresh: FreshDatabase;
let collector: OtlpCollector;
let service: ServiceProcess;
let port: number;
let metricsPort: number;
const folder = scratchFolder('kabinet-canary-');
const written: string[] = [];
const commands: Outcome[] = [];
const marks = new Set([wrongPassword, planted, ...people.flatMap(marksOf)]);
const codes = new Set<string>();

async function start(): Promise<ServiceProcess> {
  return await startProcess(
    {
      DATABASE_URL: urlOf(fresh.connection),
      DEMO: '1',
      PORT: String(port),
      LOG_LEVEL: 'debug',
      METRICS_PORT: String(metricsPort),
      CODES_PER_NETWORK_HOUR: '10000',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      NODE_OPTIONS: `--import=${join(folder, 'throwing.mjs')}`,
    },
    { parameters: ['--workers', '2'], onLine: (line) => written.push(line) },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

async function command(...parameters: string[]): Promise<Outcome> {
  const outcome = await kabinet(fresh.connection, parameters);
  commands.push(outcome);
  return outcome;
}

beforeAll(async () => {
  fresh = await freshDatabase();
  collector = await startOtlpCollector();
  port = await freePort();
  metricsPort = await freePort();
  const file = join(folder, 'people.jsonl');
  await writeFile(file, people.map((person) => JSON.stringify(person)).join('\n'));
  // A worker throws on command, outside every request, as a forgotten promise might.
  await writeFile(
    join(folder, 'throwing.mjs'),
    `process.on('SIGPROF', () => { throw new Error(${JSON.stringify(planted)}) })`,
  );
  expect((await command('people', 'import', file)).out).toContain('50 added');
  service = await start();
});

afterAll(async () => {
  service.signal('SIGTERM');
  await service.ended;
  await collector.close();
  await fresh.drop();
});

/**
 * Tries again when the process behind the page was killed. A connection that was just being passed
 * to a worker gets no answer, so the person presses the button again after some seconds.
 */
async function insist<Value>(
  client: NetworkClient,
  work: () => Promise<Value>,
  timeout = 30_000,
): Promise<Value> {
  const impatience = setInterval(client.close, 4_000);
  try {
    return await vi.waitFor(work, { timeout, interval: 50 });
  } finally {
    clearInterval(impatience);
  }
}

async function codeTo(client: NetworkClient, to: string | null): Promise<string> {
  const answer = await client.get('/demo/inbox', { accept: 'application/json' });
  const messages = JSON.parse(answer.body) as { to: string; text: string }[];
  const [, code] =
    messages.map((one) => (one.to === to ? /#([0-9A-Z]+)$/.exec(one.text) : null)).find(Boolean) ?? [];
  if (code === undefined) throw new Error('no code has come');
  codes.add(code);
  return code;
}

/** Mistypes the password, signs in, saves, looks at every page, and starts to change the mobile. */
async function spendTheDay(person: PersonLine, n: number): Promise<void> {
  const client = networkClient(service.origin);
  await insist(client, async () => {
    await expect(signIn(client, { ...person, password: wrongPassword })).rejects.toThrow('422');
  });
  await insist(client, () => signIn(client, person));
  const address = `Көкшетау қ., Құпия ${n + 8_000} көшесі, 1-үй`;
  marks.add(address);
  // Send the same form again when the answer to the first was lost: it was saved once.
  const page = await insist(client, () => client.get('/services/requisites'));
  const form = formOf(page.body, '/services/requisites', { address, formId: randomUUID() });
  const receipt = await insist(client, async () => {
    const answer = await client.post('/services/requisites', form);
    expect(answer.status).toBe(303);
    return String(answer.headers['location']);
  });
  for (const path of [receipt, `${receipt}.pdf`, '/history', '/security', `/nowhere?${person.iin}`])
    await insist(client, () => client.get(path));
  const mobile = `+7702${String(6_660_000 + n)}`;
  marks.add(mobile);
  await insist(client, async () => {
    const page = await client.get('/services/requisites');
    const form = formOf(page.body, '/services/requisites', { mobilePhone: mobile, formId: randomUUID() });
    expect((await client.post('/services/requisites', form)).status).toBe(303);
  });
  // A code that a killed process had in hand is sent again when its lease is over.
  await insist(client, () => codeTo(client, mobile), 75_000);
  client.close();
}

/** The workers that listen, the newest last. */
function workers(): number[] {
  return [...service.said().matchAll(/"pid":([0-9]+),"msg":"a worker is ready"/g)].map(([, pid]) =>
    Number(pid),
  );
}

test('fifty people use the service while workers and then all processes are killed', async () => {
  const waiting = people.entries();
  let done = 0;
  const days = Promise.all(
    Array.from({ length: 5 }, async () => {
      for (const [n, person] of waiting) {
        await spendTheDay(person, n);
        done += 1;
      }
    }),
  );
  for (const [signal, after] of [
    ['SIGKILL', 5],
    ['SIGKILL', 10],
    ['SIGPROF', 15],
  ] as const) {
    await vi.waitFor(() => expect(done).toBeGreaterThanOrEqual(after), { timeout: 40_000 });
    const before = workers();
    process.kill(before.at(-1) ?? 0, signal);
    await service.saying('a worker is ready', before.length + 1);
  }
  await vi.waitFor(() => expect(done).toBeGreaterThanOrEqual(25), { timeout: 40_000 });
  // Its workers end by themselves when the primary process is gone.
  service.signal('SIGKILL');
  expect(await service.ended).toBe('SIGKILL');
  service = await start();
  await days;
  expect(done).toBe(people.length);
  const saved = await fresh.database.first<{ n: number }>(
    sql`select count(*) as n from cabinet.change where made_by = 'holder'`,
  );
  expect(saved?.n).toBe(people.length);
}, 180_000);

test('an operator reads what was done, and nothing about the people', async () => {
  const [person] = people;
  if (!person) throw new Error('there are no people');
  await fresh.database.run(sql`
    update cabinet.outbox set delivered_at = null, dead_at = now(), last_error = 'EDEAD' where lane <> 'fund'`);
  const bad = join(folder, 'bad.jsonl');
  await writeFile(bad, people.map((one) => JSON.stringify({ ...one, status: one.surname })).join('\n'));
  const [dead] = await Promise.all([
    command('messages', 'list'),
    command('people', 'import', bad),
    command('people', 'end-sessions', person.iin, '--reason', 'сынақ'),
    command('people', 'end-sessions', `${person.iin}0`, '--reason', 'сынақ'),
  ]);
  await command('messages', 'retry', '--all', '--reason', 'сынақ');
  expect(dead.out.split('\n').length).toBeGreaterThan(20);
  const told = commands.map(({ out, err }) => out + err).join('\n');
  expect(told).toContain('line 1: lineShape');
  expect(marksIn(told, [...marks])).toEqual([]);
  expect(codesIn(told, [...codes])).toEqual([]);
});

test('nothing in the output, the database, the metrics and the traces names anybody', async () => {
  const log = written.join('\n');
  expect(log).toContain('"route":"/services/requisites"');
  expect(log).toContain('an uncaught error ends the process');
  expect(codes.size).toBeGreaterThan(40);
  expect(marksIn(log, [...marks])).toEqual([]);
  expect(codesIn(log, [...codes])).toEqual([]);

  // The former processes were killed, and their counts went with them.
  const client = networkClient(service.origin);
  await client.get('/services/requisites');
  client.close();
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(metrics).toContain('/services/requisites');
  expect(marksIn(withoutFractions(metrics), [...marks])).toEqual([]);

  // Each kind of span came: a request, a statement and a delivery.
  for (const name of ['POST /services/requisites', 'with cabinet.requisites', 'deliver fund', 'GET none'])
    expect(collector.spans.some((span) => span.name === name)).toBe(true);
  const traces = collector.received.join('\n');
  expect(marksIn(traces, [...marks])).toEqual([]);
  expect(codesIn(traces, [...codes])).toEqual([]);

  const database = readFileSync(join(inject('postgresFolder'), 'postgres.log'), 'utf8');
  expect(marksIn(database, [...marks])).toEqual([]);
});
