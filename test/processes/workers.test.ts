import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';
import { type NetworkClient, networkClient } from '../support/network-client.ts';
import { inventPerson } from '../support/people.ts';
import { freePort, runService, type ServiceProcess, startProcess } from '../support/processes.ts';
import { enrol } from '../support/service.ts';
import { formOf, signIn } from '../support/signed-in.ts';

// `npm start -- --workers 2`: all these tests use one service and only replace its workers.

const person = inventPerson(7_101);
const others = [7_102, 7_103, 7_104, 7_105].map((n) => inventPerson(n));

let fresh: FreshDatabase;
let service: ServiceProcess;
let metricsPort: number;
let hanging: ReturnType<typeof startHanging>;
let saver: NetworkClient;
let reader: NetworkClient;

beforeAll(async () => {
  fresh = await freshDatabase();
  for (const one of [person, ...others]) await enrol(fresh.database, one);
  metricsPort = await freePort();
  service = await startProcess(
    {
      DATABASE_URL: urlOf(fresh.connection),
      // There are fewer slots than workers, so a slot passes from one worker to the other.
      PASSWORD_HASHES_AT_ONCE: '1',
      METRICS_PORT: String(metricsPort),
    },
    { parameters: ['--workers', '2'] },
  );
  hanging = startHanging();
  hanging.catch(() => undefined);
  saver = networkClient(service.origin);
  reader = networkClient(service.origin);
  await signIn(saver, person);
});

afterAll(async () => {
  await (await hanging).end();
  for (const client of [saver, reader]) client.close();
  service.signal('SIGTERM');
  expect(await service.ended).toBe(0);
  await fresh.drop();
});

/**
 * Sends requests until `over`. The service must never answer with an error or drop a connection.
 */
async function goOn(
  over: { readonly yet: boolean },
  ask: () => Promise<{ readonly status: number }>,
): Promise<number> {
  let asked = 0;
  for (; !over.yet; asked += 1) {
    const { status } = await ask();
    expect([200, 303]).toContain(status);
    // Real people are slower. Leave the processor to the workers that start.
    await pause(10);
  }
  return asked;
}

test('rolling restarts while people read and save lose no request', async () => {
  const over = { yet: false };
  let saved = 0;
  const loads = Promise.all([
    goOn(over, () => reader.get('/sign-in')),
    goOn(over, async () => {
      const page = await saver.get('/services/requisites');
      if (page.status !== 200) return page;
      const form = formOf(page.body, '/services/requisites', {
        apartment: String(saved + 1),
        formId: randomUUID(),
      });
      const answer = await saver.post('/services/requisites', form);
      if (answer.status === 303) saved += 1;
      return answer;
    }),
  ]);
  const restarts = async () => {
    for (let restart = 1; restart <= 2; restart += 1) {
      service.signal('SIGHUP');
      await service.saying('the rolling restart is done', restart);
    }
    over.yet = true;
  };
  const [[read]] = await Promise.all([loads, restarts()]);

  expect(read).toBeGreaterThan(3);
  // Each restart replaced the worker that each client was connected to.
  expect(reader.connections).toBeGreaterThanOrEqual(3);
  const counted = await fresh.database.first(sql`select count(*)::int as saves from cabinet.change`);
  expect(counted).toEqual({ saves: saved });
});

test('a sign-out on one worker is a sign-out on the others', async () => {
  // New connections go to the workers in turn.
  const windows = [networkClient(service.origin, saver), networkClient(service.origin, saver)];
  const pages = await Promise.all([saver, ...windows].map((client) => client.get('/services')));
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200]);
  await saver.post('/sign-out', formOf(pages[0]?.body ?? '', '/sign-out'));
  for (const client of windows) {
    expect((await client.get('/services')).status).toBe(303);
    client.close();
  }
});

test('two workers share one slot for hashing', async () => {
  const clients = others.map(() => networkClient(service.origin));
  await Promise.all(others.map((one, at) => signIn(clients[at] ?? saver, one)));
  for (const client of clients) {
    expect((await client.get('/services')).status).toBe(200);
    client.close();
  }
});

