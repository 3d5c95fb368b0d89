import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { requeueChanges } from '../../src/features/changes/delivery-store.ts';
import { fundQueue } from '../../src/features/changes/queue.ts';
import { sealAll, verifyAudit } from '../../src/features/operations/audit.ts';
import { keepReceiptLog } from '../../src/features/receipt-log/log.ts';
import { createReceiptSealer } from '../../src/features/receipt-seal/sealer.ts';
import { createEmbeddedFund } from '../../src/fund/embedded/embedded-fund-store.ts';
import { createHttpFund } from '../../src/fund/http/http.ts';
import { dispatchDue } from '../../src/platform/outbox/dispatcher.ts';
import { type Sql, sql } from '../../src/platform/postgres/sql.ts';
import { root } from '../../src/platform/root.ts';
import type { Client } from '../support/client.ts';
import { type FundServer, startFundServer } from '../support/fund-server.ts';
import { kabinet, urlOf } from '../support/kabinet.ts';
import { readPage, visibleText } from '../support/page.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { receiptKey, startService, type TestService } from '../support/service.ts';
import { settings } from '../support/settings.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// The database loses what was acknowledged and what the fund already has, as after a failover that
// went wrong. Everything comes back with a new number, once, and only on the operator's word.

let service: TestService;
let server: FundServer;
let people = 7_300;

beforeAll(async () => {
  server = await startFundServer();
  service = await startService({ FUND_URL: server.url }, { work: false });
});

beforeEach(() => server.alter(undefined));

afterAll(async () => {
  await service.close();
  await server.close();
});

const page = '/services/requisites';
const today = () => new Date().toISOString().slice(0, 10);

async function enrolled(different: Partial<PersonLine> = {}): Promise<PersonLine> {
  people += 1;
  const person = inventPerson(people, different);
  server.enrol(person);
  await service.enrol(person);
  return person;
}

async function save(client: Client, values: Readonly<Record<string, string>>): Promise<string> {
  const answer = await client.post(page, formOf((await client.get(page)).body, page, values));
  expect(answer.status).toBe(303);
  return String(answer.headers['location']).slice('/receipts/'.length, '/receipts/'.length + 12);
}

/** Delivers what waits for the fund. */
async function deliver(): Promise<void> {
  const fund = createHttpFund({ url: new URL(server.url), atOnce: 2 });
  const deps = { fund, database: service.database, contactSettings: settings.contactSettings };
  await service.database.run(
    sql`update cabinet.outbox set next_attempt_at = now(), leased_until = null where lane = 'fund'`,
  );
  await dispatchDue(service.database, fundQueue(deps));
  await fund.close();
}

/** What a person has here, but for what they saved before: the state that comes back after a loss. */
async function stateOf({ iin }: PersonLine): Promise<() => Promise<void>> {
  const holder = sql`(select holder_id from cabinet.holder where iin = ${iin})`;
  const before = await service.database.first<{ row: object; at: Date }>(sql`
    select to_jsonb(r) as row, clock_timestamp() as at from cabinet.requisites r where holder_id = ${holder}`);
  return () =>
    service.database.transaction(async (tx) => {
      for (const table of ['change', 'security_event'])
        await tx.run({ text: `alter table cabinet.${table} disable trigger user`, values: [] });
      const lost = sql`holder_id = ${holder} and made_at > ${before?.at}`;
      const statements: readonly Sql[] = [
        sql`delete from cabinet.receipt_leaf where change_id in (select change_id from cabinet.change where ${lost})`,
        sql`delete from cabinet.outbox where change_id in (select change_id from cabinet.change where ${lost})`,
        sql`delete from cabinet.change where ${lost}`,
        sql`delete from cabinet.security_event where ${lost} and kind = 'requisites-saved'`,
        sql`delete from cabinet.requisites where holder_id = ${holder}`,
        sql`insert into cabinet.requisites select * from jsonb_populate_record(null::cabinet.requisites, ${JSON.stringify(before?.row)}::jsonb)`,
      ];
      for (const statement of statements) await tx.run(statement);
      for (const table of ['change', 'security_event'])
        await tx.run({ text: `alter table cabinet.${table} enable trigger user`, values: [] });
    });
}

