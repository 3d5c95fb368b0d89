import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { scheduleWindow } from '../../src/features/operations/maintenance.ts';
import {
  addWindow,
  endWindow,
  listWindows,
  readUpcomingWindows,
} from '../../src/features/operations/maintenance-store.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { heading, readPage, visibleText } from '../support/page.ts';
import { inventPerson, password } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Planned maintenance: it is announced, everything can be read, nothing changes, and nothing typed
// is lost.

const person = inventPerson(9_400);
const path = '/services/requisites';
let service: TestService;
let holder: Client;
/** Called when a transaction has begun, and when all of its work is done except the commit. */
let hooks: { began?: () => Promise<void>; worked?: () => Promise<void> } = {};

beforeAll(async () => {
  service = await startService(
    {},
    {
      work: false,
      through: (database) => ({
        ...database,
        transaction: (work) =>
          database.transaction(async (transaction) => {
            const { began, worked } = hooks;
            hooks = {};
            await began?.();
            const value = await work(transaction);
            await worked?.();
            return value;
          }),
      }),
    },
  );
  await service.enrol(person);
});
afterAll(() => service.close());

beforeEach(async () => {
  await service.database.run(sql`delete from cabinet.maintenance_window`);
  await service.maintenance.refresh();
  holder = await signedIn(service, person);
  await speak(holder, 'kk');
  await holder.get(path);
});

/** Plans a window by hours from now without any rule, because a test may begin it in the past. */
async function plan(from: number, until: number, messageKk: string | null = null): Promise<void> {
  await service.database.run(sql`
    insert into cabinet.maintenance_window (starts_at, ends_at, message_kk)
    values (now() + ${from} * interval '1 hour', now() + ${until} * interval '1 hour', ${messageKk})`);
}

async function open(): Promise<void> {
  await plan(-1, 1);
  await service.maintenance.refresh();
}

async function speak(client: Client, language: 'kk' | 'ru' | 'en'): Promise<void> {
  const form = formOf((await client.get('/nowhere')).body, '/language');
  await client.post(
    '/language',
    form.map(([name, value]) => [name, name === 'language' ? language : value] as const),
  );
}

const bannerOf = (answer: Answered): string =>
  /<div class="banner" role="status">(.*?)<\/div><\/div>/s.exec(answer.body)?.[1]?.replace(/<[^>]+>/g, '') ??
  '';

/** Everything that a change would have touched. */
async function traces(): Promise<object | undefined> {
  return await service.database.first(sql`
    select (select count(*)::int from cabinet.change) as changes, (select count(*)::int from cabinet.outbox) as outbox,
      (select count(*)::int from cabinet.pending_change) as pending,
      (select jsonb_agg(to_jsonb(r)) from cabinet.requisites r) as requisites,
      (select jsonb_agg(to_jsonb(c)) from cabinet.credential c) as credentials`);
}

const formWith = async (values: Readonly<Record<string, string>>) =>
  formOf((await holder.get(path)).body, path, values);

describe.each(languages)('in %s', (language) => {
  const t = textsOf(language).outages;

  it('is announced on every page, also before sign-in, with times of Astana', async () => {
    await service.database.run(sql`
      insert into cabinet.maintenance_window (starts_at, ends_at)
      select day + interval '20 hours', day + interval '22 hours' from (select date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' + interval '2 days' as day)`);
    await service.maintenance.refresh();
    await speak(holder, language);
    const guest = injectClient(service.server);
    await speak(guest, language);
    const pages = [
      ...(await Promise.all(['/services', path, '/history', '/security'].map((page) => holder.get(page)))),
      ...(await Promise.all(['/', '/sign-in', '/register', '/nowhere'].map((page) => guest.get(page)))),
    ];
    for (const page of pages) {
      const banner = bannerOf(page);
      expect(banner).toContain(t.plannedMeaning);
      // 20:00 to 22:00 UTC.
      expect(banner).toMatch(/01:00.*03:00/);
      expect(banner).toContain(textsOf(language).layout.demo);
    }
  });

  it('answers a save with the end time, and keeps what was typed until then', async () => {
    await speak(holder, language);
    const form = await formWith({ address: 'Алматы қ., Сақталған көшесі, 1-үй' });
    const before = await traces();
    await open();
    const answer = await holder.post(path, form);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(3_500);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(3_600);
    const page = readPage(answer.body);
    expect(heading(page)).toBe(t.maintenance.title);
    expect(visibleText(page)).toContain(t.maintenance.kept);
    expect(visibleText(page)).toMatch(/\d{2}:\d{2}/);
    expect(bannerOf(answer)).toContain(t.openMeaning);
    expect(await traces()).toEqual(before);

    await service.database.run(sql`delete from cabinet.maintenance_window`);
    await service.maintenance.refresh();
    const offered = await holder.get(path);
    const shown = await holder.post(`${path}/draft`, [
      ...formOf(offered.body, `${path}/draft`).filter(([name]) => name !== 'action'),
      ['action', 'show'],
    ]);
    expect(shown.body).toContain('Сақталған көшесі');
  });
});

