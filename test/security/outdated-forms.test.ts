import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type Answered, type Client, type Fields, injectClient } from '../support/client.ts';
import { heading, readPage, visibleText } from '../support/page.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn, signIn } from '../support/signed-in.ts';

// A form that was open while somebody signed in or out in another tab of the same browser. It is
// not a forgery: what was typed is shown again or kept, for the person who typed it and nobody
// else. It also changes nothing, because only a fresh token can.

const form = '/services/requisites';
const typed = 'Астана қ., Ашық терезе көшесі, 5-үй';
const { session: words } = textsOf('kk');

let service: TestService;
let people = 9_300;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

async function newPerson(): Promise<PersonLine> {
  const person = inventPerson(people);
  people += 1;
  await service.enrol(person);
  return person;
}

/**
 * A browser with a tab that shows the filled-in form of `person`. They have signed out since, and
 * `next` has signed in.
 */
async function openedForm(
  person: PersonLine,
  next?: PersonLine,
): Promise<{ client: Client; fields: Fields }> {
  const client = await signedIn(service, person);
  const page = await client.get(form);
  const fields = formOf(page.body, form, { address: typed });
  await client.post('/sign-out', formOf(page.body, '/sign-out'));
  if (next) await signIn(client, next);
  return { client, fields };
}

async function changes(person: PersonLine): Promise<number> {
  const row = await service.database.first<{ count: number }>(sql`
    select count(*)::int as count from cabinet.change join cabinet.holder using (holder_id)
    where iin = ${person.iin} and made_by = 'holder'`);
  return row?.count ?? -1;
}

async function endedBecause(person: PersonLine, reason: string): Promise<void> {
  await service.database.run(sql`
    update cabinet.session set ended_at = now(), end_reason = ${reason}
    where holder_id = (select holder_id from cabinet.holder where iin = ${person.iin})`);
}

const replaced = (fields: Fields, name: string, value: string): Fields => [
  ...fields.filter(([one]) => one !== name),
  [name, value],
];
const tokenIn = (fields: Fields): string => fields.find(([name]) => name === 'csrf')?.[1] ?? '';
const text = ({ body }: Answered): string => visibleText(readPage(body));
const addressIn = ({ body }: Answered): string | undefined =>
  readPage(body).querySelector('#address')?.getAttribute('value');

describe('requests that are still forgeries', () => {
  test("the same holder's token of another browser", async () => {
    const person = await newPerson();
    const { fields } = await openedForm(person);
    const elsewhere = await signedIn(service, person);
    const answer = await elsewhere.post(form, fields);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain(typed);
  });

  test('a token with any part altered', async () => {
    const person = await newPerson();
    const { client, fields } = await openedForm(person, person);
    const bytes = Buffer.from(tokenIn(fields), 'base64url');
    for (const at of [0, 7, 8, 23, 24, 31]) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      const answer = await client.post(form, replaced(fields, 'csrf', altered.toString('base64url')));
      expect(answer.status, `byte ${at}`).toBe(403);
    }
    const cut = bytes.subarray(0, 32).toString('base64url');
    expect((await client.post(form, replaced(fields, 'csrf', cut))).status).toBe(403);
  });

  test.each([
    ['without an Origin', undefined],
    ['from another origin', 'https://evil.example'],
    ['from a sandboxed page', 'null'],
  ])('an earlier form %s', async (_name, origin) => {
    const person = await newPerson();
    const again = await openedForm(person, person);
    expect((await again.client.post(form, again.fields, { origin })).status).toBe(403);
    const out = await openedForm(person);
    expect((await out.client.post(form, out.fields, { origin })).status).toBe(403);
    expect((await out.client.post('/sign-out', [], { origin })).status).toBe(403);
  });

  test('a token from before sign-in for an action that only a holder may take', async () => {
    const person = await newPerson();
    const client = injectClient(service.server);
    const early = formOf((await client.get('/sign-in')).body, '/sign-in');
    await signIn(client, person);
    for (const { method, access, url } of service.routes) {
      if (method !== 'POST' || access !== 'holder') continue;
      expect((await client.post(url, [['csrf', tokenIn(early)]])).status, url).toBe(403);
    }
  });
});