const reconcile = (...more: readonly string[]) =>
  kabinet(service.connection, ['changes', 'reconcile', '--from', today(), ...more], { FUND_URL: server.url });

const word = ['--restore', '--reason', 'істен шығу', '--yes'];

async function count(table: string): Promise<number> {
  const row = await service.database.first<{ n: number }>({
    text: `select count(*) as n from cabinet.${table}`,
    values: [],
  });
  return row?.n ?? 0;
}

async function rows(): Promise<readonly number[]> {
  return Promise.all(['change', 'security_event', 'outbox', 'restored_change'].map(count));
}

const textOf = async (client: Client, path: string) => visibleText(readPage((await client.get(path)).body));

test('a lost save is listed, and recorded only on the operator’s word, once', async () => {
  const person = await enrolled();
  const client = await signedIn(service, person);
  await client.get(page);
  const lose = await stateOf(person);
  const number = await save(client, { apartment: '77', postcode: 'X10A0A0' });
  await deliver();
  expect(server.requisitesOf(person.iin)).toMatchObject({ apartment: '77' });
  await lose();
  expect(await textOf(client, '/history')).not.toContain('77');
  expect((await client.get(`/receipts/${number}`)).status).toBe(404);

  const before = await rows();
  const listed = await reconcile();
  expect(listed).toMatchObject({ code: 0, err: '' });
  expect(listed.out).toContain('the fund lists 1 changes; 1 are missing here');
  expect(listed.out).toMatch(/^[0-9a-f-]{36} .*apartment, postcode$/m);
  expect(listed.out).not.toContain(person.iin);
  expect(listed.out).not.toContain('X10A0A0');
  expect((await reconcile('--restore')).err).toContain('--reason');
  const unasked = await reconcile('--restore', '--reason', 'істен шығу');
  expect(unasked.code).toBe(1);
  expect(unasked.err).toContain('say --yes');
  expect(await rows()).toEqual(before);

  const restored = await reconcile(...word);
  expect(restored).toMatchObject({ code: 0, err: '' });
  const again = /recorded as ([0-9A-Z]{12})/.exec(restored.out)?.[1] ?? '';
  expect(again).not.toBe(number);

  const history = await textOf(client, '/history');
  expect(history).toContain('Өзгеріс қордың деректері бойынша қалпына келтірілді');
  expect(history).toContain('77');
  expect(history).toContain(again);
  expect(history).toContain('Қор қызметкері өзгерісті қордың деректері бойынша қалпына келтірді');
  expect(history).toContain('істен шығу');
  const receipt = await textOf(client, `/receipts/${again}`);
  expect(receipt).toContain('Алғаш жасалған уақыты');
  expect(receipt).toContain('Қор қабылдады');
  expect(await textOf(client, page)).not.toContain('қабылдамады');
  expect((await client.get(page)).body).toContain('value="X10A0A0"');
  const told = await service.database.rows<{ to: string }>(sql`
    select payload ->> 'to' as "to" from cabinet.outbox where payload ->> 'kind' = 'change-restored'`);
  expect(told.map(({ to }) => to).sort()).toEqual(
    [person.requisites.email, person.requisites.mobilePhone].sort(),
  );

  const after = await rows();
  const twice = await reconcile(...word);
  expect(twice).toMatchObject({ code: 0, err: '' });
  expect(twice.out).toContain('0 are missing here');
  expect(await rows()).toEqual(after);
});

test('what is recorded again is sealed and in the log of receipts', async () => {
  await sealAll(service.database, service.keys);
  expect(await verifyAudit(service.database, service.keys)).toMatchObject({ ok: true });
  await keepReceiptLog({ database: service.database, receiptSealer: createReceiptSealer([receiptKey]) });
  const row = await service.database.first<{ without: number }>(sql`
    select count(*) as without from cabinet.change c left join cabinet.receipt_leaf l using (change_id)
    where proof = 'restored' and l.change_id is null`);
  expect(row?.without).toBe(0);
});

