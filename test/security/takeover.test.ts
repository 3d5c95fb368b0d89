import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/features/codes/code.ts';
import type { IssuedCode } from '../../src/features/codes/store.ts';
import { disavowalPath } from '../../src/features/disavowal/link.ts';
import { unfreeze } from '../../src/features/disavowal/unfreeze.ts';
import type { CodePurpose, MessagePayload } from '../../src/features/notices/payload.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { kk } from '../../src/texts/kk.ts';
import { parseIin } from '../../src/values/iin.ts';
import { codesTo, codeTo } from '../journeys/journey.ts';
import { type OpenWorld, openWorld } from '../journeys/world.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { injectVisitor } from '../support/inject-visitor.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Ways to take over an account through mobile and e-mail. Each is refused at its step. The names B1
// to B11 come from the list of threats.

const form = '/services/requisites';
const page = '/services/requisites/confirm';

let service: TestService;
let world: OpenWorld;
/** The service in a second process. */
let beside: FastifyInstance;
/** Codes and links that were created. None of them may be in the log. */
const secrets = new Set<string>();
let peopleMade = 6_000;

beforeAll(async () => {
  service = await startService();
  beside = await service.anotherProcess();
  world = openWorld(service, async () => injectVisitor(service.server));
});

afterEach(() => world.end());

afterAll(() => service.close());

async function enrolled(different: Partial<PersonLine['requisites']> = {}): Promise<PersonLine> {
  const invented = inventPerson(peopleMade);
  peopleMade += 1;
  const person = { ...invented, requisites: { ...invented.requisites, ...different } };
  await service.enrol(person);
  return person;
}

const ofPerson = ({ iin }: PersonLine) =>
  sql`holder_id = (select holder_id from cabinet.holder where iin = ${iin})`;

/** A mobile that nobody else has. */
const otherMobile = (person: PersonLine, prefix = '+7702') =>
  (person.requisites.mobilePhone ?? '').replace('+7701', prefix);

/** Sends the form with these values as this client. */
async function save(client: Client, values: Readonly<Record<string, string>>): Promise<Answered> {
  return client.post(form, formOf((await client.get(form)).body, form, values));
}

/** Proposes another mobile, to be confirmed by e-mail. */
async function proposeMobile(client: Client, value: string): Promise<void> {
  const answer = await save(client, { mobilePhone: value });
  expect(answer.headers['location']).toBe(page);
  expect((await confirm(client, { via: 'email' })).status).toBe(200);
}

/** Sends the confirmation that the page now shows, with these fields. */
async function confirm(
  client: Client,
  values: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  return client.post(page, await confirmation(client, values), headers);
}

async function confirmation(client: Client, values: Readonly<Record<string, string>>) {
  const fields = new Map(formOf((await client.get(page)).body, page).filter(([name]) => name !== 'action'));
  for (const [name, value] of Object.entries(values)) fields.set(name, value);
  return [...fields];
}

/** The code last issued to this person for a purpose. */
async function codeFor(person: PersonLine, purpose: CodePurpose): Promise<string> {
  const issued = await service.database.first<IssuedCode>(sql`
    select code_id as "codeId", holder_id as "holderId", purpose, channel, destination, change_id as "changeId"
    from cabinet.code where ${ofPerson(person)} and purpose = ${purpose} order by created_at desc limit 1`);
  if (!issued) throw new Error('no code was issued');
  const code = codeOf(service.keys, issued);
  secrets.add(code);
  return code;
}

async function bothCodes(person: PersonLine) {
  return {
    newMobileCode: await codeFor(person, 'prove-new'),
    currentCode: await codeFor(person, 'confirm-current'),
  };
}

/** A code that differs from this one. */
const not = (code: string) => code.replace(/.$/, (last) => String((Number(last) + 1) % 10));

