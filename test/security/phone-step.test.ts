import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBackUrl, type PhoneRun } from '../../packages/egov-mobile-double/src/index.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { kk } from '../../src/texts/kk.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { openTestNca, type TestNca } from '../support/eds.ts';
import { readPage, submissions } from '../support/page.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import {
  browserAt,
  codeOn,
  cookiesOf,
  digitsOf,
  enterPhone,
  type ListeningService,
  phonePath,
  playCode,
} from '../support/phone-visitor.ts';
import { startService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';
import {
  appCode,
  giveApp,
  leadsTo,
  seen,
  sendPassword,
  sendStep,
  stepPath,
} from '../support/step-visitor.ts';

// A signature with a phone as the second step after a password. Whoever has the password has
// nothing by it, not even where they make its holder sign for them.

const byPhone = `${stepPath}/phone`;

let nca: TestNca;
let at: ListeningService;
let people = 9_700;

beforeAll(async () => {
  nca = openTestNca();
  const service = await startService({ ...nca.environment, SECOND_STEP: 'required' });
  at = { service, origin: await service.listen() };
});

afterAll(async () => {
  await at.service.close();
  nca.close();
});

/** A browser in which the password was right, and in which the person may have been before. */
async function afterPassword(person: PersonLine, known: Iterable<readonly [string, string]> = []) {
  const client = injectClient(at.service.server, at.origin, known);
  expect(leadsTo(await sendPassword(client, person))).toBe(stepPath);
  return client;
}

/** Somebody with an app as their second step, and the mark of a browser that knows them. */
async function withApp(different: Partial<PersonLine> = {}) {
  people += 1;
  const person = inventPerson(people, different);
  await at.service.enrol(person);
  const secret = await giveApp(at.service, person);
  const client = await afterPassword(person);
  expect(leadsTo(await sendStep(client, appCode(secret)))).toBe('/services');
  const known = [...client.cookies].filter(([name]) => name === 'device');
  return { person, key: nca.key(person), known };
}

/** Asks a phone for the step, and returns the page with the code. */
async function askPhone(client: Client): Promise<string> {
  const page = await client.get(stepPath);
  expect(leadsTo(await client.post(byPhone, formOf(page.body, byPhone)))).toBe(phonePath);
  return (await client.get(phonePath)).body;
}

/** The one session of this person that is in force, as the table knows it. */
async function sessionOf(person: PersonLine) {
  return at.service.database.rows(sql`
    select method, step, restricted from cabinet.session join cabinet.holder using (holder_id)
    where iin = ${person.iin} and ended_at is null order by session.started_at desc limit 1`);
}

describe('the person whose password was right', () => {
  test('in a browser that knows them, with the digits of the phone: a whole session', async () => {
    const { person, key, known } = await withApp();
    const client = await afterPassword(person, known);
    const run = await playCode(codeOn(await askPhone(client)), key);
    expect(leadsTo(await enterPhone(client, await digitsOf(run)))).toBe('/services');
    expect(await sessionOf(person)).toEqual([{ method: 'password', step: 'phone', restricted: null }]);
    expect([client.cookies.has('step'), client.cookies.has('phone')]).toEqual([false, false]);
  });

  test('on the same phone, led back to its browser: a whole session, once', async () => {
    const { person, key, known } = await withApp();
    const client = await afterPassword(person, known);
    const run = await playCode(codeOn(await askPhone(client)), key);
    const back = await openBackUrl(run.backUrl ?? '', { cookies: cookiesOf(client) });
    expect([back.status, leadsTo(await enterByReturn(client, run))]).toEqual([200, '/services']);
    expect(await sessionOf(person)).toEqual([{ method: 'password', step: 'phone', restricted: null }]);
  });

  test('without a mobile, the phone is the step: nobody is sent to a branch', async () => {
    people += 1;
    const invented = inventPerson(people);
    const person = { ...invented, requisites: { ...invented.requisites, mobilePhone: '' } };
    await at.service.enrol(person);
    const client = await afterPassword(person);
    const page = await client.get(stepPath);
    expect(submissions(readPage(page.body)).map(({ action }) => action)).not.toContain(stepPath);
    await playCode(codeOn(await askPhone(client)), nca.key(person));
    expect(leadsTo(await enterPhone(client))).toBe('/services');
  });

  test('who changes their mind takes another step', async () => {
    const { person, known } = await withApp();
    const client = await afterPassword(person, known);
    expect(readPage(await askPhone(client)).querySelector(`a[href="${stepPath}"]`)).not.toBeNull();
    expect((await client.get(stepPath)).status).toBe(200);
  });
});

describe('whoever has only the password', () => {
  test('gets nothing by a signature of their own', async () => {
    const { person } = await withApp();
    const other = await withApp();
    const client = await afterPassword(person);
    const run = await playCode(codeOn(await askPhone(client)), other.key);
    expect([run.outcome, run.calls.at(-1)?.status]).toEqual(['refused', 403]);
    expect(seen(await client.get(phonePath))).toContain(kk.eds.reasons.otherPerson);
    const csrf = formOf((await client.get(stepPath)).body, byPhone).slice(0, 1);
    await client.post(`${phonePath}/enter`, [...csrf, ['action', 'read']]);
    expect((await client.get('/services')).status).toBe(303);
    expect(client.cookies.has('session')).toBe(false);
  });

  test('only reads, when its holder signs for them, and has no mark of the browser', async () => {
    const { person, key } = await withApp();
    const client = await afterPassword(person);
    await playCode(codeOn(await askPhone(client)), key);
    await enterPhone(client);
    expect(await sessionOf(person)).toEqual([{ method: 'password', step: 'phone', restricted: 'phone' }]);
    expect(client.cookies.has('device')).toBe(false);
    expect((await client.get('/security/password')).headers['location']).toContain('/security/prove');
  });

  test('only reads in a browser that knows the holder, too, unless the phone has led back', async () => {
    const { person, key, known } = await withApp();
    const client = await afterPassword(person, known);
    await playCode(codeOn(await askPhone(client)), key);
    await enterPhone(client);
    expect(await sessionOf(person)).toEqual([{ method: 'password', step: 'phone', restricted: 'phone' }]);
  });

  test('the digits of a stopped sign-in open nothing', async () => {
    const { person, key, known } = await withApp();
    const client = await afterPassword(person, known);
    const run = await playCode(codeOn(await askPhone(client)), key);
    await (await openBackUrl(run.backUrl ?? '')).press();
    expect(seen(await client.get(phonePath))).toContain(kk.phone.stopped);
    expect((await client.get('/services')).status).toBe(303);
  });
});

describe('the sign-in that waits', () => {
  test('is needed: without a password there is no step', async () => {
    const client = browserAt(at);
    const csrf = formOf((await client.get('/')).body, phonePath).slice(0, 1);
    expect(leadsTo(await client.post(byPhone, csrf))).toBe('/sign-in?ended=step');
    expect(client.cookies.has('phone')).toBe(false);
  });

  test('a change of the password ends it, whatever the phone has signed', async () => {
    const { person, key, known } = await withApp();
    const client = await afterPassword(person, known);
    const run = await playCode(codeOn(await askPhone(client)), key);
    const digits = await digitsOf(run);
    await at.service.database.run(sql`
      delete from cabinet.sign_in_step where holder_id = (
        select holder_id from cabinet.holder where iin = ${person.iin})`);
    expect(leadsTo(await enterPhone(client, digits))).toBe(phonePath);
    expect((await client.get('/services')).status).toBe(303);
  });

  test('opens one session, however many enter at once', async () => {
    const { person, key, known } = await withApp();
    const client = await afterPassword(person, known);
    const run = await playCode(codeOn(await askPhone(client)), key);
    const code = await digitsOf(run);
    const path = `${phonePath}/enter`;
    const fields = formOf((await client.get(phonePath)).body, path, { code });
    const copies = Array.from({ length: 5 }, () =>
      injectClient(at.service.server, at.origin, client.cookies),
    );
    const answers = await Promise.all(copies.map((copy) => copy.post(path, fields)));
    expect(answers.filter((answer) => leadsTo(answer) === '/services')).toHaveLength(1);
    const rows = await at.service.database.rows(sql`
      select from cabinet.session join cabinet.holder using (holder_id)
      where iin = ${person.iin} and step = 'phone'`);
    expect(rows).toHaveLength(1);
  });
});

/** The browser that began opens the address to which the phone leads, and presses its button. */
async function enterByReturn(client: Client, run: PhoneRun): Promise<Answered> {
  const path = new URL(run.backUrl ?? '').pathname;
  const page = await client.get(path);
  return client.post(path, formOf(page.body, path));
}
