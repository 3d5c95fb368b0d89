import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/platform/postgres/database.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { serverOfTests } from '../support/database.ts';
import { heading, readPage } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';

// Others have taken every connection that PostgreSQL allows (SQLSTATE 53300), as in
// docs/runbook.md, "All connections of PostgreSQL are in use".

test('people are told to wait, the node is not ready, and all of it works again by itself', async () => {
  let own: ReturnType<typeof openDatabase> | undefined;
  const service = await startService(
    {},
    {
      work: false,
      through: (_, connection) => {
        own = openDatabase(connection, { max: 2 });
        return own;
      },
    },
  );
  const person = inventPerson(9_420);
  await service.enrol(person);
  const client = await signedIn(service, person);
  const ready = async () => (await service.server.inject('/health/ready')).statusCode;
  const openBreaker = async () =>
    /kabinet_breaker_state\{[^}]*dependency="database"[^}]*state="open"[^}]*\} 1/.test(
      await service.metrics.text(),
    );
  expect(await ready()).toBe(200);

  const name = service.connection.database ?? '';
  const administrator = new pg.Client({ ...(await serverOfTests()).administration });
  await administrator.connect();
  // The superuser of the test is not counted, and no connection is left to the service.
  await administrator.query(`alter database ${name} connection limit 0`);
  await administrator.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
    name,
  ]);

  await vi.waitFor(async () => expect(await ready()).toBe(503), { timeout: 10_000, interval: 50 });
  const answer = await client.get('/services');
  expect(answer.status).toBe(503);
  expect(heading(readPage(answer.body))).toBe(textsOf('kk').outages.away.title);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(5);
  // KabinetBreakerOpen.
  await vi.waitFor(async () => {
    await ready();
    expect(await openBreaker()).toBe(true);
  });

  await administrator.query(`alter database ${name} connection limit -1`);
  await administrator.end();
  await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 10_000, interval: 50 });
  expect((await client.get('/services')).status).toBe(200);
  await own?.close();
  await service.close();
});
