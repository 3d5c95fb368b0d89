import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/adapters/postgres/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';
import { type NetworkClient, networkClient } from '../support/network-client.ts';
import { inventPerson } from '../support/people.ts';
import { type ServiceProcess, startProcess } from '../support/processes.ts';
import { enrol } from '../support/service.ts';
import { formOf, signIn } from '../support/signed-in.ts';

// `npm start -- --workers 2`: one service for all these tests, which only ever replace its workers.

const person = inventPerson(7_101);

let fresh: FreshDatabase;
let service: ServiceProcess;
let saver: NetworkClient;
let reader: NetworkClient;

beforeAll(async () => {
  fresh = await freshDatabase();
  await enrol(fresh.database, person);
  service = await startProcess(
    { DATABASE_URL: urlOf(fresh.connection), PASSWORD_HASHES_AT_ONCE: '1' },
    { parameters: ['--workers', '2'] },
  );
  saver = networkClient(service.origin);
  reader = networkClient(service.origin);
  await signIn(saver, person);
});

afterAll(async () => {
  for (const client of [saver, reader]) client.close();
  service.signal('SIGTERM');
  expect(await service.ended).toBe(0);
  await fresh.drop();
});

/** Asks until `over`; the service must never answer with an error and never drop a connection. */
async function goOn(
  over: { readonly yet: boolean },
  ask: () => Promise<{ readonly status: number }>,
): Promise<number> {
  let asked = 0;
  for (; !over.yet; asked += 1) {
    const { status } = await ask();
    expect([200, 303]).toContain(status);
  }
  return asked;
}

test('three rolling restarts while people read and save lose no request', async () => {
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
    for (let restart = 1; restart <= 3; restart += 1) {
      service.signal('SIGHUP');
      await service.saying('the rolling restart is done', restart);
    }
    over.yet = true;
  };
  const [[read]] = await Promise.all([loads, restarts()]);

  expect(read).toBeGreaterThan(3);
  // Each restart replaced the worker that each client talked to.
  expect(reader.connections).toBeGreaterThanOrEqual(4);
  const counted = await fresh.database.first(sql`select count(*)::int as saves from cabinet.change`);
  expect(counted).toEqual({ saves: saved });
});

test('who signs out on one worker is signed out on the others', async () => {
  // Whoever connects is given to the workers in turn.
  const others = [networkClient(service.origin, saver), networkClient(service.origin, saver)];
  const pages = await Promise.all([saver, ...others].map((client) => client.get('/services')));
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200]);
  await saver.post('/sign-out', formOf(pages[0]?.body ?? '', '/sign-out'));
  for (const client of others) {
    expect((await client.get('/services')).status).toBe(303);
    client.close();
  }
});

test('a worker that is killed is replaced', async () => {
  const ready = service.said().split('a worker is ready').length;
  const { pid } = JSON.parse(lastReady(service.said())) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await service.saying('a worker is ready', ready);
  expect(service.said()).toContain(`"pid":${pid},"code":null,"signal":"SIGKILL"`);
  const client = networkClient(service.origin);
  expect((await client.get('/sign-in')).status).toBe(200);
  client.close();
});

/** The last line that tells of a worker. */
function lastReady(said: string): string {
  return said.split('\n').findLast((line) => line.includes('a worker is ready')) ?? '';
}