/** Changes the mobile with both codes. */
async function changeMobile(client: Client, person: PersonLine, value: string): Promise<void> {
  await proposeMobile(client, value);
  const answer = await confirm(client, await bothCodes(person));
  expect(answer.headers['location']).toMatch(/^\/receipts\//);
}

/** The notices of changes queued for this person, by kind and recipient. */
async function notices(person: PersonLine): Promise<string[]> {
  const rows = await service.database.rows<{ payload: MessagePayload }>(sql`
    select payload from cabinet.outbox where ${ofPerson(person)} and lane = 'notice' order by outbox_id`);
  return rows
    .map(({ payload }) => payload)
    .filter(({ kind }) => kind.startsWith('contact-'))
    .map(({ kind, to }) => `${kind} ${to}`);
}

/** The mobile on file. */
async function mobileOf(person: PersonLine): Promise<string | null | undefined> {
  const row = await service.database.first<{ mobile: string | null }>(sql`
    select mobile_phone as mobile from cabinet.requisites where ${ofPerson(person)}`);
  return row?.mobile;
}

/** Requests a new password with this contact, and returns the number of codes sent to it. */
async function recoveryCodes(person: PersonLine, contact: string): Promise<number> {
  const before = (await codesTo(world, contact)).length;
  const visitor = await world.visitor();
  await visitor.open('/recover');
  await visitor.fill('ЖСН', person.iin);
  await visitor.fill('Ұялы телефон немесе электрондық мекенжай', contact);
  await visitor.press('Жалғастыру');
  await visitor.sees('сәйкес келсе, код жіберілді');
  return (await codesTo(world, contact)).length - before;
}

describe('B1: a stolen session', () => {
  test('changes nothing without the codes, in whatever way it asks', async () => {
    const person = await enrolled();
    const thief = await signedIn(service, person);
    await proposeMobile(thief, otherMobile(person));
    const right = await codeFor(person, 'prove-new');
    for (const values of [
      {},
      { newMobileCode: '', currentCode: '' },
      { newMobileCode: right },
      { newMobileCode: right, currentCode: right },
      { currentCode: not(await codeFor(person, 'confirm-current')) },
    ]) {
      const answer = await confirm(thief, values);
      expect(answer.headers['location'] ?? page).toBe(page);
    }
    expect(await mobileOf(person)).toBe(person.requisites.mobilePhone);
  });

  test('with both codes, the new number restores nothing for 72 hours, and the old one works until then', async () => {
    const person = await enrolled();
    const value = otherMobile(person);
    await changeMobile(await signedIn(service, person), person, value);
    expect(await recoveryCodes(person, value)).toBe(0);
    expect(await recoveryCodes(person, person.requisites.mobilePhone ?? '')).toBe(1);
    await world.ageContacts(person, 71);
    await world.ageAllowances(120);
    expect(await recoveryCodes(person, value)).toBe(0);
    await world.ageContacts(person, 2);
    await world.ageAllowances(120);
    expect(await recoveryCodes(person, value)).toBe(1);
    expect(await recoveryCodes(person, person.requisites.mobilePhone ?? '')).toBe(0);
  });
});

describe('B2: a stolen SIM restores the password', () => {
  test('neither channel can be changed for 72 hours then, not even by a change proposed before', async () => {
    const person = await enrolled();
    const owner = await signedIn(service, person);
    await proposeMobile(owner, otherMobile(person));

    await recoveryCodes(person, person.requisites.mobilePhone ?? '');
    const thief = await world.visitor();
    await thief.open('/recover');
    await thief.fill('ЖСН', person.iin);
    await thief.fill('Ұялы телефон немесе электрондық мекенжай', person.requisites.mobilePhone ?? '');
    await thief.press('Жалғастыру');
    await thief.fill('Растау коды', await codeTo(world, person.requisites.mobilePhone));
    await thief.press('Растау');
    const password = 'тау бөктеріндегі көк үй';
    await thief.fill('Жаңа құпиясөз', password);
    await thief.fill('Құпиясөзді растаңыз', password);
    await thief.press('Сақтау');
    expect((await owner.get(form)).status).toBe(303);

    const session = await signedIn(service, { ...person, password });
    const pending = await session.get(page);
    expect(pending.headers['location'] ?? '').toMatch(/^\/services\/requisites(\?edit=pending)?$/);
    for (const values of [{ email: 'thief@example.kz' }, { mobilePhone: otherMobile(person, '+7705') }]) {
      const answer = await save(session, values);
      expect(answer.status).toBe(422);
      expect(answer.body).toContain(kk.reasons.contactAfterRecovery.split('{')[0]);
    }
    expect(await codesTo(world, 'thief@example.kz')).toEqual([]);
    // The owner is notified through the other channel.
    const told = await service.database.rows<{ to: string }>(sql`
      select payload ->> 'to' as "to" from cabinet.outbox where ${ofPerson(person)} and payload ->> 'kind' = 'recovered'`);
    expect(told.map(({ to }) => to)).toContain(person.requisites.email);
    await world.ageContacts(person, 73);
    expect((await save(session, { email: 'new.owner@example.kz' })).headers['location']).toBe(page);
  });

  test('a first registration by a stolen number starts the same waiting times, so the e-mail stays', async () => {
    const invented = inventPerson(peopleMade, { password: undefined });
    peopleMade += 1;
    await service.enrol(invented);
    const mobile = invented.requisites.mobilePhone;
    const thief = await world.visitor();
    await thief.open('/register');
    await thief.fill('ЖСН', invented.iin);
    await thief.fill('Ұялы телефон немесе электрондық мекенжай', mobile ?? '');
    await thief.press('Жалғастыру');
    await thief.fill('Растау коды', await codeTo(world, mobile));
    await thief.press('Растау');
    await thief.sees('72 сағат бойы');
    const password = 'тау бөктеріндегі көк үй';
    await thief.fill('Жаңа құпиясөз', password);
    await thief.fill('Құпиясөзді растаңыз', password);
    await thief.press('Сақтау');

    const session = await signedIn(service, { ...invented, password });
    for (const values of [
      { email: 'thief@example.kz' },
      { email: '' },
      { mobilePhone: otherMobile(invented) },
    ]) {
      const answer = await save(session, values);
      expect(answer.status).toBe(422);
      expect(answer.body).toContain(kk.reasons.contactAfterRecovery.split('{')[0]);
    }
    expect(await codesTo(world, 'thief@example.kz')).toEqual([]);
    expect((await session.get('/security')).body).toContain(kk.security.recovered);
    await world.ageContacts(invented, 73);
    expect((await save(session, { email: 'new.owner@example.kz' })).headers['location']).toBe(page);
  });

  test('a recovery between the proofs and the save stops the save', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const fields = await confirmation(client, await bothCodes(person));
    await service.database.run(
      sql`update cabinet.credential set recovered_at = now() where ${ofPerson(person)}`,
    );
    const answer = await client.post(page, fields);
    expect(answer.headers['location']).toBe(`${form}?edit=pending`);
    expect((await client.get(`${form}?edit=pending`)).body).toContain(
      kk.reasons.contactAfterRecovery.split('{')[0],
    );
    expect(await mobileOf(person)).toBe(person.requisites.mobilePhone);
  });
});

