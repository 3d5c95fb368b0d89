import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createInstance, type Instance } from '../../src/instance.ts';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { injectClient } from '../support/client.ts';
import { inventPerson } from '../support/people.ts';
import { formOf, signIn } from '../support/signed-in.ts';
import { type OwnServer, startOwnServer } from './own-server.ts';
import { enrolAll, path } from './sign-in.ts';

// A COMMIT that waits for its standby may end without it: an operator ends the session that hangs,
// or PostgreSQL restarts. The change is then in the primary alone, where it can be read and lost.

const person = inventPerson(9_700);

let own: OwnServer;
let database: Database;
let app: Instance;
let superuser: pg.Client;

beforeAll(async () => {
  own = await startOwnServer();
  await enrolAll(own.database, [person]);
  // Waits end after a second and a half.
  const limits = { statementTimeout: 1_000, connectTimeout: 500 };
  database = openDatabase(own.server.connection, limits);
  app = await createInstance({
    config: readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32) }),
    database,
    log: pino({ level: 'silent' }),
  });
  superuser = new pg.Client({ ...own.server.administration, database: own.server.connection.database });
  await superuser.connect();
});

afterAll(async () => {
  await superuser?.end();
  await app?.close();
  await database?.close();
  await own?.close();
});

async function waitForStandby(name: string): Promise<void> {
  await superuser.query(`alter system set synchronous_standby_names = '${name}'`);
  await superuser.query('select pg_reload_conf()');
  await vi.waitFor(async () =>
    expect((await superuser.query('show synchronous_standby_names')).rows).toEqual([
      { synchronous_standby_names: name },
    ]),
  );
}

const count = async (statement: string) => (await superuser.query(statement)).rowCount;

test('no receipt is given for a change that the standby may not have, however often it is sent', async () => {
  const client = injectClient(app.server);
  await signIn(client, person);
  const page = await client.get(path);
  const form = formOf(page.body, path, { contactPhone: '+77172561234' });

  await waitForStandby('nobody');
  expect((await client.post(path, form)).status).toBe(503);
  expect(await count('select from cabinet.change')).toBe(0);
  const waiting = "select from pg_stat_activity, pg_terminate_backend(pid) where wait_event = 'SyncRep'";
  expect(await count(waiting)).toBeGreaterThan(0);
  await vi.waitFor(async () => expect(await count('select from cabinet.change')).toBe(1));

  expect((await client.post(path, form)).status).toBe(503);
  expect((await client.post(path, form)).status).toBe(503);

  await waitForStandby('');
  const answer = await client.post(path, form);
  expect([answer.status, answer.headers['location']]).toEqual([
    303,
    expect.stringMatching(/^\/receipts\/\w+$/),
  ]);
  expect(await count('select from cabinet.change')).toBe(1);
});