it('shows the operator’s text in its language, escaped, and the usual text in the others', async () => {
  await plan(-1, 1, 'Жаңа <b>сервер</b>');
  await service.maintenance.refresh();
  const guest = injectClient(service.server);
  expect((await guest.get('/')).body).toContain('Жаңа &lt;b>сервер&lt;/b>');
  await speak(guest, 'ru');
  expect(bannerOf(await guest.get('/'))).toContain(textsOf('ru').outages.openMeaning);
});

test('during maintenance every page can be read, and people can sign in and out', async () => {
  await open();
  const visitor = await signedIn(service, person);
  for (const page of ['/services', path, '/history', '/security']) {
    const answer = await visitor.get(page);
    expect(answer.status).toBe(200);
    expect(bannerOf(answer)).toContain(textsOf('kk').outages.openMeaning);
  }
  const leave = formOf((await visitor.get(path)).body, `${path}/cancel`);
  expect((await visitor.post(`${path}/cancel`, leave)).status).toBe(303);
  const away = formOf((await visitor.get('/services')).body, '/sign-out');
  expect((await visitor.post('/sign-out', away)).status).toBe(303);
  expect((await service.server.inject('/health/live')).statusCode).toBe(200);
  expect((await service.server.inject('/health/ready')).statusCode).toBe(200);
});

/**
 * Every route that accepts a form. Only the named ones are open, so a new one is closed until
 * somebody decides.
 */
test('every route that is not named as harmless is closed', async () => {
  const works = new Set([
    '/not-me/:link',
    '/help/notice',
    '/sign-in',
    '/sign-in/eds',
    '/sign-in/eds/challenge',
    '/sign-in/phone',
    '/sign-in/phone/enter',
    '/sign-in/phone/return/:key',
    '/sign-in/forget',
    '/sign-out',
    '/session/extend',
    '/session/left',
    '/cookies/clear',
    '/language',
    '/security/sessions/end',
    '/security/sessions/end-others',
    '/security/lock',
    '/security/trusted/end',
    '/sign-in/step',
    '/sign-in/step/passkey',
    '/sign-in/step/phone',
    '/sign-in/step/passkey/challenge',
    '/sign-in/passkey',
    '/sign-in/passkey/challenge',
    `${path}/cancel`,
    `${path}/addresses`,
    `${path}/draft`,
    `${path}/keep`,
  ]);
  await open();
  const csrf = formOf((await holder.get('/services')).body, '/sign-out')[0];
  if (!csrf) throw new Error('no token');
  const posts = service.routes.filter(({ method, access }) => method === 'POST' && access !== 'machine');
  expect(posts.length).toBeGreaterThan(15);
  for (const { url } of posts) {
    // The session that posts the others must last.
    if (['/sign-out', '/security/lock'].includes(url) || url.startsWith('/demo')) continue;
    const answer = await holder.post(url.replace(':link', 'x'), [csrf]);
    const closed = answer.status === 503 || (url === path && answer.status === 400);
    expect(`${url} ${closed}`).toBe(`${url} ${!works.has(url)}`);
  }
});

