import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findDeadChanges, requeueChanges, showDelivery } from '../../src/features/changes/delivery-store.ts';
import { fundQueue } from '../../src/features/changes/queue.ts';
import { endQuietAlerts, recordWrongPerson } from '../../src/features/operations/alert-store.ts';
import { createHttpFund } from '../../src/fund/http/http.ts';
import { syncBranchChanges } from '../../src/fund/sync.ts';
import { leaseCursor, moveCursor } from '../../src/fund/sync-store.ts';
import { dispatchDue } from '../../src/platform/outbox/dispatcher.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { type FundServer, startFundServer } from '../support/fund-server.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { settings } from '../support/settings.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

let service: TestService;
let server: FundServer;
let fund: ReturnType<typeof createHttpFund>;
let people = 3_000;

beforeAll(async () => {
  server = await startFundServer();
  service = await startService({ DEMO: '1', FUND_URL: server.url }, { work: false });
});

// A breaker keeps its state, so each test delivers over its own connection.
beforeEach(() => {
  server.behave('none');
  server.refuse(undefined);
  fund = createHttpFund(
    { url: new URL(server.url), atOnce: 4 },
    { timeouts: { read: 1_000, change: 1_000 } },
  );
  return () => fund.close();
});

afterAll(async () => {
  await service.close();
  await server.close();
});

const page = '/services/requisites';

async function enrolled(different: Partial<PersonLine> = {}): Promise<PersonLine> {
  people += 1;
  const person = inventPerson(people, different);
  server.enrol(person);
  await service.enrol(person);
  return person;
}

/** The text of a page in Kazakh and in Russian. */
async function inBoth(client: Client, path: string): Promise<{ kk: string; ru: string }> {
  const read = async (language: string) =>
    visibleText(readPage((await client.get(path, { cookie: cookies(client, language) })).body));
  return { kk: await read('kk'), ru: await read('ru') };
}