describe('the same person has signed in again', () => {
  test('the form is shown again with what was typed, changes nothing, and can then be saved', async () => {
    const person = await newPerson();
    const { client, fields } = await openedForm(person, person);
    const answer = await client.post(form, fields);
    expect(answer.status).toBe(409);
    expect(addressIn(answer)).toBe(typed);
    expect(text(answer)).toContain(words.outdatedHelp);
    expect(await changes(person)).toBe(0);
    const saved = await client.post(form, formOf(answer.body, form));
    expect(saved.headers['location']).toMatch(/^\/receipts\//);
    expect(await changes(person)).toBe(1);
  });

  test('no route acts on an earlier form, and none calls it a forgery', async () => {
    const person = await newPerson();
    const { client, fields } = await openedForm(person, person);
    await client.get(form);
    const sessions = sql`select count(*)::int as live from cabinet.session s join cabinet.holder using (holder_id)
      where iin = ${person.iin} and ended_at is null`;
    const posts = service.routes.filter(({ method, access }) => method === 'POST' && access !== 'machine');
    for (const { url } of posts) {
      if (url === '/language' || url.startsWith('/session/') || url === `${form}/keep`) continue;
      const answer = await client.post(url, replaced(fields, 'page', ''));
      expect([303, 400, 409], url).toContain(answer.status);
      if (answer.status === 303) expect(answer.headers['location'], url).not.toMatch(/receipts|done/);
    }
    expect(await changes(person)).toBe(0);
    expect(await service.database.first(sessions)).toEqual({ live: 1 });
  });

  test.each([
    ['/security/password', '/security/password'],
    ['/services/requisites/cancel', form],
    ['/services/requisites/addresses', form],
  ])('%s is answered with its page', async (url, page) => {
    const person = await newPerson();
    const client = await signedIn(service, person);
    const before = await client.get(page);
    const fields = formOf(before.body, page);
    await client.post('/sign-out', formOf(before.body, '/sign-out'));
    await signIn(client, person);
    const answer = await client.post(url, fields);
    expect(answer.status).toBe(409);
    expect(text(answer)).toContain(words.outdated);
    expect(heading(readPage(answer.body))).toBe(heading(readPage(before.body)));
  });

  test('the language switch keeps what was typed', async () => {
    const person = await newPerson();
    const { client, fields } = await openedForm(person, person);
    const answer = await client.post('/language', [...fields, ['language', 'ru']]);
    expect(answer.status).toBe(200);
    expect(addressIn(answer)).toBe(typed);
    expect(heading(readPage(answer.body))).toBe(textsOf('ru').requisites.heading);
  });
});

describe('nobody is signed in', () => {
  test('what was typed is kept for its holder, who is told and can open it', async () => {
    const person = await newPerson();
    const { client, fields } = await openedForm(person);
    const answer = await client.post(form, fields);
    expect(answer.status).toBe(303);
    const location = String(answer.headers['location']);
    expect(new URLSearchParams(location.split('?')[1])).toEqual(
      new URLSearchParams({ ended: 'kept', to: form }),
    );
    const page = await client.get(location);
    expect(text(page)).toContain(words.overKept);
    expect(page.body).not.toContain(typed);
    const signedInAgain = await client.post(
      `/sign-in?${new URLSearchParams({ to: form })}`,
      formOf(page.body, '/sign-in', { iin: person.iin, password: person.password ?? '' }),
    );
    expect(signedInAgain.headers['location']).toBe(form);
    const offered = await client.get(form);
    const shown = await client.post(
      `${form}/draft`,
      formOf(offered.body, `${form}/draft`).map(([name, value]) =>
        name === 'action' ? ['action', 'show'] : [name, value],
      ),
    );
    expect(addressIn(shown)).toBe(typed);
    expect(await changes(person)).toBe(0);
  });

  test('the language switch keeps it too', async () => {
    const person = await newPerson();
    const { client, fields } = await openedForm(person);
    const answer = await client.post('/language', [...fields, ['language', 'en']]);
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toContain('ended=kept');
    expect(client.cookies.get('language')).toBe('en');
    const without = await client.post('/language', [
      ['csrf', tokenIn(fields)],
      ['language', 'ru'],
    ]);
    expect([without.status, client.cookies.get('language')]).toEqual([303, 'ru']);
  });

  test.each(['frozen', 'password-changed', 'ended-by-holder', 'operator', 'blocked'])(
    'nothing is kept when the session was ended for security: %s',
    async (reason) => {
      const person = await newPerson();
      const client = await signedIn(service, person);
      const fields = formOf((await client.get(form)).body, form, { address: typed });
      await endedBecause(person, reason);
      const answer = await client.post(form, fields);
      expect(answer.headers['location']).toContain('ended=1');
      const drafts = await service.database.first(sql`
        select count(*)::int as kept from cabinet.draft join cabinet.holder using (holder_id) where iin = ${person.iin}`);
      expect(drafts).toEqual({ kept: 0 });
    },
  );

  test('sign-out leads to the start page, with a token or without', async () => {
    const person = await newPerson();
    const { client, fields } = await openedForm(person);
    for (const sent of [[['csrf', tokenIn(fields)]], []] as const) {
      const answer = await client.post('/sign-out', sent);
      expect([answer.status, answer.headers['location']]).toEqual([303, '/']);
    }
  });

  test('sign-out after a time-out leads there too', async () => {
    const person = await newPerson();
    const client = await signedIn(service, person);
    const page = await client.get('/services');
    await service.database.run(sql`update cabinet.session set seen_at = seen_at - interval '1 hour'`);
    const answer = await client.post('/sign-out', formOf(page.body, '/sign-out'));
    expect([answer.status, answer.headers['location']]).toEqual([303, '/']);
    expect(client.cookies.get('session')).toBeUndefined();
  });
});

describe('another person has signed in', () => {
  test('nothing typed is shown, nobody is named, and it is kept for its owner', async () => {
    const person = await newPerson();
    const other = await newPerson();
    const { client, fields } = await openedForm(person, other);
    for (const [url, sent] of [
      [form, fields],
      ['/language', [...fields, ['language', 'ru']]],
    ] as const) {
      const answer = await client.post(url, sent);
      expect(answer.status).toBe(409);
      expect(heading(readPage(answer.body))).toBe(words.somebody);
      for (const secret of [typed, person.name, other.name, person.iin, other.iin])
        expect(answer.body).not.toContain(secret);
      expect(formOf(answer.body, '/sign-out')).not.toEqual([]);
    }
    expect([await changes(person), await changes(other)]).toEqual([0, 0]);
    expect(text(await client.get(form))).not.toContain(textsOf('kk').requisites.draft);
    expect(text(await (await signedIn(service, person)).get(form))).toContain(textsOf('kk').requisites.draft);
  });

  test("the sign-out of an earlier page does not end another person's session", async () => {
    const other = await newPerson();
    const { client, fields } = await openedForm(await newPerson(), other);
    const answer = await client.post('/sign-out', [['csrf', tokenIn(fields)]]);
    expect(answer.status).toBe(409);
    expect((await client.get('/services')).status).toBe(200);
    expect((await client.post('/sign-out', formOf(answer.body, '/sign-out'))).headers['location']).toBe('/');
    expect((await client.get('/services')).status).toBe(303);
  });
});

describe('signing in', () => {
  const filled = (page: Answered, { iin, password = '' }: PersonLine) =>
    formOf(page.body, '/sign-in', { iin, password });

  test('two start pages restored at once without cookies: both forms work', async () => {
    const person = await newPerson();
    const client = injectClient(service.server);
    const first = await client.get('/', { cookie: undefined });
    const second = await client.get('/', { cookie: undefined });
    const wrong = await client.post('/sign-in', filled(second, { ...person, password: 'басқа құпиясөз' }));
    expect(wrong.status).toBe(422);
    const answer = await client.post('/sign-in', filled(first, person));
    expect([answer.status, answer.headers['location']]).toEqual([303, '/services']);
  });

  test('again as the same person: it leads to the page they wanted, and the password is not checked', async () => {
    const person = await newPerson();
    const client = injectClient(service.server);
    const [first, second] = [await client.get('/sign-in?to=/history'), await client.get('/sign-in')];
    await client.post('/sign-in', filled(second, person));
    const session = client.cookies.get('session');
    const answer = await client.post('/sign-in?to=/history', filled(first, { ...person, password: 'басқа' }));
    expect([answer.status, answer.headers['location']]).toEqual([303, '/history']);
    expect(client.cookies.get('session')).toBe(session);
  });

  test('as another person: nobody is named, nobody is signed in, and signing out is offered', async () => {
    const person = await newPerson();
    const other = await newPerson();
    const client = injectClient(service.server);
    const [first, second] = [await client.get('/sign-in'), await client.get('/sign-in')];
    await client.post('/sign-in', filled(second, person));
    const session = client.cookies.get('session');
    const answer = await client.post('/sign-in', filled(first, other));
    expect(answer.status).toBe(409);
    expect(text(answer)).toContain(words.somebody);
    for (const secret of [person.name, person.iin, other.name]) expect(answer.body).not.toContain(secret);
    expect(client.cookies.get('session')).toBe(session);
    const out = await client.post('/sign-out', formOf(answer.body, '/sign-out'));
    expect([out.status, out.headers['location']]).toEqual([303, '/']);
    await signIn(client, other);
    expect(text(await client.get('/services'))).toContain(other.name);
  });

  test('after that person signed out elsewhere: the page is shown again with the typed IIN', async () => {
    const person = await newPerson();
    const other = await newPerson();
    const client = injectClient(service.server);
    const [first, second] = [await client.get('/sign-in'), await client.get('/sign-in')];
    await client.post('/sign-in', filled(second, person));
    const told = await client.post('/sign-in', filled(first, other));
    await client.post('/sign-out', formOf((await client.get('/services')).body, '/sign-out'));
    const again = await client.post('/sign-in', filled(told, other));
    expect(again.status).toBe(409);
    expect(readPage(again.body).querySelector('#iin')?.getAttribute('value')).toBe(other.iin);
    expect(client.cookies.get('session')).toBeUndefined();
    expect((await client.post('/sign-in', filled(again, other))).status).toBe(303);
  });

  test.each(['/register', '/recover'])(
    '%s, while another person has signed in: the page says so without a name',
    async (url) => {
      const person = await newPerson();
      const client = injectClient(service.server);
      const page = await client.get(url);
      await signIn(client, person);
      const answer = await client.post(url, formOf(page.body, url, { iin: person.iin, contact: 'a@b.kz' }));
      expect(answer.status).toBe(409);
      expect(answer.body).not.toContain(person.name);
    },
  );
});

test('an outdated "this was not me" form asks to open its page again, and freezes nothing', async () => {
  const person = await newPerson();
  const { client, fields } = await openedForm(person, person);
  const answer = await client.post('/not-me/x', [['csrf', tokenIn(fields)]]);
  expect(answer.status).toBe(409);
  expect(text(answer)).toContain(words.outdatedPage);
});

test('a form of the former release still works', async () => {
  const person = await newPerson();
  const client = await signedIn(service, person);
  const secret = service.keys.sign('csrf', client.cookies.get('session') ?? '');
  const mask = randomBytes(32);
  const masked = Buffer.from(secret.map((byte, at) => byte ^ (mask[at] ?? 0)));
  const token = Buffer.concat([mask, masked]).toString('base64url');
  expect((await client.post('/session/extend', [['csrf', token]])).status).toBe(200);
});

test('asking for the remaining time does not prolong the session', async () => {
  const person = await newPerson();
  const client = await signedIn(service, person);
  const token = tokenIn(formOf((await client.get('/services')).body, '/sign-out'));
  await service.database.run(sql`
    update cabinet.session set seen_at = seen_at - interval '10 minutes'
    where holder_id = (select holder_id from cabinet.holder where iin = ${person.iin})`);
  const left = async () =>
    JSON.parse((await client.post('/session/left', [['csrf', token]])).body).secondsLeft;
  expect(await left()).toBeLessThanOrEqual(300);
  expect(await left()).toBeGreaterThan(200);
  await client.get('/services');
  expect(await left()).toBeGreaterThan(800);
  await endedBecause(person, 'signed-out');
  expect(await left()).toBe(0);
});
