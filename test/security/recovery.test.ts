import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { codeOf } from '../../src/features/codes/code.ts';
import type { IssuedCode } from '../../src/features/codes/store.ts';
import { createInstance, type Instance } from '../../src/instance.ts';
import { tokenHash } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Client, injectClient } from '../support/client.ts';
import { inventIin, inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

/** Two processes on one database. The first one also does the background work. */
let service: TestService;
let other: Instance;

beforeAll(async () => {
  service = await startService();
  other = await createInstance({
    config: readConfig({ DEMO: '1', SECRET_KEYS: 'k'.repeat(32), CODES_PER_NETWORK_HOUR: '10000' }),
    database: service.database,
    log: pino({ level: 'silent' }),
  });
});

afterAll(async () => {
  await other.close();
  await service.close();
});

let people = 6_000;

async function enrol(different: Partial<PersonLine> = {}): Promise<PersonLine> {
  const person = inventPerson(people, different);
  people += 1;
  await service.enrol(person);
  return person;
}

/** Requests a code in a new browser, and returns the code. */
async function begin(client: Client, start: string, person: PersonLine): Promise<string> {
  const typed = { iin: person.iin, contact: person.requisites.mobilePhone ?? '' };
  await client.post(start, formOf((await client.get(start)).body, start, typed));
  return vi.waitFor(
    async () => {
      const issued = await service.database.first<IssuedCode>(sql`
        select c.code_id as "codeId", c.holder_id as "holderId", purpose, channel, destination, change_id as "changeId"
        from cabinet.code c join cabinet.entry e using (code_id)
        where e.entry_hash = ${tokenHash(client.cookies.get('entry') ?? '')}`);
      if (!issued) throw new Error('no code yet');
      return codeOf(service.keys, issued);
    },
    { timeout: 20_000, interval: 10 },
  );
}

async function post(client: Client, path: string, values: Readonly<Record<string, string>>) {
  return client.post(path, formOf((await client.get(path)).body, path, values));
}

const password = 'тау бөктеріндегі көк үй';

test('a recovery ends the sessions on every process at once, and opens none', async () => {
  const person = await enrol();
  const here = await signedIn(service, person);
  expect((await here.get('/services')).status).toBe(200);

  const client = injectClient(other.server);
  const code = await begin(client, '/recover', person);
  expect((await post(client, '/recover/confirm', { code })).headers['location']).toBe('/recover/password');
  const done = await post(client, '/recover/password', { password, passwordAgain: password });
  expect(done).toMatchObject({ status: 303, headers: { location: '/sign-in?password=saved' } });
  expect(client.cookies.has('session')).toBe(false);
  expect(client.cookies.has('entry')).toBe(false);

  expect((await here.get('/services')).status).toBe(303);
  expect((await signedIn(service, { ...person, password })).cookies.has('session')).toBe(true);
});

test("a stolen session cannot change the password without the current one, nor end another person's sessions", async () => {
  const [person, stranger] = [await enrol(), await enrol()];
  const client = await signedIn(service, person);
  await signedIn(service, person);
  const thief = await signedIn(service, stranger);
  const page = await client.get('/security');
  const ending = formOf(page.body, '/security/sessions/end');
  const name = new Map(ending).get('session') ?? '';
  expect(name).toMatch(/^[\w-]{22}$/);

  const csrf = new Map(formOf((await thief.get('/security')).body, '/sign-out')).get('csrf') ?? '';
  for (const session of [name, 'x'.repeat(22), '']) {
    const answer = await thief.post('/security/sessions/end', [
      ['csrf', csrf],
      ['session', session],
    ]);
    expect(answer.status).toBe(404);
  }
  expect((await client.get('/services')).status).toBe(200);
  expect((await client.post('/security/sessions/end', ending)).status).toBe(303);

  const fields = formOf((await client.get('/security/password')).body, '/security/password', {
    password,
    passwordAgain: password,
  }).filter(([field]) => field !== 'currentPassword');
  expect((await client.post('/security/password', fields)).status).toBe(422);
});

test('a copy of the database opens nothing and reveals nothing', async () => {
  const person = await enrol({ password: undefined });
  const client = injectClient(service.server);
  const code = await begin(client, '/register', person);
  const dump = JSON.stringify(
    await service.database.rows(sql`
      select encode(entry_hash, 'hex') as hash, encode(asked, 'escape') as asked, encode(network, 'hex') as network
      from cabinet.entry`),
  );
  const codes = JSON.stringify(await service.database.rows(sql`select * from cabinet.code`));
  expect(dump + codes).not.toContain(code);
  expect(dump).not.toContain(person.iin);
  expect(dump).not.toContain(person.requisites.mobilePhone?.slice(-7));
  for (const line of service.logLines) expect(line).not.toContain(code);
  const [row] = JSON.parse(dump) as { hash: string }[];
  const forged = injectClient(service.server);
  const answer = await forged.get('/register/confirm', { cookie: `entry=${row?.hash}` });
  expect(answer.status).toBe(303);
});

test('scripts cannot read the entry cookie, and no other site gets it', async () => {
  const client = injectClient(service.server);
  const page = await client.get('/register');
  const answer = await client.post(
    '/register',
    formOf(page.body, '/register', { iin: inventIin(6_900), contact: '+77010000001' }),
  );
  const cookie = answer.setCookies.find((one) => one.startsWith('entry='));
  expect(cookie).toMatch(/^entry=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
});

test('while codes are guessed across the population, all pages say so and sign-in still works', async () => {
  const person = await enrol();
  const client = injectClient(service.server);
  await begin(client, '/recover', person);
  await service.database.run(sql`
    insert into cabinet.code_outcome (minute, compared, failed) values (date_trunc('minute', now()), 9000, 9000)
    on conflict (minute) do update set failed = 9000`);
  const asked = injectClient(service.server);
  await vi.waitFor(
    async () => {
      expect((await asked.get('/recover')).body).toContain('уақытша шектелді');
    },
    { timeout: 20_000, interval: 50 },
  );
  const bodies = new Set<string>();
  for (const iin of [person.iin, inventIin(6_901)]) {
    const form = formOf((await asked.get('/recover')).body, '/recover', { iin, contact: '+77010000001' });
    const answer = await asked.post('/recover', form);
    expect(answer.status).toBe(503);
    bodies.add(answer.body.replace(/(name="csrf" value=")[^"]+/g, '').replaceAll(iin, ''));
  }
  expect(bodies.size).toBe(1);
  const tried = await client.post(
    '/recover/confirm',
    formOf((await client.get('/recover/confirm')).body, '/recover/confirm', { code: 'AAAAAAAA' }),
  );
  expect(tried.status).toBe(503);
  expect((await signedIn(service, person)).cookies.has('session')).toBe(true);
  await service.database.run(sql`delete from cabinet.code_outcome`);
});

test('many failed sign-ins send a notice once a day', async () => {
  const person = await enrol();
  await signedIn(service, person).then((client) => client.get('/services/requisites'));
  const told = async () =>
    (
      await service.database.rows(sql`
        select from cabinet.outbox join cabinet.holder using (holder_id)
        where iin = ${person.iin} and payload ->> 'kind' = 'many-failures'`)
    ).length;
  for (let failures = 1; failures <= 12; failures += 1) {
    const client = injectClient(service.server);
    const form = formOf((await client.get('/sign-in')).body, '/sign-in', {
      iin: person.iin,
      password: 'басқа',
    });
    await client.post('/sign-in', form);
    await service.database.run(sql`delete from cabinet.failure`);
    expect(await told()).toBe(failures < 10 ? 0 : 2);
  }
});

test('without gateways both channels are shown as down, and nothing is promised', async () => {
  const bare = await createInstance({
    config: readConfig({ DEMO: '0', SECRET_KEYS: 'k'.repeat(32) }),
    database: service.database,
    log: pino({ level: 'silent' }),
  });
  const { body } = await injectClient(bare.server).get('/register');
  expect(body).toContain('SMS қазір кешігуі немесе келмеуі мүмкін');
  expect(body).toContain('Хаттар қазір кешігуі немесе келмеуі мүмкін');
  await bare.close();
});