test('metrics are the sum of the workers, except what all of them read from the database', async () => {
  await fresh.database.run(sql`delete from cabinet.outbox`);
  await fresh.database.run(sql`
    insert into cabinet.outbox (holder_id, lane, payload, next_attempt_at)
    select holder_id, 'notice', '{"channel": "mobile"}', now() + interval '1 day' from (select holder_id from cabinet.holder limit 1) one, generate_series(1, 3)`);
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(text).toMatch(/^kabinet_outbox_pending\{lane="notice"\} 3$/m);
  const signIns = /^kabinet_http_requests_total\{route="\/sign-in",method="POST",status="303"\} (\d+)$/m.exec(
    text,
  );
  expect(Number(signIns?.[1])).toBeGreaterThanOrEqual(others.length);
});

test('a stuck worker is visible in the metrics and does not hide the others', async () => {
  const { pid } = JSON.parse(lastReady(service.said())) as { pid: number };
  process.kill(pid, 'SIGSTOP');
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  process.kill(pid, 'SIGCONT');
  expect(text).toMatch(/^kabinet_workers\{state="answering"\} 1$/m);
  expect(text).toMatch(/^kabinet_workers\{state="silent"\} 1$/m);
  expect(text).toMatch(/^kabinet_outbox_pending\{lane="notice"\} \d+$/m);
});

test('a start whose port is in use ends, and logs the reason once', async () => {
  const late = runService(
    { DATABASE_URL: urlOf(fresh.connection), PORT: new URL(service.origin).port },
    { parameters: ['--workers', '2'] },
  );
  expect(await late.ended).toBe(1);
  expect(late.said().split('The port is in use')).toHaveLength(2);
});

test('a killed worker is replaced, and its slot is returned', async () => {
  const ready = service.said().split('a worker is ready').length;
  const { pid } = JSON.parse(lastReady(service.said())) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await service.saying('a worker is ready', ready);
  expect(service.said()).toContain(`"pid":${pid},"code":null,"signal":"SIGKILL"`);
  const client = networkClient(service.origin);
  await signIn(client, person);
  client.close();
});

test('a worker that hangs before it listens is ended, and the next restart works', async () => {
  const { service: other, client, release } = await hanging;
  await other.saying('a worker was not ready in time and was stopped');
  await other.saying('the rolling restart stopped; the former workers continue');
  expect((await client.get('/sign-in')).status).toBe(200);
  release();
  other.signal('SIGHUP');
  await other.saying('the rolling restart is done');
});

/**
 * Starts another service and a restart of it whose new worker hangs. The worker has twenty seconds,
 * which pass while the other tests run.
 */
async function startHanging() {
  const scratch = mkdtempSync(join(tmpdir(), 'kabinet-hang-'));
  const [flag, script] = [join(scratch, 'hang'), join(scratch, 'hang.mjs')];
  writeFileSync(
    script,
    `import { existsSync } from 'node:fs';
if (process.env.WORKER_DATA && existsSync(${JSON.stringify(flag)})) {
  setInterval(() => undefined, 1_000);
  await new Promise(() => undefined);
}`,
  );
  const other = await startProcess(
    {
      DATABASE_URL: urlOf(fresh.connection),
      NODE_OPTIONS: `--import=${pathToFileURL(script)}`,
      WORKER_START_SECONDS: '20',
    },
    { parameters: ['--workers', '1'] },
  );
  writeFileSync(flag, '');
  other.signal('SIGHUP');
  const client = networkClient(other.origin);
  return {
    service: other,
    client,
    release: () => rmSync(flag),
    async end() {
      client.close();
      other.signal('SIGTERM');
      expect(await other.ended).toBe(0);
      rmSync(scratch, { recursive: true });
    },
  };
}

/** The last log line that says that a worker is ready. */
function lastReady(said: string): string {
  return said.split('\n').findLast((line) => line.includes('a worker is ready')) ?? '';
}