function cookies(client: Client, language: string): string {
  return [...client.cookies, ['language', language]].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** Saves other values and returns the receipt's path. */
async function save(client: Client, values: Readonly<Record<string, string>>): Promise<string> {
  const answer = await client.post(page, formOf((await client.get(page)).body, page, values));
  expect(answer.status).toBe(303);
  return String(answer.headers['location']);
}

/** Delivers what is due, as the worker does, with every waiting time over. */
async function deliver(): Promise<number> {
  await service.database.run(
    sql`update cabinet.outbox set next_attempt_at = now(), leased_until = null where lane = 'fund'`,
  );
  return dispatchDue(service.database, {
    ...fundQueue({ fund, database: service.database, contactSettings: settings.contactSettings }),
    concurrency: 1,
    ready: () => true,
  });
}

const ofPerson = ({ iin }: PersonLine) =>
  sql`holder_id = (select holder_id from cabinet.holder where iin = ${iin})`;

/** The notices queued for a person: kind and recipient. */
async function notices(person: PersonLine): Promise<string[]> {
  const rows = await service.database.rows<{ notice: string }>(sql`
    select (payload ->> 'kind') || ' ' || (payload ->> 'to') as notice from cabinet.outbox
    where ${ofPerson(person)} and lane = 'notice' and payload ->> 'kind' <> 'new-device' order by outbox_id`);
  return rows.map(({ notice }) => notice);
}

const effectsOf = ({ iin }: PersonLine) => server.effects.filter((effect) => effect.iin === iin);

describe('a saved change', () => {
  test('is shown as being sent, and then as accepted', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    const receipt = await save(client, { apartment: '77' });
    expect(await inBoth(client, receipt)).toEqual({
      kk: expect.stringContaining('Сақталды, қордың ақпараттық жүйесіне жіберілуде'),
      ru: expect.stringContaining('Сохранено, передаётся в информационную систему фонда'),
    });
    expect(await deliver()).toBe(1);
    expect(effectsOf(person).map(({ fields }) => fields)).toEqual([{ apartment: '77' }]);
    expect(server.requisitesOf(person.iin)).toEqual({ ...person.requisites, apartment: '77' });
    const told = await inBoth(client, receipt);
    expect(told.kk).toMatch(/Қор қабылдады: \d{4}/);
    expect(told.ru).toMatch(/Принято фондом /);
    expect(await notices(person)).toEqual([]);
  });

  test('waits while the fund accepts nothing, says so, and is reported once it has arrived', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    const receipt = await save(client, { apartment: '78' });
    server.behave('failing');
    expect(await deliver()).toBe(0);
    await service.database.run(sql`
      update cabinet.outbox set created_at = created_at - interval '16 minutes' where ${ofPerson(person)} and lane = 'fund'`);
    expect(await inBoth(client, receipt)).toEqual({
      kk: expect.stringContaining('өзгеріс кейін автоматты түрде жіберіледі'),
      ru: expect.stringContaining('изменение будет передано автоматически'),
    });
    server.behave('none');
    expect(await deliver()).toBe(1);
    const { mobilePhone, email } = person.requisites;
    expect((await notices(person)).sort()).toEqual(
      [`change-accepted ${email}`, `change-accepted ${mobilePhone}`].sort(),
    );
  });

  test.each(['cut-before', 'cut-after', 'twice', 'late-copy', 'later'] as const)(
    'takes effect once although the fund does this: %s',
    async (fault) => {
      const person = await enrolled();
      const client = await signedIn(service, person);
      await save(client, { apartment: '79' });
      server.behave(({ method }) => (method === 'PUT' ? fault : 'none'));
      await deliver();
      server.behave('none');
      await deliver();
      await save(client, { apartment: '80' });
      await deliver();
      expect(effectsOf(person).map(({ fields }) => fields)).toEqual([
        { apartment: '79' },
        { apartment: '80' },
      ]);
      expect(server.requisitesOf(person.iin)?.['apartment']).toBe('80');
    },
  );

  test('is asked about before it is sent again', async () => {
    const person = await enrolled();
    await save(await signedIn(service, person), { apartment: '81' });
    server.behave('cut-after');
    await deliver();
    server.behave('none');
    const before = server.requests.length;
    await deliver();
    expect(server.requests.slice(before).map(({ method }) => method)).toEqual(['GET']);
    expect(effectsOf(person)).toHaveLength(1);
  });

  test('waits for an earlier one of the same person, and for nobody else’s', async () => {
    const [stuck, other] = [await enrolled(), await enrolled()];
    const client = await signedIn(service, stuck);
    await save(client, { apartment: '1' });
    await save(client, { apartment: '2' });
    await save(await signedIn(service, other), { apartment: '3' });
    let failed = false;
    server.behave(({ method }) => {
      const first = method === 'PUT' && !failed;
      failed ||= first;
      return first ? 'failing' : 'none';
    });
    expect(await deliver()).toBe(1);
    expect(effectsOf(stuck)).toEqual([]);
    expect(effectsOf(other)).toHaveLength(1);
    await deliver();
    expect(effectsOf(stuck).map(({ fields }) => fields['apartment'])).toEqual(['1', '2']);
  });

  test('that the fund refuses is shown with the reason and what to do, and an operator queues it again', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    const receipt = await save(client, { apartment: '82', postcode: '010000' });
    server.refuse('value-not-accepted');
    expect(await deliver()).toBe(0);

    for (const path of [receipt, page]) {
      expect(await inBoth(client, path)).toEqual({
        kk: expect.stringContaining('Деректемелерді ашып, тексеріп, қайта сақтаңыз.'),
        ru: expect.stringContaining('Откройте реквизиты, проверьте и сохраните ещё раз.'),
      });
    }
    const { mobilePhone, email } = person.requisites;
    expect((await notices(person)).sort()).toEqual(
      [`change-refused ${email}`, `change-refused ${mobilePhone}`].sort(),
    );

    // Only fields that still have the value of the change are sent.
    server.refuse(undefined);
    await save(client, { postcode: '020000' });
    await deliver();
    const { database } = service;
    const number = receipt.split('/').at(-1) ?? '';
    expect(await findDeadChanges(database, 10)).toMatchObject([{ number, error: 'value-not-accepted' }]);
    expect(JSON.stringify(await findDeadChanges(database, 10))).not.toContain(person.iin);
    expect(await showDelivery(database, number, 'a call')).toMatchObject({
      iin: person.iin,
      fields: ['postcode', 'apartment'],
    });
    expect(await requeueChanges(database, [number, '000000000000'], 'the bus was mended')).toEqual([number]);
    await deliver();
    expect(effectsOf(person).map(({ fields }) => fields)).toEqual([
      { postcode: '020000' },
      { apartment: '82' },
    ]);
    expect(server.requisitesOf(person.iin)).toMatchObject({ apartment: '82', postcode: '020000' });
    expect((await inBoth(client, receipt)).kk).toMatch(/Қор қабылдады: \d{4}/);
    const history = await inBoth(client, '/history');
    expect(history.ru).toContain('Сотрудник фонда проверил передачу изменения в фонд');
    expect(history.ru).toContain('Причина: the bus was mended');
  });

  test('with no field left unchanged is not queued again', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    const receipt = await save(client, { apartment: '83' });
    server.refuse('other');
    await deliver();
    server.refuse(undefined);
    await save(client, { apartment: '84' });
    await deliver();
    const number = receipt.split('/').at(-1) ?? '';
    expect(await requeueChanges(service.database, [number], 'a try')).toEqual([]);
    expect(server.requisitesOf(person.iin)?.['apartment']).toBe('84');
  });
});

