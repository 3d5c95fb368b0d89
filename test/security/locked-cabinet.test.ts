import { afterAll, beforeAll, expect, test } from 'vitest';
import { unfreeze } from '../../src/features/disavowal/unfreeze.ts';
import { tokenHash } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import type { Iin } from '../../src/values/iin.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { openTestNca, type TestNca } from '../support/eds.ts';
import { signInByEds } from '../support/eds-visitor.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// A holder locks their cabinet. From then on a password opens nothing, whoever types it, and only
// EDS or a branch lifts the lock. Who does not know the password learns nothing of it.

const t = textsOf('kk');
const lock = '/security/lock';

let nca: TestNca;
let service: TestService;
let people = 9_700;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
});

afterAll(async () => {
  await service.close();
  nca.close();
});

async function enrol(): Promise<PersonLine> {
  const person = inventPerson(people++);
  await service.enrol(person);
  return person;
}

async function pressLock(client: Client): Promise<Answered> {
  return client.post(lock, formOf((await client.get(lock)).body, lock));
}

async function locked(): Promise<PersonLine> {
  const person = await enrol();
  await pressLock(await signedIn(service, person));
  return person;
}

async function tryPassword(person: PersonLine, password = person.password ?? ''): Promise<Answered> {
  const client = injectClient(service.server);
  const page = await client.get('/sign-in');
  return client.post('/sign-in', formOf(page.body, '/sign-in', { iin: person.iin, password }));
}

const seen = ({ body }: Answered) => visibleText(readPage(body));

async function liveSessions({ iin }: PersonLine): Promise<number> {
  const row = await service.database.first<{ live: number }>(sql`
    select count(*)::int as live from cabinet.session join cabinet.holder using (holder_id)
    where iin = ${iin} and ended_at is null`);
  return row?.live ?? -1;
}

async function notices({ iin }: PersonLine, kind: string): Promise<readonly string[]> {
  const rows = await service.database.rows<{ channel: string }>(sql`
    select payload ->> 'channel' as channel from cabinet.outbox join cabinet.holder using (holder_id)
    where iin = ${iin} and payload ->> 'kind' = ${kind} order by 1`);
  return rows.map(({ channel }) => channel);
}

test('the page says what a lock does, and asks before it does it', async () => {
  const person = await enrol();
  const client = await signedIn(service, person);
  const page = await client.get(lock);
  expect(seen(page)).toContain(t.lock.unlock);
  expect(seen(page)).toContain(t.lock.noEds);
  expect((await client.get('/services')).status).toBe(200);
  expect((await tryPassword(person)).status).toBe(303);
});

test('every session ends at once, and every channel on file is told once', async () => {
  const person = await enrol();
  const [owner, elsewhere] = [await signedIn(service, person), await signedIn(service, person)];
  await owner.get('/services/requisites');
  const answer = await pressLock(owner);
  expect([answer.status, answer.headers['location']]).toEqual([303, '/sign-in?ended=locked']);
  expect(seen(await owner.get('/sign-in?ended=locked'))).toContain(t.lock.done);
  for (const client of [owner, elsewhere])
    expect((await client.get('/services')).headers['location']).toMatch(/^\/sign-in/);
  expect(await liveSessions(person)).toBe(0);
  expect(await notices(person, 'locked')).toEqual(['email', 'mobile']);
});

test('the right password is told that the cabinet is locked, and opens nothing', async () => {
  const person = await locked();
  const answer = await tryPassword(person);
  expect(answer.status).toBe(422);
  expect(seen(answer)).toContain(t.signIn.locked);
  expect(await liveSessions(person)).toBe(0);
});

test('a wrong password gets the answer that everybody gets', async () => {
  const open = await enrol();
  const person = await locked();
  const [one, other] = [await tryPassword(person, 'no such word'), await tryPassword(open, 'no such word')];
  expect(seen(one)).not.toContain(t.signIn.locked);
  expect([one.status, seen(one)]).toEqual([other.status, seen(other).replace(open.iin, person.iin)]);
});

test('a sign-in that had checked the password before the lock opens nothing after it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const person = await enrol();
    const owner = await signedIn(service, person);
    await Promise.all([pressLock(owner), tryPassword(person), tryPassword(person)]);
    expect(await liveSessions(person)).toBe(0);
  }
});

test.each(['/recover', '/register'])('%s sends no code, and answers as always', async (start) => {
  const person = await locked();
  const client = injectClient(service.server);
  const contact = person.requisites.mobilePhone ?? '';
  const page = await client.get(start);
  const answer = await client.post(start, formOf(page.body, start, { iin: person.iin, contact }));
  expect(answer.headers['location']).toBe(`${start}/confirm`);
  const examined = sql`
    select from cabinet.entry
    where entry_hash = ${tokenHash(client.cookies.get('entry') ?? '')} and examined_at is not null`;
  await expect.poll(() => service.database.rows(examined), { timeout: 20_000 }).toHaveLength(1);
  expect(await notices(person, 'code')).toEqual([]);
});

test('a change that waited for its codes is gone', async () => {
  const person = await enrol();
  const client = await signedIn(service, person);
  const form = '/services/requisites';
  const fields = formOf((await client.get(form)).body, form, { mobilePhone: '+77015550177' });
  expect((await client.post(form, fields)).headers['location']).toBe(`${form}/confirm`);
  await pressLock(client);
  const pending = await service.database.rows(sql`
    select from cabinet.pending_change join cabinet.holder using (holder_id) where iin = ${person.iin}`);
  expect(pending).toEqual([]);
});

test('the holder’s key opens it again, and then the password does', async () => {
  const person = await locked();
  const client = injectClient(service.server);
  const answer = await signInByEds(client, nca.key(person));
  expect([answer.status, answer.headers['location']]).toEqual([303, '/services']);
  const history = seen(await client.get('/history'));
  expect(history).toContain(t.events.locked);
  expect(history).toContain(t.events['unfrozen-by-eds']);
  expect((await tryPassword(person)).status).toBe(303);
  expect(seen(await client.get(lock))).not.toContain(t.lock.noEds);
});

test('a branch opens it again', async () => {
  const person = await locked();
  expect(await unfreeze(service.database, person.iin as Iin, 'came with the card')).toBe(true);
  expect((await tryPassword(person)).status).toBe(303);
});

test('"this wasn\'t me" does not take a lock away', async () => {
  const person = await enrol();
  const client = await signedIn(service, person);
  await client.get('/services/requisites');
  const holder = sql`(select holder_id from cabinet.holder where iin = ${person.iin})`;
  await service.database.run(sql`insert into cabinet.freeze (holder_id) values (${holder})`);
  await pressLock(client);
  expect((await tryPassword(person)).status).toBe(422);
});