describe('a window that begins between the check and the commit', () => {
  test('refuses a save before its first statement, and leaves nothing but the draft', async () => {
    const form = await formWith({ address: 'Алматы қ., Ортадағы көшесі, 2-үй' });
    const before = await traces();
    hooks = { began: () => plan(-1, 1) };
    const answer = await holder.post(path, form);
    expect(answer.status).toBe(503);
    const text = visibleText(readPage(answer.body));
    expect(text).toContain(textsOf('kk').outages.maintenance.kept);
    // The process did not know the window yet, and still shows its end.
    expect(text).toMatch(/Аяқталу уақыты: .*\d{2}:\d{2}/);
    expect(await traces()).toEqual(before);
  });

  test('lets a save that has been checked complete', async () => {
    const form = await formWith({ address: 'Алматы қ., Толық көшесі, 3-үй' });
    hooks = { worked: () => plan(-1, 1) };
    const answer = await holder.post(path, form);
    expect(answer.status).toBe(303);
    const whole = await service.database.first(sql`
      select (select address from cabinet.requisites) as address,
        (select count(*)::int from cabinet.outbox o join cabinet.change c using (change_id)
         where c.entries @> '[{"field":"address","new":"Алматы қ., Толық көшесі, 3-үй"}]') as queued`);
    expect(whole).toEqual({ address: 'Алматы қ., Толық көшесі, 3-үй', queued: 1 });
  });

  test('refuses to propose a change of the mobile, and sends no code', async () => {
    await service.database.run(
      sql`update cabinet.requisites set mobile_since = to_timestamp(0), email_since = to_timestamp(0)`,
    );
    const form = await formWith({ mobilePhone: '+7 (701) 940-00-01' });
    const before = await traces();
    hooks = { began: () => plan(-1, 1) };
    expect((await holder.post(path, form)).status).toBe(503);
    expect(await traces()).toEqual(before);
  });

  test('refuses a new password', async () => {
    const form = formOf((await holder.get('/security/password')).body, '/security/password', {
      currentPassword: password,
      password: 'кең дала тыныш өзен',
      passwordAgain: 'кең дала тыныш өзен',
    });
    const before = await traces();
    hooks = { began: () => plan(-1, 1) };
    const answer = await holder.post('/security/password', form);
    expect(answer.status).toBe(503);
    expect(answer.body).not.toContain('тыныш өзен');
    expect(await traces()).toEqual(before);
  });
});

describe('windows in the tables', () => {
  test('two windows never overlap, and ending one makes room once', async () => {
    const { database } = service;
    const day = 24 * 3_600_000;
    const from = new Date(Date.now() + 3 * day);
    const until = new Date(from.getTime() + 3_600_000);
    const messages = { kk: null, ru: 'Обновляем серверы', en: null };
    const id = await addWindow(database, { from, until, messages });
    expect(id).toBeTypeOf('number');
    expect(
      await addWindow(database, {
        from: new Date(from.getTime() + 60_000),
        until: new Date(until.getTime() + 1),
        messages,
      }),
    ).toBe(undefined);
    // A window directly after another does not overlap it.
    expect(
      await addWindow(database, { from: until, until: new Date(until.getTime() + 60_000), messages }),
    ).toBeTypeOf('number');
    const { windows, now } = await readUpcomingWindows(database);
    expect(windows[0]).toEqual({ id, from, until, messages });
    expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await endWindow(database, id ?? 0)).toBe(true);
    expect(await endWindow(database, id ?? 0)).toBe(false);
    expect((await listWindows(database)).map(({ state }) => state)).toEqual(['planned', 'taken back']);
  });

  test('planning one reports when people learn of it less than 48 hours before', async () => {
    const messages = { kk: undefined, ru: undefined, en: undefined };
    const plannedIn = async (hours: number) => {
      const time = (more: number) =>
        new Date(Date.now() + (hours + more) * 3_600_000).toISOString().slice(0, 19);
      return scheduleWindow(service.database, { from: `${time(0)}Z`, to: `${time(1)}Z`, messages });
    };
    expect(await plannedIn(49)).toMatchObject({ value: { shortNotice: false } });
    expect(await plannedIn(47)).toMatchObject({ value: { shortNotice: true } });
    expect(await plannedIn(47)).toMatchObject({ reason: 'overlap' });
  });

  test('a process that starts during one knows of it before its first answer', async () => {
    await plan(-1, 1);
    const other = injectClient(await service.anotherProcess());
    expect(bannerOf(await other.get('/'))).toContain(textsOf('kk').outages.openMeaning);
  });
});