describe('a branch has changed the person in the meantime', () => {
  test('another field: both changes stay', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await save(client, { apartment: '90' });
    server.enrol({ ...person, requisites: { ...person.requisites, postcode: '030000' } });
    expect(await deliver()).toBe(1);
    expect(server.requisitesOf(person.iin)).toMatchObject({ apartment: '90', postcode: '030000' });
    const form = new Map(formOf((await client.get(page)).body, page));
    expect([form.get('apartment'), form.get('postcode')]).toEqual(['90', '030000']);
  });

  test('the same field: the branch’s value stays, and the person sees both and decides', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    const receipt = await save(client, { apartment: '91' });
    server.enrol({ ...person, requisites: { ...person.requisites, apartment: '19' } });
    expect(await deliver()).toBe(0);
    expect(effectsOf(person)).toEqual([]);
    expect(await inBoth(client, receipt)).toEqual({
      kk: expect.stringContaining('осы деректер БЖЗҚ бөлімшесінде өзгертілген'),
      ru: expect.stringContaining('эти же данные изменили в отделении ЕНПФ'),
    });
    expect(new Map(formOf((await client.get(page)).body, page)).get('apartment')).toBe('19');
    expect((await inBoth(client, receipt)).ru).toContain('91');
    await save(client, { apartment: '91' });
    expect(await deliver()).toBe(1);
    expect(server.requisitesOf(person.iin)?.['apartment']).toBe('91');
    expect((await inBoth(client, page)).ru).not.toContain('Фонд не принял');
  });

  test('a mobile: its waiting times and notices begin without a visit of the person', async () => {
    const person = await enrolled();
    await (await signedIn(service, person)).get(page);
    const parts = {
      fund,
      database: service.database,
      contactSettings: settings.contactSettings,
    };
    const fail = (error: Error) => {
      throw error;
    };
    await syncBranchChanges(parts, fail);
    const mobilePhone = '+77025550001';
    server.enrol({ ...person, requisites: { ...person.requisites, mobilePhone } });
    expect(await syncBranchChanges(parts, fail)).toBe(1);
    expect(await syncBranchChanges(parts, fail)).toBe(0);
    const { email, mobilePhone: former } = person.requisites;
    expect((await notices(person)).sort()).toEqual(
      [`contact-added ${mobilePhone}`, `contact-changed ${email}`, `contact-changed ${former}`].sort(),
    );
    const usable = await service.database.rows<{ value: string }>(sql`
      select value from cabinet.recovery_contact where ${ofPerson(person)} and channel = 'mobile'
        and usable_from <= now() and coalesce(usable_until, 'infinity') > now()`);
    expect(usable).toEqual([{ value: former }]);
  });

  test('while one worker reads changes, no other does', async () => {
    const { database } = service;
    expect(await leaseCursor(database)).toBeDefined();
    expect(await leaseCursor(database)).toBeUndefined();
    await service.database.run(sql`update cabinet.fund_feed set leased_until = now() - interval '1 second'`);
    expect(await leaseCursor(database)).toBeDefined();
    await moveCursor(database, null);
  });
});

test('an answer about another person: an error page, an alert, and nothing of either is shown or stored', async () => {
  const [person, other] = [await enrolled(), await enrolled()];
  const client = await signedIn(service, person);
  await client.get(page);
  const before = await service.database.rows(sql`select * from cabinet.fund_copy order by holder_id`);
  server.behave('wrong-person');
  const answer = await client.get(page);
  expect(answer.status).toBe(500);
  for (const one of [person, other]) {
    for (const mark of [one.iin, one.surname, one.requisites.email ?? '', one.accounts[0]?.number ?? '']) {
      expect(answer.body).not.toContain(mark);
    }
  }
  expect(await service.database.rows(sql`select * from cabinet.fund_copy order by holder_id`)).toEqual(
    before,
  );
  expect(
    await service.database.rows(
      sql`select kind from cabinet.alert where kind = 'fund-wrong-person' and ended_at is null`,
    ),
  ).toHaveLength(1);
});

