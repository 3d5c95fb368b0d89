import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FundServer, startFundServer } from '../../../test/support/fund-server.ts';
import { inventPerson, type PersonLine } from '../../../test/support/people.ts';
import { startService, type TestService } from '../../../test/support/service.ts';
import { formOf, signedIn } from '../../../test/support/signed-in.ts';
import { createHttpFund } from '../../fund/http/http.ts';
import { dispatchDue } from '../../platform/outbox/dispatcher.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { codeOf } from '../codes/code.ts';
import { consumeCode } from '../codes/consume.ts';
import { renewCode } from '../codes/store.ts';
import { contactHash } from './contact-hash.ts';
import { confirmationQueue } from './queue.ts';
import { type ContactChannel, markContact } from './store.ts';

// "Is this still right?": when it is asked, and what an answer does.

const question = 'Деректеріңіз әлі дұрыс па?';
const action = '/services/confirm';

let service: TestService;
let server: FundServer;
let person: PersonLine;
let holderId: string;
let number = 5_300;

beforeAll(async () => {
  server = await startFundServer();
  service = await startService({ FUND_URL: server.url }, { work: false });
});

afterAll(async () => {
  await service.close();
  await server.close();
});

afterEach(() => service.database.run(sql`delete from cabinet.outbox`));

/** A person who came long ago for the first time. */
async function enrol(): Promise<void> {
  number += 1;
  person = inventPerson(number);
  server.enrol(person);
  await service.enrol(person);
  await (await signedIn(service, person)).get('/services');
  const row = await service.database.first<{ holderId: string }>(sql`
    update cabinet.requisites set updated_at = now() - interval '3 years'
    where holder_id = (select holder_id from cabinet.holder where iin = ${person.iin})
    returning holder_id as "holderId"`);
  holderId = row?.holderId ?? '';
}

const isAsked = async (client: Awaited<ReturnType<typeof signedIn>>) =>
  (await client.get('/services')).body.includes(question);

const asked = async () => isAsked(await signedIn(service, person));

const confirmedAgo = (interval: string) =>
  service.database.run(sql`
    update cabinet.requisites set confirmed_at = now() - ${interval}::interval where holder_id = ${holderId}`);

const onFileOf = (channel: ContactChannel) => {
  const { mobilePhone, email, address, apartment, postcode } = person.requisites;
  return { mobile: mobilePhone, email, post: [address, apartment, postcode].join('\n') }[channel] ?? '';
};

const mark = (channel: ContactChannel, value = onFileOf(channel)) =>
  markContact(
    service.database,
    { holderId, channel, hash: contactHash(value) },
    channel === 'post' ? 'returned' : 'undelivered',
  );

const state = () =>
  service.database.rows<{ channel: string; marked: boolean; proved: boolean }>(sql`
    select channel, marked_at is not null as marked, proved_at is not null as proved
    from cabinet.contact_state where holder_id = ${holderId} order by channel`);

describe('it is asked', () => {
  test('not at the first visit, then once in a session, and again in the next one while it is not answered', async () => {
    number += 1;
    person = inventPerson(number);
    server.enrol(person);
    await service.enrol(person);
    const first = await signedIn(service, person);
    expect([await isAsked(first), await isAsked(first)]).toEqual([false, false]);
    const second = await signedIn(service, person);
    expect([await isAsked(second), await isAsked(second)]).toEqual([true, false]);
    expect(await asked()).toBe(true);
  });

  test('in one of two tabs that open at once', async () => {
    await enrol();
    const client = await signedIn(service, person);
    const both = await Promise.all([isAsked(client), isAsked(client)]);
    expect(both.sort()).toEqual([false, true]);
  });

  test.each([
    ['364 days', false],
    ['367 days', true],
  ])('%s after a confirmation: %s', async (ago, expected) => {
    await enrol();
    await confirmedAgo(ago);
    expect(await asked()).toBe(expected);
  });

  test('a year after a confirmation on a leap day', async () => {
    await enrol();
    await service.database.run(
      sql`update cabinet.requisites set confirmed_at = '2024-02-29T12:00Z' where holder_id = ${holderId}`,
    );
    expect(await asked()).toBe(true);
  });

  test('not within a year of a change, and not in a session that only reads', async () => {
    await enrol();
    const restricted = await signedIn(service, person);
    await service.database.run(
      sql`update cabinet.session set restricted = 'phone' where holder_id = ${holderId}`,
    );
    expect(await isAsked(restricted)).toBe(false);
    const client = await signedIn(service, person);
    const page = await client.get('/services/requisites');
    const form = formOf(page.body, '/services/requisites', { apartment: '99' });
    expect((await client.post('/services/requisites', form)).status).toBe(303);
    await service.database.run(
      sql`update cabinet.requisites set updated_at = now() - interval '2 days' where holder_id = ${holderId}`,
    );
    expect(await asked()).toBe(false);
  });

  test.each(['mobile', 'email', 'post'] as const)(
    'after something to the %s came back, in words',
    async (channel) => {
      await enrol();
      await confirmedAgo('1 day');
      expect(await asked()).toBe(false);
      await mark(channel);
      await mark(channel);
      const page = await (await signedIn(service, person)).get('/services');
      expect(page.body).toContain(question);
      const words = { mobile: 'SMS жеткізілмеді', email: 'хат жеткізілмеді', post: 'хат қайтып келді' };
      for (const [of, text] of Object.entries(words)) expect(page.body.includes(text)).toBe(of === channel);
      for (const value of [person.requisites.mobilePhone, person.requisites.email])
        expect(page.body).not.toContain(value);
      const events = await service.database.rows(
        sql`select from cabinet.security_event where holder_id = ${holderId} and kind = 'contact-marked'`,
      );
      expect(events).toHaveLength(1);
    },
  );

  test('not about a contact that is no longer on file', async () => {
    await enrol();
    await confirmedAgo('1 day');
    await mark('mobile', '+77015559999');
    expect(await state()).toEqual([]);
    await mark('email');
    await service.database.run(
      sql`update cabinet.requisites set email = 'zhana@example.kz' where holder_id = ${holderId}`,
    );
    expect(await asked()).toBe(false);
  });
});