test('a value that was changed since stays, and that change reaches the fund after all', async () => {
  const person = await enrolled();
  const client = await signedIn(service, person);
  await client.get(page);
  const lose = await stateOf(person);
  await save(client, { apartment: '1' });
  await deliver();
  await service.database.run(sql`
    select setval('cabinet.outbox_outbox_id_seq', (select max(outbox_id) + 500 from cabinet.outbox))`);
  await save(client, { apartment: '2', postcode: 'X10A0A0' });
  await deliver();
  await lose();
  // The sequence goes back with the rows, so the fund has seen this number before.
  await service.database.run(sql`
    select setval('cabinet.outbox_outbox_id_seq', (select max(outbox_id) from cabinet.outbox))`);
  const later = await save(client, { apartment: '3' });
  await deliver();
  expect(server.requisitesOf(person.iin)).toMatchObject({ apartment: '2' });

  expect((await reconcile('--holder', person.iin)).out).toContain('2 changes; 2 are missing');
  expect((await reconcile('--holder', person.iin, ...word)).code).toBe(0);
  const changes = await service.database.rows<{ entries: unknown }>(sql`
    select entries from cabinet.change c join cabinet.holder h using (holder_id)
      left join cabinet.restored_change r using (change_id)
    where iin = ${person.iin} order by coalesce(r.made_at, c.made_at)`);
  const { apartment, postcode } = person.requisites;
  expect(changes.map(({ entries }) => entries)).toEqual([
    [{ field: 'apartment', old: apartment, new: '1' }],
    [
      { field: 'apartment', old: apartment, new: '2' },
      { field: 'postcode', old: postcode, new: 'X10A0A0' },
    ],
    [{ field: 'apartment', old: apartment, new: '3' }],
  ]);
  const form = await client.get(page);
  expect(form.body).toContain('value="X10A0A0"');
  expect(form.body).toContain('value="3"');

  expect(await requeueChanges(service.database, [later], 'a test')).toEqual([later]);
  await deliver();
  expect(server.requisitesOf(person.iin)).toMatchObject({ apartment: '3', postcode: 'X10A0A0' });
});

test('two lost changes of one field come back in their order', async () => {
  const person = await enrolled();
  const client = await signedIn(service, person);
  await client.get(page);
  const lose = await stateOf(person);
  for (const apartment of ['11', '12']) {
    await save(client, { apartment });
    await deliver();
  }
  await lose();
  expect((await reconcile('--holder', person.iin, ...word)).out).toContain('2 recorded');
  const changes = await service.database.rows(sql`
    select c.revision, entries -> 0 ->> 'old' as old, entries -> 0 ->> 'new' as new
    from cabinet.change c join cabinet.holder h using (holder_id) where iin = ${person.iin} order by c.revision`);
  expect(changes).toEqual([
    { revision: 2, old: person.requisites.apartment, new: '11' },
    { revision: 3, old: '11', new: '12' },
  ]);
  expect((await client.get(page)).body).toContain('value="12"');
});

test('a mobile that comes back waits like a new one, and the former one is told', async () => {
  const person = await enrolled();
  const client = await signedIn(service, person);
  await client.get(page);
  const mobilePhone = '+77015550199';
  const fund = createHttpFund({ url: new URL(server.url), atOnce: 2 });
  const change = {
    iin: person.iin as never,
    fields: { mobilePhone },
    sequence: 1_000_000,
    expectedVersion: 0,
  };
  await fund.apply({ ...change, changeId: crypto.randomUUID(), madeAt: new Date() });
  await fund.close();
  expect((await reconcile('--holder', person.iin, ...word)).code).toBe(0);
  const state = await service.database.first(sql`
    select mobile_phone = ${mobilePhone} as set, contact_changed as changed,
      array(select value || case when usable_from > now() then ' waits' else '' end from cabinet.recovery_contact c
            where c.holder_id = r.holder_id and channel = 'mobile' order by usable_from) as recovery,
      array(select payload ->> 'to' from cabinet.outbox o where o.holder_id = r.holder_id
            and payload ->> 'kind' = 'contact-changed' order by 1) as told
    from cabinet.requisites r join cabinet.holder h using (holder_id) where iin = ${person.iin}`);
  expect(state).toEqual({
    set: true,
    changed: 'mobile',
    recovery: [person.requisites.mobilePhone, `${mobilePhone} waits`],
    told: [person.requisites.mobilePhone, person.requisites.email].sort(),
  });
});