test('an answer about another person that does not happen again ends its alert after a day', async () => {
  await service.database.run(sql`delete from cabinet.alert where kind = 'fund-wrong-person'`);
  await recordWrongPerson(service.database);
  await recordWrongPerson(service.database);
  const alerts = () =>
    service.database.rows<{ times: number; open: boolean }>(sql`
      select (detail ->> 'times')::int as times, ended_at is null as open from cabinet.alert
      where kind = 'fund-wrong-person' order by raised_at`);
  await endQuietAlerts(service.database);
  expect(await alerts()).toEqual([{ times: 2, open: true }]);
  const age = sql`update cabinet.alert set raised_at = raised_at - interval '25 hours',
    detail = detail || jsonb_build_object('lastAt', now() - interval '25 hours') where ended_at is null`;
  await service.database.run(age);
  await recordWrongPerson(service.database);
  await endQuietAlerts(service.database);
  expect(await alerts(), 'it came again').toEqual([{ times: 3, open: true }]);
  await service.database.run(age);
  await endQuietAlerts(service.database);
  expect(await alerts()).toEqual([{ times: 3, open: false }]);
});

describe('values that the fund has added', () => {
  afterEach(() => server.alter(undefined));

  type Row = Record<string, unknown>;
  /** Makes the fund answer with this difference from what it has about a person. */
  const give = ({ iin }: PersonLine, different: (holder: Row) => Row) =>
    server.alter(({ path, question, body }) =>
      path === '/holders/find' && (question as Row)['iin'] === iin
        ? { body: { ...(body as Row), ...different(body as Row) } }
        : undefined,
    );

  test('are shown as "other", cannot be chosen, and block nobody', async () => {
    const person = await enrolled();
    const [card] = person.documents;
    give(person, () => ({
      documents: [card, { ...card, id: 'new', type: 'digital-card', number: '777000111', issuedBy: null }],
      accounts: [{ kind: 'opx', number: '222222222222222222', notification: 'messenger' }],
    }));
    const client = await signedIn(service, person);
    const told = await inBoth(client, page);
    for (const one of ['Басқа құжат', '777000111', 'Басқа шот', '222222222222222222', 'Басқа тәсіл'])
      expect(told.kk).toContain(one);
    for (const one of ['Другой документ', 'Другим способом']) expect(told.ru).toContain(one);
    const form = new Map(formOf((await client.get(page)).body, page));
    expect(form.get('document')).toBe(card?.id);
    const chosen = formOf((await client.get(page)).body, page, { apartment: '5', document: 'new' });
    expect((await client.post(page, chosen)).status).toBe(422);
    await save(client, { apartment: '5' });
    const lines = service.logLines.filter((line) => line.includes('could not be read'));
    expect(lines.join()).toContain('documents[1].type: unknown');
    expect(lines.join()).not.toContain('digital-card');
    expect(await service.metrics.text()).toContain(
      'kabinet_fund_faults_total{fault="documents[].type: unknown"}',
    );
  });

  test.each<[string, (holder: Row) => Row]>([
    [
      'a document of a new type',
      ({ documents }) => ({ documents: [{ ...(documents as Row[])[0], type: 'new' }] }),
    ],
    ['a document that cannot be read', () => ({ documents: [{ id: 'd1' }] })],
    ['no list of documents', () => ({ documents: null })],
  ])('with no other document (%s): a change is saved without a document', async (_name, different) => {
    const person = await enrolled();
    give(person, different);
    const client = await signedIn(service, person);
    const receipt = await save(client, { apartment: '6' });
    expect((await client.get(`${receipt}.pdf`)).status).toBe(200);
  });

  test('a document without an expiry date can be chosen', async () => {
    const person = await enrolled();
    give(person, ({ documents }) => ({ documents: [{ ...(documents as Row[])[0], validUntil: null }] }));
    const client = await signedIn(service, person);
    expect((await inBoth(client, page)).ru).toContain('Не указан');
    await save(client, { apartment: '6' });
  });

  test('a new status: nobody can sign in, and the message has its own text', async () => {
    const person = await enrolled();
    const before = await signedIn(service, person);
    give(person, () => ({ status: 'moved-abroad' }));
    expect((await before.get(page)).headers['location']).toBe('/sign-in?ended=closed');
    const client = injectClient(service.server);
    const { body } = await client.get('/sign-in');
    const form = formOf(body, '/sign-in', { iin: person.iin, password: person.password ?? '' });
    const answer = await client.post('/sign-in', form);
    expect(answer.status).toBe(422);
    expect(visibleText(readPage(answer.body))).toContain(
      'Қор сіз туралы кабинетке белгісіз мәртебе хабарлады',
    );
    const wrong = await client.post(
      '/sign-in',
      [...form].map(([name, value]): [string, string] => [
        name,
        name === 'password' ? 'another word here' : value,
      ]),
    );
    expect(visibleText(readPage(wrong.body))).toContain('ЖСН немесе құпиясөз қате');
  });

  test('unreadable requisites: the values on file here stay, and no empty copy is made', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await client.get(page);
    give(person, () => ({ requisites: { address: 7 } }));
    const form = new Map(formOf((await client.get(page)).body, page));
    expect(form.get('address')).toBe(person.requisites.address);
    const newcomer = await enrolled();
    give(newcomer, () => ({ requisites: null }));
    const first = await signedIn(service, newcomer);
    expect((await first.get(page)).status).toBe(503);
    server.alter(undefined);
    expect(new Map(formOf((await first.get(page)).body, page)).get('address')).toBe(
      newcomer.requisites.address,
    );
  });
});

