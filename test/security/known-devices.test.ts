import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { kk } from '../../src/texts/kk.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';

// A device that has signed a person in is known for that person only, by a mark that only this
// service creates. Others cannot block it, and its own failures are counted separately.

let service: TestService;
let people = 7_100;

beforeAll(async () => {
  service = await startService({ TRUSTED_PROXIES: '127.0.0.1' }, { work: false });
});

afterAll(() => service.close());

async function enrol(): Promise<PersonLine> {
  const person = inventPerson(people);
  people += 1;
  await service.enrol(person);
  return person;
}

/** One sign-in of this browser from this address. */
async function attempt(
  client: Client,
  { iin, password }: Pick<PersonLine, 'iin' | 'password'>,
  address = '198.51.100.7',
): Promise<Answered> {
  const from = { 'x-forwarded-for': address };
  const page = await client.get('/sign-in', from);
  return client.post('/sign-in', formOf(page.body, '/sign-in', { iin, password: password ?? '' }), from);
}

/** Signs in and out again. The mark stays. */
async function visit(client: Client, person: PersonLine): Promise<string> {
  expect((await attempt(client, person)).status).toBe(303);
  const page = await client.get('/services');
  expect((await client.post('/sign-out', formOf(page.body, '/sign-out'))).status).toBe(303);
  return client.cookies.get('device') ?? '';
}

/** A browser with this device cookie, wherever the cookie came from. */
function browserWith(device: string): Client {
  const client = injectClient(service.server);
  (client.cookies as Map<string, string>).set('device', device);
  return client;
}

const wrong = (person: PersonLine) => ({ iin: person.iin, password: 'басқа құпиясөз' });

async function fail(client: Client, person: PersonLine, times: number, address?: string): Promise<number[]> {
  const seen: number[] = [];
  for (let n = 0; n < times; n += 1) seen.push((await attempt(client, wrong(person), address)).status);
  return seen;
}

async function newDeviceNotices({ iin }: PersonLine): Promise<number> {
  const rows = await service.database.rows(sql`
    select from cabinet.outbox join cabinet.holder using (holder_id)
    where iin = ${iin} and payload ->> 'kind' = 'new-device' and payload ->> 'channel' = 'mobile'`);
  return rows.length;
}

test("a stranger in the owner's own network blocks the network, and not the owner's device", async () => {
  const person = await enrol();
  const own = injectClient(service.server);
  await visit(own, person);
  const strangers = await fail(injectClient(service.server), person, 6);
  expect(strangers).toEqual([422, 422, 422, 422, 422, 429]);
  expect((await attempt(own, person)).status).toBe(303);
  expect((await attempt(injectClient(service.server), person)).status).toBe(429);
});

test('strangers in other networks do not block it either', async () => {
  const person = await enrol();
  const own = injectClient(service.server);
  await visit(own, person);
  for (let network = 0; network < 31; network += 1) {
    await fail(injectClient(service.server), person, 1, `203.0.${network}.9`);
  }
  expect((await attempt(injectClient(service.server), person, '192.0.2.1')).status).toBe(429);
  expect((await attempt(own, person)).status).toBe(303);
});

test('its own failures cause a growing delay after five, in every network', async () => {
  const person = await enrol();
  const own = injectClient(service.server);
  await visit(own, person);
  expect(await fail(own, person, 5)).toEqual([422, 422, 422, 422, 422]);
  const first = await attempt(own, person, '203.0.113.77');
  expect({ status: first.status, wait: first.headers['retry-after'] }).toEqual({ status: 429, wait: '60' });
  await service.database.run(sql`update cabinet.failure set blocked_until = now()`);
  expect(await fail(own, person, 1)).toEqual([422]);
  expect((await attempt(own, person)).headers['retry-after']).toBe('120');
  // Others are not blocked by it.
  expect((await attempt(injectClient(service.server), person)).status).toBe(303);
});

test('is known only for its own person, and helps nobody else', async () => {
  const [victim, thief] = [await enrol(), await enrol()];
  const own = injectClient(service.server);
  await visit(own, thief);
  expect(await fail(own, victim, 6)).toEqual([422, 422, 422, 422, 422, 429]);
});

test('a planted mark is never known, not even after its browser has signed somebody in', async () => {
  const person = await enrol();
  const planted = 'p'.repeat(43);
  const browser = browserWith(planted);
  const device = await visit(browser, person);
  expect(device).not.toBe(planted);
  // The stranger who planted it uses it alone, or together with the mark that the service gave.
  for (const cookie of [planted, `${planted}.${'q'.repeat(43)}`]) {
    await service.database.run(sql`delete from cabinet.failure`);
    await fail(injectClient(service.server), person, 5);
    expect((await attempt(browserWith(cookie), person)).status).toBe(429);
  }
});

test("a stranger's own mark, planted in the owner's browser, stays the stranger's", async () => {
  const [person, stranger] = [await enrol(), await enrol()];
  const strangers = await visit(injectClient(service.server), stranger);
  const browser = browserWith(strangers);
  await visit(browser, person);
  await fail(injectClient(service.server), person, 5);
  expect((await attempt(browserWith(strangers), person)).status).toBe(429);
  expect((await attempt(browser, person)).status).toBe(303);
});

test('each sign-in renews the mark, and a copy of the former one ends', async () => {
  const person = await enrol();
  const own = injectClient(service.server);
  const first = await visit(own, person);
  const second = await visit(own, person);
  expect(second).toMatch(/^[\w-]{43}$/);
  expect(second).not.toBe(first);
  await service.database.run(sql`update cabinet.known_device set ends_at = now() where ends_at is not null`);
  await fail(injectClient(service.server), person, 5);
  expect((await attempt(browserWith(first), person)).status).toBe(429);
  expect((await attempt(own, person)).status).toBe(303);
  expect(await newDeviceNotices(person)).toBe(0);
  const marks = await service.database.rows(sql`
    select from cabinet.known_device join cabinet.holder using (holder_id) where iin = ${person.iin}`);
  expect(marks).toHaveLength(2);
});

test('two simultaneous sign-ins of a known device are not a new device', async () => {
  const person = await enrol();
  const own = injectClient(service.server);
  await visit(own, person);
  const device = own.cookies.get('device') ?? '';
  const answers = await Promise.all([
    attempt(browserWith(device), person),
    attempt(browserWith(device), person),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([303, 303]);
  expect(await newDeviceNotices(person)).toBe(0);
});

test('in a family with one browser, up to four people stay known', async () => {
  const family = [await enrol(), await enrol(), await enrol(), await enrol()];
  const browser = injectClient(service.server);
  for (const one of family) await visit(browser, one);
  for (const one of family) await visit(browser, one);
  expect((browser.cookies.get('device') ?? '').split('.')).toHaveLength(4);
  for (const one of family) {
    expect(await newDeviceNotices(one)).toBe(0);
    await fail(injectClient(service.server), one, 5);
    expect((await attempt(browser, one)).status).toBe(303);
    const page = await browser.get('/services');
    await browser.post('/sign-out', formOf(page.body, '/sign-out'));
  }
});

test('a delay of the network names the network and its minutes, and one of the person does not', async () => {
  const person = await enrol();
  await fail(injectClient(service.server), person, 5);
  const here = await attempt(injectClient(service.server), person);
  expect(here.body).toContain(kk.signIn.limitedHere.replace('{minutes}', '1'));
  expect(here.headers['retry-after']).toBe('60');
});