describe('B3: one channel, then the other', () => {
  test('is refused for 72 hours, also for a change proposed before the first was made', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await changeMobile(client, person, otherMobile(person));
    const answer = await save(client, { email: 'thief@example.kz' });
    expect(answer.status).toBe(422);
    await world.ageContacts(person, 71);
    expect((await save(client, { email: 'thief@example.kz' })).status).toBe(422);
    await world.ageContacts(person, 2);
    expect((await save(client, { email: 'thief@example.kz' })).headers['location']).toBe(page);
  });

  test('a second proposal replaces the first and ends its codes', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const first = await bothCodes(person);
    await save(client, { email: `second.${person.iin}@example.kz` });
    await confirm(client, { via: 'mobile' });
    const answer = await confirm(client, {
      newEmailCode: first.newMobileCode,
      currentCode: first.currentCode,
    });
    expect(answer.status).toBe(422);
    expect(await mobileOf(person)).toBe(person.requisites.mobilePhone);
  });
});

describe('B4: races', () => {
  test('a code sent for one value is useless for another, and counts as a try', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const first = await codeFor(person, 'prove-new');
    await proposeMobile(client, otherMobile(person, '+7705'));
    expect(await codeFor(person, 'prove-new')).not.toBe(first);
    expect((await confirm(client, { newMobileCode: first })).status).toBe(422);
    const row = await service.database.first<{ attempts: number }>(sql`
      select attempts from cabinet.code where ${ofPerson(person)} and purpose = 'prove-new'
      order by created_at desc limit 1`);
    expect(row).toEqual({ attempts: 1 });
  });

  test('fifty simultaneous right posts to two processes make one change and one receipt', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const fields = await confirmation(client, await bothCodes(person));
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        n % 2 ? client.post(page, fields) : injectClient(beside).post(page, fields, { cookie }),
      ),
    );
    const receipts = answers
      .map(({ headers }) => String(headers['location']))
      .filter((location) => location.startsWith('/receipts/'));
    expect(receipts.length).toBeGreaterThan(0);
    expect(new Set(receipts).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 303 && status !== 422)).toEqual([]);
    const counted = await service.database.first<object>(sql`
      select count(*)::int as changes,
        (select count(*)::int from cabinet.outbox where ${ofPerson(person)} and lane = 'fund') as deliveries
      from cabinet.change where ${ofPerson(person)}`);
    expect(counted).toEqual({ changes: 1, deliveries: 1 });
    // Posting the page again also leads to the receipt.
    expect((await client.post(page, fields)).headers['location']).toBe(receipts[0]);
  });

  test('fifty simultaneous posts of the form to two processes make one pending change, one code and one notice each', async () => {
    const person = await enrolled({ email: null });
    const client = await signedIn(service, person);
    const fields = formOf((await client.get(form)).body, form, { mobilePhone: otherMobile(person) });
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        n % 2 ? client.post(form, fields) : injectClient(beside).post(form, fields, { cookie }),
      ),
    );
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers['location']}`))).toEqual(
      new Set([`303 ${page}`]),
    );
    const queued = await service.database.first<object>(sql`
      select count(*) filter (where lane = 'code')::int as codes, count(*) filter (where lane = 'notice')::int as notices
      from cabinet.outbox where ${ofPerson(person)} and lane <> 'fund' and payload ->> 'kind' <> 'new-device'`);
    expect(queued).toEqual({ codes: 2, notices: 1 });
  });

  test('five of two hundred simultaneous wrong codes to two processes are compared', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const right = await codeFor(person, 'prove-new');
    const compared = async () => {
      const row = await service.database.first<{ compared: number }>(
        sql`select coalesce(sum(compared), 0)::int as compared from cabinet.code_outcome`,
      );
      return row?.compared ?? 0;
    };
    const before = await compared();
    const fields = await confirmation(client, { newMobileCode: not(right) });
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        n % 2 ? client.post(page, fields) : injectClient(beside).post(page, fields, { cookie }),
      ),
    );
    // A process accepts fifty forms of one person at a time. The others are asked to return later.
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 422 && status !== 503)).toEqual([]);
    expect(statuses.filter((status) => status === 422).length).toBeGreaterThanOrEqual(100);
    expect((await compared()) - before).toBe(5);
    expect((await confirm(client, { newMobileCode: right })).status).toBe(422);
  });

  test('when another window saves in the meantime, the proved change does not overwrite it', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const fields = await confirmation(client, await bothCodes(person));
    expect((await save(client, { apartment: '77' })).headers['location']).toMatch(/^\/receipts\//);
    expect((await client.post(page, fields)).headers['location']).toBe(`${form}?edit=pending`);
    const stored = await service.database.first<object>(sql`
      select apartment, mobile_phone as mobile from cabinet.requisites where ${ofPerson(person)}`);
    expect(stored).toEqual({ apartment: '77', mobile: person.requisites.mobilePhone });
  });

  test('a person blocked by the fund in the meantime is signed out', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const fields = await confirmation(client, await bothCodes(person));
    await service.enrol({ ...person, status: 'blocked' });
    expect((await client.post(page, fields)).headers['location']).toBe('/sign-in?ended=closed');
    expect(await mobileOf(person)).toBe(person.requisites.mobilePhone);
  });
});

describe('B5: a code for one purpose used for another', () => {
  const purposes: readonly CodePurpose[] = ['register', 'recover', 'prove-new', 'confirm-current'];
  const pairs = purposes.flatMap((one) =>
    purposes.filter((two) => two !== one).map((two) => [one, two] as const),
  );

  test.each(pairs)('a code to %s is not a code to %s, for the same person, value and change', (one, two) => {
    const issued = {
      codeId: '6f2b8d5a-2a64-4f5e-9a53-51c0f5a3f0de',
      holderId: '0d3f1f0e-98a5-4a0e-8d3c-0c8a2b7f4b11',
      channel: 'mobile',
      destination: '+77015550000',
      changeId: null,
    } as const;
    const code = (purpose: CodePurpose) => codeOf(service.keys, { ...issued, purpose });
    expect(code(one).slice(0, 6)).not.toBe(code(two).slice(0, 6));
  });

  test('the two codes of one change are not exchangeable', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const codes = await bothCodes(person);
    const answer = await confirm(client, {
      newMobileCode: codes.currentCode,
      currentCode: codes.newMobileCode,
    });
    expect(answer.status).toBe(422);
    expect(await mobileOf(person)).toBe(person.requisites.mobilePhone);
  });

  test('a code of a change restores no password, and a code of a recovery changes nothing', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const { currentCode } = await bothCodes(person);
    const visitor = await world.visitor();
    await visitor.open('/recover');
    await visitor.fill('ЖСН', person.iin);
    await visitor.fill('Ұялы телефон немесе электрондық мекенжай', person.requisites.email ?? '');
    await visitor.press('Жалғастыру');
    await world.inbox(person.requisites.email);
    await visitor.fill('Растау коды', currentCode);
    await visitor.press('Растау');
    expect(await visitor.errorOf('Растау коды')).toBeDefined();
    const recovery = await codeFor(person, 'recover');
    const answer = await confirm(client, { newMobileCode: recovery, currentCode: recovery });
    expect(answer.status).toBe(422);
    expect(await mobileOf(person)).toBe(person.requisites.mobilePhone);
  });

  test("another person's code is useless", async () => {
    const [person, thief] = [await enrolled(), await enrolled()];
    const [client, other] = [await signedIn(service, person), await signedIn(service, thief)];
    await proposeMobile(client, otherMobile(person));
    await proposeMobile(other, otherMobile(thief));
    const answer = await confirm(client, await bothCodes(thief));
    expect(answer.status).toBe(422);
  });
});

describe('B6: one mobile for many people', () => {
  const shared = '+77076660001';

  test('the sixth person gets the message of a wrong number, and the operator an alert', async () => {
    for (let n = 0; n < 5; n += 1) {
      const client = await signedIn(service, await enrolled({ mobilePhone: shared }));
      await client.get(form);
    }
    const person = await enrolled();
    const client = await signedIn(service, person);
    const many = await save(client, { mobilePhone: shared });
    const wrong = await save(client, { mobilePhone: '+7 (727) 250-12-34' });
    expect([many.status, wrong.status]).toEqual([422, 422]);
    for (const { body } of [many, wrong]) expect(body).toContain(kk.reasons.phoneNotMobile);
    expect(await codesTo(world, shared)).toEqual([]);
    const alerts = await service.database.rows(
      sql`select from cabinet.alert where kind = 'mobile-of-many' and ended_at is null`,
    );
    expect(alerts).toHaveLength(1);
  });

  test('when two people prove the last place at once, one gets it', async () => {
    const last = '+77076660002';
    for (let n = 0; n < 4; n += 1) {
      const client = await signedIn(service, await enrolled({ mobilePhone: last }));
      await client.get(form);
    }
    const posts: (() => Promise<Answered>)[] = [];
    for (let n = 0; n < 2; n += 1) {
      const person = await enrolled();
      const client = await signedIn(service, person);
      await proposeMobile(client, last);
      const fields = await confirmation(client, await bothCodes(person));
      posts.push(() => client.post(page, fields));
    }
    const answers = await Promise.all(posts.map((post) => post()));
    const places = answers.map(({ headers }) => String(headers['location']).split('/')[1]);
    expect(places.sort()).toEqual(['receipts', 'services']);
  });
});

describe('B7: a forged visit to a branch', () => {
  test('starts the same waiting times and notifies the former channels', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await client.get(form);
    const value = otherMobile(person);
    await world.changeAtBranch(person, { mobilePhone: value });
    await client.get(form);
    expect(await mobileOf(person)).toBe(value);
    expect(await notices(person)).toEqual([
      `contact-changed ${person.requisites.mobilePhone}`,
      `contact-changed ${person.requisites.email}`,
      `contact-added ${value}`,
    ]);
    expect(await recoveryCodes(person, value)).toBe(0);
    expect(await recoveryCodes(person, person.requisites.mobilePhone ?? '')).toBe(1);
    // The other channel must wait, and the new number cannot confirm anything.
    expect((await save(client, { email: 'thief@example.kz' })).status).toBe(422);
    await save(client, { mobilePhone: otherMobile(person, '+7705') });
    const answer = await confirm(client, { via: 'mobile' });
    expect(answer.status).toBe(400);
  });
});

describe('B8: one value in two forms', () => {
  const writings: readonly (readonly [
    onFile: Partial<PersonLine['requisites']>,
    field: string,
    typed: string,
  ])[] = [
    [{ mobilePhone: '+77017770001' }, 'mobilePhone', '8 701 777 00 01'],
    [{ mobilePhone: '+77017770001' }, 'mobilePhone', '\u2066+7 (701) 777\u201100\u201101\u2069'],
    [{ mobilePhone: '+77017770001' }, 'mobilePhone', '007 701 777 0001'],
    [{ mobilePhone: '+77017770001' }, 'mobilePhone', '+7 ٧٠١ ٧٧٧ ٠٠ ٠١'],
    [{ mobilePhone: '87017770001' }, 'mobilePhone', '+7 (701) 777-00-01'],
    [{ homePhone: '8 (727) 250-12-34' }, 'homePhone', '+77272501234'],
    [{ email: 'Aigul@Example.kz' }, 'email', 'aigul@example.KZ'],
  ];

  test.each(writings)('%o typed as %s %s is no change', async (onFile, field, typed) => {
    const person = await enrolled(onFile);
    const client = await signedIn(service, person);
    const answer = await save(client, { [field]: typed });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain(kk.requisites.nothingChanged);
  });

  test.each([
    ['email', 'аigul@example.kz'],
    ['email', 'aigul@exаmple.kz'],
  ])('%s %s is refused', async (field, typed) => {
    const client = await signedIn(service, await enrolled());
    expect((await save(client, { [field]: typed })).status).toBe(422);
  });

  test('a number on file in an old form can still confirm', async () => {
    const person = await enrolled({ mobilePhone: '8 701 777 00 03', email: null });
    const client = await signedIn(service, person);
    await save(client, { email: `first.${person.iin}@example.kz` });
    expect(await codesTo(world, '+77017770003')).toHaveLength(1);
  });
});

describe('B9: the link of a notice', () => {
  async function linked(): Promise<{ person: PersonLine; client: Client; links: string[] }> {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await proposeMobile(client, otherMobile(person));
    const rows = await service.database.rows<{ id: string }>(
      sql`select disavowal_id as id from cabinet.disavowal where ${ofPerson(person)} order by disavowal_id`,
    );
    const links = rows.map(({ id }) => disavowalPath(service.keys, id));
    for (const link of links) secrets.add(link.split('/').at(-1) ?? '');
    return { person, client, links };
  }

  const isFrozen = async (person: PersonLine) =>
    (await service.database.first(sql`select from cabinet.freeze where ${ofPerson(person)}`)) !== undefined;

  async function press(link: string): Promise<Answered> {
    const visitor = injectClient(service.server);
    return visitor.post(link, formOf((await visitor.get(link)).body, link));
  }

  test('does nothing when opened, freezes once, and gives the same answer afterwards', async () => {
    const { person, client, links } = await linked();
    const [link = ''] = links;
    expect(links).toHaveLength(2);
    for (let look = 0; look < 3; look += 1) {
      expect((await injectClient(service.server).get(link)).status).toBe(200);
    }
    expect((await injectClient(service.server).post(link, [])).status).toBe(403);
    expect(await isFrozen(person)).toBe(false);
    expect((await client.get(page)).status).toBe(200);

    const first = await press(link);
    expect(first.status).toBe(200);
    expect(await isFrozen(person)).toBe(true);
    expect((await client.get(page)).headers['location']).toMatch(/^\/sign-in/);
    const events = () =>
      service.database.first(sql`
        select count(*)::int as events from cabinet.security_event where ${ofPerson(person)} and kind = 'frozen'`);
    expect(await events()).toEqual({ events: 1 });
    const second = await press(link);
    expect(second.status).toBe(200);
    expect(second.body.length).toBe(first.body.length);
    expect(await events()).toEqual({ events: 1 });
    expect(await recoveryCodes(person, person.requisites.mobilePhone ?? '')).toBe(0);
  });

  test('is not found when it has expired, was altered, or belongs to nothing', async () => {
    const { person, links } = await linked();
    const [link = ''] = links;
    const altered = link.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    for (const path of [altered, disavowalPath(service.keys, '6f2b8d5a-2a64-4f5e-9a53-51c0f5a3f0de')]) {
      expect((await injectClient(service.server).get(path)).status).toBe(404);
    }
    await world.ageContacts(person, 10 * 24 + 1);
    expect((await injectClient(service.server).get(link)).status).toBe(404);
    const visitor = injectClient(service.server);
    const start = await visitor.get('/sign-in');
    const csrf = formOf(start.body, '/sign-in').filter(([name]) => name === 'csrf');
    expect((await visitor.post(link, csrf)).status).toBe(404);
    expect(await isFrozen(person)).toBe(false);
  });

  test('after an operator has lifted the freeze, no link sent before freezes the cabinet again', async () => {
    const { person, links } = await linked();
    const [used = '', unused = ''] = links;
    await press(used);
    const iin = parseIin(person.iin);
    if (!iin.ok) throw new Error('no IIN');
    expect(await unfreeze(service.database, iin.value, 'came to the branch')).toBe(true);
    expect(await isFrozen(person)).toBe(false);
    for (const link of [used, unused]) {
      expect((await injectClient(service.server).get(link)).status).toBe(404);
    }
    expect(await unfreeze(service.database, iin.value, 'once more')).toBe(false);
    const again = await signedIn(service, person);
    expect((await save(again, { mobilePhone: otherMobile(person, '+7705') })).headers['location']).toBe(page);
  });
});

describe('B10: who is notified', () => {
  test('the former channels and the new one, which does not learn the old values', async () => {
    const person = await enrolled();
    const value = otherMobile(person);
    const { mobilePhone, email } = person.requisites;
    await changeMobile(await signedIn(service, person), person, value);
    expect(await notices(person)).toEqual([
      `contact-proposed ${mobilePhone}`,
      `contact-proposed ${email}`,
      `contact-changed ${mobilePhone}`,
      `contact-changed ${email}`,
      `contact-added ${value}`,
    ]);
    const toNew = await world.inbox(value);
    expect(toNew.join('\n')).not.toContain(mobilePhone?.slice(-7));
    expect(toNew.join('\n')).not.toContain(email);
    // Each former channel can stop the change by its own link. The new one cannot.
    expect(toNew.join('\n')).not.toContain('/not-me/');
    const links = [...(await world.inbox(mobilePhone)), ...(await world.inbox(email))].flatMap(
      (text) => text.match(/\/not-me\/[\w-]{44}/g) ?? [],
    );
    expect(new Set(links).size).toBe(4);
    for (const link of links) secrets.add(link.split('/').at(-1) ?? '');
  });

  test('twenty proposals from a stolen session send three notices, and all are in the history', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    for (let n = 10; n < 30; n += 1) await save(client, { mobilePhone: `+77027778${n}0` });
    const { mobilePhone, email } = person.requisites;
    const told = await notices(person);
    for (const to of [mobilePhone, email]) {
      expect(told.filter((line) => line === `contact-proposed ${to}`)).toHaveLength(3);
    }
    const row = await service.database.first<object>(sql`
      select count(*)::int as events from cabinet.security_event
      where ${ofPerson(person)} and kind = 'contact-proposed'`);
    expect(row).toEqual({ events: 20 });
  });

  test('a second change within the waiting time also notifies the first number', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    await changeMobile(client, person, otherMobile(person));
    await changeMobile(client, person, otherMobile(person, '+7705'));
    const changed = (await notices(person)).filter((line) => line.startsWith('contact-changed'));
    expect(changed.filter((line) => line.endsWith(person.requisites.mobilePhone ?? ''))).toHaveLength(2);
  });
});

describe('B11: other sessions', () => {
  test('end at the change, on every process, and the current one continues', async () => {
    const person = await enrolled();
    const client = await signedIn(service, person);
    const elsewhere = await signedIn({ ...service, server: beside }, person);
    expect((await elsewhere.get('/history')).status).toBe(200);
    await changeMobile(client, person, otherMobile(person));
    expect((await elsewhere.get('/history')).headers['location']).toMatch(/^\/sign-in/);
    expect((await elsewhere.get('/services')).status).toBe(303);
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    expect((await injectClient(beside).get('/history', { cookie })).status).toBe(200);
    expect((await client.get('/history')).status).toBe(200);
  });
});

test('the log has no code and no link', () => {
  expect(secrets.size).toBeGreaterThan(30);
  const log = service.logLines.join('');
  expect(log).toContain('/not-me/:link');
  const found = [...secrets].filter((secret) =>
    new RegExp(`(?<![0-9A-Za-z_-])${secret}(?![0-9A-Za-z_-])`).test(log),
  );
  expect(found).toEqual([]);
});