test('a person who was lost as a whole comes back with the change', async () => {
  const person = await enrolled();
  const fund = createHttpFund({ url: new URL(server.url), atOnce: 2 });
  const change = { iin: person.iin as never, fields: { apartment: '9' }, sequence: 5, expectedVersion: 0 };
  await fund.apply({ ...change, changeId: crypto.randomUUID(), madeAt: new Date() });
  await fund.close();
  expect((await reconcile('--holder', person.iin, ...word)).out).toContain('1 recorded');
  const row = await service.database.first(sql`
    select apartment, (select count(*) from cabinet.change c where c.holder_id = r.holder_id) as changes
    from cabinet.requisites r join cabinet.holder h using (holder_id) where iin = ${person.iin}`);
  expect(row).toEqual({ apartment: '9', changes: 1 });
});

test('a row that cannot be read is counted, and a fund without the list is named', async () => {
  server.alter(({ path, body }) => {
    if (path !== '/changes-applied') return undefined;
    const { changes } = body as { changes: object[] };
    return { body: { changes: [{ ...changes[0], fields: { apartment: 7 } }], cursor: null } };
  });
  expect((await reconcile()).out).toContain('1 changes, 1 of them unreadable; 0 are missing');
  server.alter(({ path }) => (path === '/changes-applied' ? { status: 404, body: {} } : undefined));
  const without = await reconcile();
  expect(without.code).toBe(1);
  expect(without.err).toContain('no list of applied changes');
});

test('days are read as such', async () => {
  expect((await reconcile('--to', '2026-02-30')).err).toContain('not a day');
  expect((await reconcile('--to', '2020-01-01')).err).toContain('is before');
});

/** Runs the command at a terminal, which `script` provides, and types a word when it asks. */
function atTerminal(typed: string): Promise<string> {
  const command = `${process.execPath} ${join(root, 'bin/kabinet.js')} changes reconcile --from ${today()} --restore --reason x`;
  const env = {
    ...{ PATH: process.env['PATH'], DATABASE_URL: urlOf(service.connection), SECRET_KEYS: 'k'.repeat(32) },
    ...{ DEMO: '1', FUND_URL: server.url },
  };
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qec', command, '/dev/null'], { env });
    let out = '';
    let asked = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (asked || !out.includes('Type yes')) return;
      asked = true;
      child.stdin.write(`${typed}\n`);
    });
    child.on('error', reject);
    child.on('close', () => resolve(out));
  });
}

test.skipIf(spawnSync('script', ['--version']).status !== 0)(
  'at a terminal the operator is asked, and only yes counts',
  async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await client.get(page);
    const lose = await stateOf(person);
    await save(client, { apartment: '55' });
    await deliver();
    await lose();
    const before = await rows();
    expect(await atTerminal('y')).toContain('nothing was recorded');
    expect(await rows()).toEqual(before);
    expect(await atTerminal('yes')).toContain('1 recorded');
    expect(await textOf(client, '/history')).toContain('55');
  },
);

test('the embedded fund has the list, too', async () => {
  const own = await startService({}, { work: false });
  try {
    const person = inventPerson(7_399);
    await own.enrol(person);
    const client = await signedIn(own, person);
    const answer = await client.post(page, formOf((await client.get(page)).body, page, { apartment: '8' }));
    expect(answer.status).toBe(303);
    const fund = createEmbeddedFund(own.database);
    await dispatchDue(
      own.database,
      fundQueue({ fund, database: own.database, contactSettings: settings.contactSettings }),
    );
    const found = await fund.appliedChanges({ day: today() }, null, 1);
    expect(found?.changes).toMatchObject([{ iin: person.iin, fields: { apartment: '8' } }]);
    const madeAt = await own.database.first<{ at: Date }>(sql`select made_at as at from cabinet.change`);
    expect(found?.changes[0]?.madeAt).toEqual(madeAt?.at);
    expect(await fund.appliedChanges({ day: today() }, found?.cursor ?? null, 1)).toMatchObject({
      changes: [],
      cursor: null,
    });
    expect((await fund.appliedChanges({ day: '2020-01-01' }, null, 1))?.changes).toEqual([]);
  } finally {
    await own.close();
  }
});
