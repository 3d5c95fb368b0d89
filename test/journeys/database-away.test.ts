import { afterAll, afterEach, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { DatabaseAway, Overloaded } from '../../src/platform/outage.ts';
import { type Database, openDatabase, type Queryable } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { type Client, injectClient } from '../support/client.ts';
import { type FaultyLink, openFaultyLink } from '../support/faulty-link.ts';
import { heading, readPage, visibleText } from '../support/page.ts';
import { inventPerson, password } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// When the database cannot be reached, people are told so at once, and lose nothing of what they
// typed.

const person = inventPerson(9_410);
const path = '/services/requisites';
const address = 'Алматы қ., Үзілген көшесі, 4-үй';

let link: FaultyLink;
let behindLink: Database;
let service: TestService;
let holder: Client;

/** The database goes away between the session and the next statements, all of which fail. */
let lostInBatch = false;
const gone = () => Promise.reject(new DatabaseAway('ECONNRESET'));
const lost: Queryable = { rows: gone, first: gone, run: gone };

beforeAll(async () => {
  service = await startService(
    {},
    {
      work: false,
      through: async (_database, { host, port, ...rest }) => {
        link = await openFaultyLink(host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : port);
        const connection = { ...rest, host: '127.0.0.1', port: link.port };
        behindLink = openDatabase(connection, { statementTimeout: 2_000, connectTimeout: 300, max: 5 });
        return { ...behindLink, batch: (work) => (lostInBatch ? work(lost) : behindLink.batch(work)) };
      },
    },
  );
  await service.enrol(person);
  holder = await signedIn(service, person);
});

afterEach(reconnect);

afterAll(async () => {
  await behindLink.close();
  await link.close();
  await service.close();
});

/** The database can be reached again, and the breaker has noticed. */
async function reconnect(): Promise<void> {
  await link.become('good');
  await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 10_000, interval: 100 });
}

const ready = async () => (await service.server.inject('/health/ready')).statusCode;

async function speak(client: Client, language: string): Promise<void> {
  const form = formOf((await client.get('/nowhere')).body, '/language');
  await client.post(
    '/language',
    form.map(([name, value]) => [name, name === 'language' ? language : value] as const),
  );
}

test('a receipt is checked all the same, without heads of the log', async () => {
  await link.become('refusing');
  const { status, body } = await injectClient(service.server).get('/check');
  expect(status).toBe(200);
  const page = readPage(body).querySelector('#check');
  expect(page?.getAttribute('data-heads')).toBe('');
  expect(page?.getAttribute('data-keys')).toContain('"kid"');
});

test("a browser that never chose a language is told in its holder's", async () => {
  await service.database.run(sql`update cabinet.holder set language = 'ru' where iin = ${person.iin}`);
  const client = await signedIn(service, person);
  await link.become('refusing');
  const { status, body } = await client.get(path);
  expect(status).toBe(503);
  expect(readPage(body).querySelector('html')?.getAttribute('lang')).toBe('ru');
  await service.database.run(sql`update cabinet.holder set language = 'kk' where iin = ${person.iin}`);
});

test('when several statements fail at once, the form is kept and the process goes on', async () => {
  const client = await signedIn(service, person);
  const form = formOf((await client.get(path)).body, path, { address, apartment: '24' });
  lostInBatch = true;
  const answer = await client.post(path, form);
  lostInBatch = false;
  expect(answer.status).toBe(503);
  expect(answer.body).toContain(address);
});

