import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { createInstance, type Instance } from '../../src/instance.ts';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Client, injectClient } from '../support/client.ts';
import { type CountedDatabase, countStatements } from '../support/counted-database.ts';
import { type FaultyLink, openFaultyLink } from '../support/faulty-link.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn, signIn } from '../support/signed-in.ts';

// The cost of a page and of a save is counted in statements. Each is a round trip, and under load
// they matter most. Adding one needs a reason.

const person = inventPerson(9_600);

let service: TestService;
let app: Instance;
let database: CountedDatabase;
let client: Client;

beforeAll(async () => {
  service = await startService({}, { work: false });
  await service.enrol(person);
  database = countStatements(service.database);
  app = await createInstance({
    config: readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32) }),
    database,
    log: pino({ level: 'silent' }),
  });
  client = injectClient(app.server);
  await signIn(client, person);
  // The first visit takes over the requisites.
  await client.get('/services/requisites');
});

afterAll(async () => {
  await app.close();
  await service.close();
});

/** The statements of a request that is answered with this status. */
async function cost(status: number, ask: () => ReturnType<Client['get']>): Promise<number> {
  database.take();
  expect((await ask()).status).toBe(status);
  return database.take();
}

test('the page of the requisites needs three: session, requisites, person; extending the session needs none', async () => {
  expect(await cost(200, () => client.get('/services/requisites'))).toBe(3);
  const aged = await service.database.first<{ seenAt: Date }>(sql`
    update cabinet.session set seen_at = now() - interval '1 minute' returning seen_at as "seenAt"`);
  expect(await cost(200, () => client.get('/services/requisites'))).toBe(3);
  const extended = await service.database.first<{ seenAt: Date }>(
    sql`select seen_at as "seenAt" from cabinet.session`,
  );
  expect(Number(extended?.seenAt) - Number(aged?.seenAt)).toBeGreaterThanOrEqual(60_000);
});

test('the home needs five, in one round trip: session, requisites, person, advice, and what ends or is asked', async () => {
  await client.get('/services');
  expect(await cost(200, () => client.get('/services'))).toBe(5);
});

test('a save needs as many, a check for an earlier one, and four in its transaction', async () => {
  const page = await client.get('/services/requisites');
  const form = formOf(page.body, '/services/requisites', { apartment: '77', formId: randomUUID() });
  expect(await cost(303, () => client.post('/services/requisites', form))).toBe(8);
});

test('from POST to COMMIT a save makes two round trips: session with requisites and person, write', async () => {
  await withRoundTrips(async (counted, roundTrips) => {
    const visitor = await signedIn(counted, person);
    const page = await visitor.get('/services/requisites');
    const form = formOf(page.body, '/services/requisites', { apartment: '78', formId: randomUUID() });
    roundTrips();
    expect((await visitor.post('/services/requisites', form)).status).toBe(303);
    expect(roundTrips()).toBe(2);
  });
});

// The password is on file, count, person, second step, then the session: two and COMMIT.
test('a sign-in from a known browser makes seven round trips', async () => {
  await withRoundTrips(async (counted, roundTrips) => {
    const visitor = await signedIn(counted, person);
    const away = formOf((await visitor.get('/services')).body, '/sign-out');
    expect((await visitor.post('/sign-out', away)).status).toBe(303);
    roundTrips();
    await signIn(visitor, person);
    expect(roundTrips()).toBe(7);
  });
});

/** A service whose round trips to PostgreSQL are counted since they were last asked for. */
async function withRoundTrips(
  work: (service: TestService, roundTrips: () => number | undefined) => Promise<void>,
): Promise<void> {
  let link: FaultyLink | undefined;
  let through: Database | undefined;
  const counted = await startService(
    {},
    {
      work: false,
      through: async (_database, { host, port, ...rest }) => {
        link = await openFaultyLink(host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : port);
        through = openDatabase({ ...rest, host: '127.0.0.1', port: link.port }, { max: 1 });
        return through;
      },
    },
  );
  try {
    await counted.enrol(person);
    await work(counted, () => link?.takeRoundTrips());
  } finally {
    await through?.close();
    await link?.close();
    await counted.close();
  }
}