test.each(['blocked', 'deceased'] as const)(
  'a person who becomes %s is signed out politely, with the same words',
  async (status) => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    server.enrol({ ...person, status });
    const answer = await client.get(page);
    expect(answer.headers['location']).toBe('/sign-in?ended=closed');
    expect(await inBoth(client, '/sign-in?ended=closed')).toEqual({
      kk: expect.stringContaining('Кабинетке кіру жабық. 1418 нөміріне хабарласыңыз'),
      ru: expect.stringContaining('Вход в кабинет закрыт. Позвоните по номеру 1418'),
    });
    expect((await client.get('/history')).status).toBe(303);
  },
);

describe('the fund does not answer', () => {
  // The fund's breaker keeps its state too, so each of these tests has its own service.
  beforeEach(async () => {
    await service.close();
    service = await startService({ DEMO: '1', FUND_URL: server.url }, { work: false });
  });

  /** A person who was last here `hours` ago, at a fund that has been silent since. */
  async function silentFor(hours: number): Promise<{ person: PersonLine; client: Client }> {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await client.get(page);
    await service.database.run(sql`
      update cabinet.fund_copy set read_at = now() - make_interval(hours => ${hours}::int) where ${ofPerson(person)}`);
    server.behave('failing');
    return { person, client };
  }

  test('its last answer is shown with its time, and saving works', async () => {
    const { person, client } = await silentFor(2);
    const told = await inBoth(client, page);
    expect(told.kk).toMatch(/Қор мәліметінің уақыты: \d{4} ж\. /);
    expect(told.ru).toMatch(/Сведения фонда по состоянию на \d{1,2} \S+ \d{4} г\. в \d\d:\d\d/);
    expect(told.kk).toContain(person.documents[0]?.number);
    expect(told.kk).toContain(person.accounts[0]?.number);
    await save(client, { apartment: '95' });
    server.behave('none');
    await deliver();
    expect(server.requisitesOf(person.iin)?.['apartment']).toBe('95');
  });

  test('an answer that is too old is not shown, and saving still works', async () => {
    const { person, client } = await silentFor(73);
    const told = await inBoth(client, page);
    expect(told.kk).toContain('Құжаттар мен шоттар туралы мәлімет қазір қолжетімсіз');
    expect(told.ru).toContain('Сведения о документах и счетах сейчас недоступны');
    expect(told.kk).not.toContain(person.accounts[0]?.number);
    const receipt = await save(client, { apartment: '96' });
    expect((await client.get(`${receipt}.pdf`)).status).toBe(200);
    server.behave('none');
    await deliver();
    expect(server.requisitesOf(person.iin)?.['apartment']).toBe('96');
  });

  test('a person who was here recently may sign in, an unknown one may not and is told so', async () => {
    const [known, stranger] = [await enrolled(), await enrolled()];
    await signedIn(service, known);
    server.behave('failing');
    await signedIn(service, known);
    const attempt = async (language: string): Promise<Answered> => {
      const client = injectClient(service.server);
      const { body } = await client.get('/sign-in');
      const form = formOf(body, '/sign-in', { iin: stranger.iin, password: stranger.password ?? '' });
      return client.post('/sign-in', form, { cookie: cookies(client, language) });
    };
    const [kk, ru] = [await attempt('kk'), await attempt('ru')];
    expect([kk.status, kk.headers['retry-after']]).toEqual([503, '5']);
    expect(visibleText(readPage(kk.body))).toContain(
      'Қордың жүйесі қазір жауап бермей тұр, сондықтан кіру мүмкін емес',
    );
    expect(visibleText(readPage(ru.body))).toContain(
      'Система фонда сейчас не отвечает, поэтому войти нельзя',
    );
    expect(kk.body).toContain(stranger.iin);
  });

  test('a node stays ready', async () => {
    server.behave('failing');
    const client = injectClient(service.server);
    expect((await client.get('/health/ready')).status).toBe(200);
  });
});