describe('"Yes, all of it"', () => {
  const press = async (revision?: string) => {
    const client = await signedIn(service, person);
    const page = await client.get('/services');
    const form = formOf(page.body, action, revision === undefined ? {} : { revision });
    return { client, answer: await client.post(action, form) };
  };

  test('is remembered with its date, ends the marks, and goes to the fund', async () => {
    await enrol();
    await mark('email');
    await mark('post');
    const { client, answer } = await press();
    expect([answer.status, answer.headers['location']]).toEqual([303, '/services?confirmed=1']);
    expect((await client.get('/services')).body).toContain('Расталған күні');
    expect(await state()).toEqual([
      { channel: 'email', marked: false, proved: false },
      { channel: 'post', marked: false, proved: false },
    ]);
    expect(await asked()).toBe(false);
    const kinds = await service.database.rows<{ kind: string }>(sql`
      select kind from cabinet.security_event
      where holder_id = ${holderId} and kind like 'contact%' order by event_id`);
    expect(kinds.map(({ kind }) => kind)).toEqual(['contact-marked', 'contact-marked', 'contacts-confirmed']);

    const fund = createHttpFund({ url: new URL(server.url), atOnce: 1 });
    expect(await dispatchDue(service.database, confirmationQueue({ fund }))).toBe(1);
    await fund.close();
    const stored = await service.database.first<{ at: Date }>(
      sql`select confirmed_at as at from cabinet.requisites where holder_id = ${holderId}`,
    );
    expect(new Date(server.confirmations.get(person.iin) ?? 0)).toEqual(stored?.at);
    expect(await service.database.rows(sql`select from cabinet.outbox where lane = 'confirmation'`)).toEqual(
      [],
    );
  });

  test('says nothing about what has changed since', async () => {
    await enrol();
    const { answer } = await press('0');
    expect([answer.status, answer.headers['location']]).toEqual([303, '/services']);
    expect(await service.database.rows(sql`select from cabinet.outbox where lane = 'confirmation'`)).toEqual(
      [],
    );
    const row = await service.database.first(
      sql`select confirmed_at as at from cabinet.requisites where holder_id = ${holderId}`,
    );
    expect(row).toEqual({ at: null });
  });

  test('is not taken in a session that only reads', async () => {
    await enrol();
    const client = await signedIn(service, person);
    const form = formOf((await client.get('/services')).body, action);
    await service.database.run(
      sql`update cabinet.session set restricted = 'phone' where holder_id = ${holderId}`,
    );
    const answer = await client.post(action, form);
    expect([answer.status, String(answer.headers['location'])]).toEqual([
      303,
      expect.stringMatching(/^\/security\/prove/),
    ]);
    const row = await service.database.first(
      sql`select confirmed_at as at from cabinet.requisites where holder_id = ${holderId}`,
    );
    expect(row).toEqual({ at: null });
  });
});

test.each(['mobile', 'email'] as const)(
  'a code that was sent to the %s proves it and ends its mark',
  async (channel) => {
    await enrol();
    await mark(channel);
    const issued = await renewCode(
      service.database,
      { holderId, purpose: 'recover', channel, destination: onFileOf(channel), changeId: null },
      10,
      5,
    );
    const { keys, database } = service;
    expect((await consumeCode({ keys, database }, issued, ['wrong'])).ok).toBe(false);
    expect(await state()).toEqual([{ channel, marked: true, proved: false }]);
    expect((await consumeCode({ keys, database }, issued, [codeOf(keys, issued)])).ok).toBe(true);
    expect(await state()).toEqual([{ channel, marked: false, proved: true }]);
    expect((await consumeCode({ keys, database }, issued, [codeOf(keys, issued)])).ok).toBe(false);
  },
);