describe.each(languages)('in %s', (language) => {
  const t = textsOf(language).outages;

  it('says so at once, reloads by itself, and the process is alive but not ready', async () => {
    await speak(holder, language);
    await link.become('refusing');
    const answer = await holder.get('/services');
    expect(answer.status).toBe(503);
    const page = readPage(answer.body);
    expect(heading(page)).toBe(t.away.title);
    expect(visibleText(page)).toContain(t.byItself);
    const wait = Number(answer.headers['retry-after']);
    expect(wait).toBeGreaterThanOrEqual(5);
    expect(Number(answer.headers['refresh'])).toBe(wait);
    // The footer of every other page says that the service works around the clock.
    expect(visibleText(page)).not.toContain(textsOf(language).layout.aroundTheClock);
    expect((await service.server.inject('/health/live')).statusCode).toBe(200);
    expect(await ready()).toBe(503);
    await reconnect();
    expect((await holder.get('/services')).status).toBe(200);
  });

  it('keeps a form in the page, and one press sends it again any number of times for one change', async () => {
    await speak(holder, language);
    const apartment = { kk: '21', ru: '22', en: '23' }[language];
    const form = formOf((await holder.get(path)).body, path, { address, apartment });
    await link.become('refusing');
    const answer = await holder.post(path, form);
    expect(answer.status).toBe(503);
    expect(visibleText(readPage(answer.body))).toContain(t.typed);
    expect(answer.body).toContain(t.sendAgain);
    expect(answer.headers['refresh']).toBe(undefined);
    const kept = formOf(answer.body, path);
    // The token is masked differently, and this is not a page that the language switch knows.
    const own = ([name]: readonly [string, string]) => name !== 'csrf' && name !== 'page';
    expect(new Map(kept.filter(own))).toEqual(new Map(form.filter(own)));

    // Still unreachable: the page returns with the same form.
    const again = await holder.post(path, kept);
    expect(again.status).toBe(503);
    await reconnect();
    const saved = await holder.post(path, formOf(again.body, path));
    expect(saved.status).toBe(303);
    expect(saved.headers['location']).toMatch(/^\/receipts\//);
    expect((await holder.post(path, kept)).headers['location']).toBe(saved.headers['location']);
  });
});

test('a form from another site is refused and not echoed', async () => {
  const form = formOf((await holder.get(path)).body, path, { address });
  await link.become('refusing');
  const foreign = await holder.post(path, form, { origin: 'https://example.org' });
  expect(foreign.status).toBe(403);
  expect(foreign.body).not.toContain('Үзілген');
  const forged = await holder.post(
    path,
    form.map(([name, value]) => [name, name === 'csrf' ? 'forged' : value] as const),
  );
  expect(forged.status).toBe(403);
  expect(forged.body).not.toContain('Үзілген');
});

test('no page ever contains a password or a code', async () => {
  await speak(holder, 'kk');
  const guest = injectClient(service.server);
  const signIn = formOf((await guest.get('/sign-in')).body, '/sign-in', { iin: person.iin, password });
  const register = formOf((await guest.get('/register')).body, '/register', {
    iin: person.iin,
    contact: '+7 (701) 941-00-00',
  });
  await link.become('refusing');
  const refused = await guest.post('/sign-in', signIn);
  expect(refused.status).toBe(503);
  expect(refused.body).not.toContain(password);
  expect(refused.body).not.toContain(person.iin);
  expect(visibleText(readPage(refused.body))).toContain(textsOf('kk').outages.lost);
  // The values that identify a person and a way to reach them may be sent again.
  const kept = formOf((await guest.post('/register', register)).body, '/register');
  expect(kept).toContainEqual(['contact', '+7 (701) 941-00-00']);
});

test('nobody waits while it cannot be reached: three tries, then the breaker answers', async () => {
  await link.become('dropping');
  for (let request = 0; request < 4; request += 1) await holder.get('/services');
  const tried = link.connections();
  const answers = await Promise.all(Array.from({ length: 20 }, () => holder.get('/services')));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(503));
  expect(link.connections() - tried).toBeLessThanOrEqual(1);
});

test('a connection that swallows everything is given up', async () => {
  await link.become('stalling');
  const answer = await holder.get('/services');
  expect(answer.status).toBe(503);
});

test('when all connections are in use, others are asked to wait, and the page does not blame the server', async () => {
  let free: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  const holders = Array.from({ length: 5 }, () =>
    behindLink.transaction(async (transaction) => {
      await transaction.run(sql`select 1`);
      await held;
    }),
  );
  await vi.waitFor(() => expect(behindLink.load()).toMatchObject({ total: 5, idle: 0 }));
  await expect(behindLink.run(sql`select 1`)).rejects.toThrow(Overloaded);
  const answer = await holder.get('/services');
  expect(answer.status).toBe(503);
  expect(heading(readPage(answer.body))).toBe(textsOf('kk').outages.busy.title);
  expect(behindLink.breaker.state()).toBe('closed');
  free();
  await Promise.all(holders);
});
