import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/features/codes/code.ts';
import type { IssuedCode } from '../../src/features/codes/store.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { openTestNca, signChallenge, type TestNca } from '../support/eds.ts';
import { edsForm, signInByEds } from '../support/eds-visitor.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';
import {
  holderOf,
  leadsTo,
  provePath as prove,
  seen,
  sendPassword,
  stepPath as step,
} from '../support/step-visitor.ts';

// Whoever knows the password of a holder with a second step has nothing yet: the tests play a
// stranger with the password, a thief with a session, and a SIM card in wrong hands.

const t = textsOf('kk');
const smsStep = '/security/sms-step';

let nca: TestNca;
let service: TestService;
/** The same service with `SECOND_STEP=required`. */
let strict: TestService['server'];
let people = 9_900;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
  strict = await service.anotherProcess({ ...nca.environment, SECOND_STEP: 'required' });
});

afterAll(async () => {
  await service.close();
  nca.close();
});

async function enrol(different: Partial<PersonLine> = {}): Promise<PersonLine> {
  const person = inventPerson(people++, different);
  await service.enrol(person);
  return person;
}

/** A browser that has these cookies: a copy, or a stolen secret. */
function browserWith(cookies: Iterable<readonly [string, string]>): Client {
  return injectClient(service.server, undefined, cookies);
}

/** The browser of a person after they have signed out. */
function sameBrowser({ cookies }: Client): Client {
  return browserWith([...cookies].filter(([name]) => name === 'device'));
}

/** The code that was sent last to this person for the step. */
async function sentCode(person: PersonLine): Promise<string> {
  const code = await service.database.first<IssuedCode>(sql`
    select code_id as "codeId", holder_id as "holderId", purpose, channel, destination, change_id as "changeId"
    from cabinet.code where holder_id = ${holderOf(person)} and purpose = 'sign-in-step'
    order by created_at desc limit 1`);
  if (!code) throw new Error('no code was sent');
  expect(code.destination).toBe(person.requisites.mobilePhone);
  return codeOf(service.keys, code);
}

function wrong(code: string): string {
  return code === '000000' ? '000001' : '000000';
}

async function sendStep(
  client: Client,
  code: string,
  values: Record<string, string> = {},
): Promise<Answered> {
  const page = await client.get(step);
  const form = formOf(page.body, step, { code });
  return client.post(step, [...form, ...Object.entries(values)]);
}

async function sendProof(client: Client, values: Record<string, string>, to = smsStep): Promise<Answered> {
  const page = await client.get(`${prove}?to=${encodeURIComponent(to)}`);
  return client.post(`${prove}?to=${encodeURIComponent(to)}`, [
    ...edsForm(page.body).slice(0, 1),
    ...Object.entries(values),
  ]);
}

/** Somebody who has turned codes by SMS on, and their session. */
async function withSms(different: Partial<PersonLine> = {}) {
  const person = await enrol(different);
  const owner = injectClient(service.server);
  await sendPassword(owner, person);
  await owner.get('/services/requisites');
  await sendProof(owner, { password: person.password ?? '' });
  const page = await owner.get(smsStep);
  const answer = await owner.post(smsStep, formOf(page.body, smsStep));
  expect(leadsTo(answer)).toBe('/security?done=factors');
  return { person, owner };
}

/** A visitor who has given the right password and must now take the step. */
async function afterPassword(person: PersonLine, server = service.server): Promise<Client> {
  const client = injectClient(server);
  expect(leadsTo(await sendPassword(client, person))).toBe(step);
  return client;
}

async function liveSessions(person: PersonLine): Promise<number> {
  const rows = await service.database.rows(sql`
    select from cabinet.session where holder_id = ${holderOf(person)} and ended_at is null`);
  return rows.length;
}

async function noticesOf(person: PersonLine, kind: string): Promise<number> {
  const rows = await service.database.rows(sql`
    select from cabinet.outbox where holder_id = ${holderOf(person)} and payload ->> 'kind' = ${kind}`);
  return rows.length;
}

describe('signing in', () => {
  test('the code opens the session, once, and the history names both steps', async () => {
    const { person } = await withSms();
    const client = await afterPassword(person);
    expect(seen(await client.get(step))).toContain(t.step.title);
    const code = await sentCode(person);
    const answer = await sendStep(client, code);
    expect([answer.status, leadsTo(answer)]).toEqual([303, '/services']);
    expect((await client.get('/services')).status).toBe(200);
    const event = await service.database.first<{ detail: object }>(sql`
      select detail from cabinet.security_event
      where holder_id = ${holderOf(person)} and kind = 'signed-in' order by event_id desc limit 1`);
    expect(event?.detail).toMatchObject({ method: 'password', step: 'sms' });
  });

  test('who goes where they wanted gets there after the step', async () => {
    const { person } = await withSms();
    const client = injectClient(service.server);
    const page = await client.get('/sign-in?to=%2Fhistory');
    const form = formOf(page.body, '/sign-in', { iin: person.iin, password: person.password ?? '' });
    const answer = await client.post('/sign-in?to=%2Fhistory', form);
    expect(leadsTo(answer)).toBe(`${step}?to=%2Fhistory`);
    const asked = await client.get(leadsTo(answer));
    const code = await sentCode(person);
    expect(leadsTo(await client.post(leadsTo(answer), formOf(asked.body, step, { code })))).toBe('/history');
  });

  test('the password alone opens no page, whatever address is tried', async () => {
    const { person } = await withSms();
    const before = await liveSessions(person);
    const client = await afterPassword(person);
    for (const path of ['/services', '/services/requisites', '/security', '/history', prove, smsStep])
      expect([path, leadsTo(await client.get(path)).startsWith('/sign-in')]).toEqual([path, true]);
    expect(await liveSessions(person)).toBe(before);
  });

  test('the secret of the waiting sign-in is no session, and no session is made from it', async () => {
    const { person } = await withSms();
    const client = await afterPassword(person);
    const waiting = client.cookies.get('step') ?? '';
    const thief = browserWith([['session', waiting]]);
    expect(leadsTo(await thief.get('/services'))).toMatch(/^\/sign-in/);
    await sendStep(client, await sentCode(person));
    expect(client.cookies.get('session')).not.toBe(waiting);
    expect(leadsTo(await browserWith([['step', waiting]]).get(step))).toMatch(/ended=step/);
  });

  test('two tabs with one code open one session', async () => {
    const { person } = await withSms();
    const before = await liveSessions(person);
    const client = await afterPassword(person);
    const code = await sentCode(person);
    const page = await client.get(step);
    const form = formOf(page.body, step, { code });
    const copies = [1, 2, 3].map(() => browserWith(client.cookies));
    const answers = await Promise.all(copies.map((copy) => copy.post(step, form)));
    expect(answers.filter((answer) => leadsTo(answer) === '/services')).toHaveLength(1);
    expect(await liveSessions(person)).toBe(before + 1);
  });

  test('a code of another sign-in does not fit', async () => {
    const { person } = await withSms();
    await afterPassword(person);
    const stolen = await sentCode(person);
    const other = await afterPassword(person);
    const own = await sentCode(person);
    if (stolen !== own) expect((await sendStep(other, stolen)).status).toBe(422);
    expect((await sendStep(other, own)).status).toBe(303);
  });

  test('a new password or a lock ends the waiting sign-in', async () => {
    for (const path of ['/security/lock', '/security/sessions/end-others']) {
      const { person, owner } = await withSms();
      const client = await afterPassword(person);
      const code = await sentCode(person);
      const security = await owner.get('/security/lock');
      if (path === '/security/lock') await owner.post(path, formOf(security.body, path));
      else
        await service.database.run(
          sql`update cabinet.sign_in_step set expires_at = now() where holder_id = ${holderOf(person)}`,
        );
      const answer = await client.post(step, [...edsTokenOf(await client.get('/sign-in')), ['code', code]]);
      expect([path, leadsTo(answer)]).toEqual([path, '/sign-in?ended=step']);
    }
  });

  test('a signature needs no further step', async () => {
    const { person } = await withSms();
    const client = injectClient(service.server);
    expect(leadsTo(await signInByEds(client, nca.key(person)))).toBe('/services');
  });

  test('who has a step is told only after the right password', async () => {
    const { person } = await withSms();
    const plain = await enrol();
    const answers = await Promise.all(
      [person, plain].map((one) => sendPassword(injectClient(service.server), one, 'not the password')),
    );
    const [one, other] = answers.map((answer) => [answer.status, seen(answer)]);
    expect(one).toEqual([other?.[0], String(other?.[1]).replace(plain.iin, person.iin)]);
    expect(
      await service.database.rows(sql`
      select from cabinet.sign_in_step where holder_id = ${holderOf(person)}`),
    ).toEqual([]);
  });
});

function edsTokenOf({ body }: Answered): readonly (readonly [string, string])[] {
  return formOf(body, '/sign-in').filter(([name]) => name === 'csrf');
}

describe('guessing', () => {
  test('five tries in parallel or in turn, then a wait; one notice; the owner’s browser goes on', async () => {
    const { person, owner } = await withSms();
    const stranger = await afterPassword(person);
    const page = await stranger.get(step);
    const code = wrong(await sentCode(person));
    const form = formOf(page.body, step, { code });
    const answers = await Promise.all(Array.from({ length: 12 }, () => stranger.post(step, form)));
    const compared = answers.filter(({ status }) => status === 422).length;
    expect(compared).toBe(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
    // A post that began before the wait did is told a moment more than a minute: two minutes.
    for (const { status, headers } of answers)
      if (status === 429) expect(['60', '120']).toContain(headers['retry-after']);
    expect(await noticesOf(person, 'step-failures')).toBe(2);
    // The right code does not help the stranger now.
    expect((await sendStep(stranger, await sentCode(person))).status).toBe(429);

    const home = sameBrowser(owner);
    await sendPassword(home, person);
    expect((await sendStep(home, await sentCode(person))).status).toBe(303);
  });

  test('a stranger without the password can count up nothing', async () => {
    const { person } = await withSms();
    const stranger = injectClient(service.server);
    await stranger.get('/sign-in');
    const csrf = edsTokenOf(await stranger.get('/sign-in'));
    for (let round = 0; round < 8; round += 1)
      expect(leadsTo(await stranger.post(step, [...csrf, ['code', '123456']]))).toBe('/sign-in?ended=step');
    const client = await afterPassword(person);
    expect((await sendStep(client, await sentCode(person))).status).toBe(303);
  });
});

describe('a trusted browser', () => {
  test('is not asked again, and others are; its owner ends that', async () => {
    const { person } = await withSms();
    const client = await afterPassword(person);
    await sendStep(client, await sentCode(person), { trust: '1' });
    const page = await client.get('/');
    expect(page.status).toBe(303);
    const again = sameBrowser(client);
    expect(leadsTo(await sendPassword(again, person))).toBe('/services');
    await afterPassword(person);

    const security = await again.get('/security');
    expect(seen(security)).toContain(t.security.trusted);
    const ended = await again.post('/security/trusted/end', formOf(security.body, '/security/trusted/end'));
    expect(leadsTo(ended)).toBe('/security?done=trustEnded');
    const third = sameBrowser(again);
    expect(leadsTo(await sendPassword(third, person))).toBe(step);
  });

  test('the trust is for one person', async () => {
    const { person } = await withSms();
    const { person: other } = await withSms();
    const client = await afterPassword(person);
    await sendStep(client, await sentCode(person), { trust: '1' });
    const shared = sameBrowser(client);
    expect(leadsTo(await sendPassword(shared, other))).toBe(step);
  });

  test('ends after thirty days, and with every change that ends sessions', async () => {
    for (const age of [true, false]) {
      const { person, owner } = await withSms();
      const client = await afterPassword(person);
      await sendStep(client, await sentCode(person), { trust: '1' });
      if (age)
        await service.database.run(sql`
          update cabinet.known_device set trusted_until = trusted_until - interval '30 days'
          where holder_id = ${holderOf(person)} and trusted_until is not null`);
      else {
        await sendProof(client, { code: '', action: 'send' });
        await sendProof(client, { code: await sentCode(person) });
        const page = await client.get(smsStep);
        await client.post(smsStep, formOf(page.body, smsStep));
        await service.database.run(sql`
          update cabinet.second_step set sms_allowed_at = now() where holder_id = ${holderOf(person)}`);
      }
      const later = sameBrowser(client);
      expect(leadsTo(await sendPassword(later, person))).toBe(step);
      expect(owner.cookies.size).toBeGreaterThan(0);
    }
  });
});

describe('a thief with a session', () => {
  test('cannot turn the step off or on without a proof, and loses the session when the owner proves', async () => {
    const person = await enrol();
    const owner = injectClient(service.server);
    await sendPassword(owner, person);
    await owner.get('/services/requisites');
    const thief = browserWith(owner.cookies);
    expect(leadsTo(await thief.get(smsStep))).toBe(`${prove}?to=${encodeURIComponent(smsStep)}`);
    const csrf = edsForm((await thief.get(prove)).body).slice(0, 1);
    expect(leadsTo(await thief.post(smsStep, [...csrf, ['allow', '1']]))).toMatch(/^\/security\/prove/);
    expect((await sendProof(thief, { password: 'a guess of the password' })).status).toBe(422);
    expect((await sendProof(thief, { code: '123456' })).status).toBe(422);

    expect(leadsTo(await sendProof(owner, { password: person.password ?? '' }))).toBe(smsStep);
    expect((await owner.get(smsStep)).status).toBe(200);
    expect(leadsTo(await thief.get('/services'))).toMatch(/^\/sign-in/);
  });

  test('with the password, too, needs the step that the owner has', async () => {
    const { person, owner } = await withSms();
    await service.database.run(sql`
      update cabinet.session set proved_at = now() - interval '11 minutes' where holder_id = ${holderOf(person)}`);
    const answer = await sendProof(owner, { password: person.password ?? '' });
    expect(answer.status).toBe(422);
    expect(seen(answer)).toContain(t.prove.notAccepted);
    expect(leadsTo(await owner.get(smsStep))).toMatch(/^\/security\/prove/);
    await sendProof(owner, { code: '', action: 'send' });
    expect(leadsTo(await sendProof(owner, { code: await sentCode(person) }))).toBe(smsStep);
  });

  test('a proof is over after ten minutes, and is good in its session alone', async () => {
    const { person, owner } = await withSms();
    expect((await owner.get(smsStep)).status).toBe(200);
    await service.database.run(sql`
      update cabinet.session set proved_at = proved_at - interval '10 minutes' where holder_id = ${holderOf(person)}`);
    expect(leadsTo(await owner.get(smsStep))).toMatch(/^\/security\/prove/);
  });

  test('a signature of the holder proves, and that of somebody else does not', async () => {
    const { person, owner } = await withSms();
    const stranger = await enrol();
    await service.database.run(sql`
      update cabinet.session set proved_at = null where holder_id = ${holderOf(person)}`);
    for (const [key, status] of [
      [nca.key(stranger), 422],
      [nca.key(person), 303],
    ] as const) {
      const page = await owner.get(prove);
      const csrf = edsForm(page.body).slice(0, 1);
      const given = JSON.parse((await owner.post(`${prove}/eds/challenge`, csrf)).body);
      const signature = signChallenge(key, given.data);
      const answer = await owner.post(`${prove}/eds`, edsForm(page.body, given.id, signature));
      expect(answer.status).toBe(status);
    }
    expect((await owner.get(smsStep)).status).toBe(200);
  });
});

describe('a SIM card in wrong hands', () => {
  test('a mobile that restored the password is no step, and the session only reads', async () => {
    const { person } = await withSms();
    await service.database.run(sql`
      update cabinet.credential set recovered_at = now(), recovered_via = 'mobile'
      where holder_id = ${holderOf(person)}`);
    const swapper = injectClient(service.server);
    expect(leadsTo(await sendPassword(swapper, person))).toBe('/services');
    const page = await swapper.get('/services/requisites');
    expect(seen(page)).toContain(t.prove.restrictedTitle);
    expect(page.body).not.toContain('name="address"');
    expect(seen(await swapper.get(prove))).not.toContain(t.prove.byPassword);
    expect(leadsTo(await swapper.get(smsStep))).toMatch(/^\/security\/prove/);
    // Nor does the browser become one of this person's own.
    expect(swapper.cookies.get('device') ?? '').toBe('');
    expect(await noticesOf(person, 'new-device')).toBeGreaterThan(0);
  });

  test('a recovery by e-mail leaves the mobile a step', async () => {
    const { person } = await withSms();
    await service.database.run(sql`
      update cabinet.credential set recovered_at = now(), recovered_via = 'email'
      where holder_id = ${holderOf(person)}`);
    await afterPassword(person);
  });

  test('a signature lifts the restriction', async () => {
    const { person } = await withSms();
    await service.database.run(sql`
      update cabinet.credential set recovered_at = now(), recovered_via = 'mobile'
      where holder_id = ${holderOf(person)}`);
    const client = injectClient(service.server);
    await sendPassword(client, person);
    const page = await client.get(prove);
    const given = JSON.parse(
      (await client.post(`${prove}/eds/challenge`, edsForm(page.body).slice(0, 1))).body,
    );
    await client.post(
      `${prove}/eds`,
      edsForm(page.body, given.id, signChallenge(nca.key(person), given.data)),
    );
    expect((await client.get('/services/requisites')).body).toContain('name="address"');
  });
});

describe('where a step is required', () => {
  test('who has none gets a code by SMS', async () => {
    // This person has never opened the form, so only the fund knows the mobile.
    const person = await enrol();
    const client = await afterPassword(person, strict);
    expect((await sendStep(client, await sentCode(person))).status).toBe(303);
  });

  test('without a mobile on file and without eGov Mobile, only EDS or a branch helps, and the page says so', async () => {
    const plain = inventPerson(0).requisites;
    const person = await enrol({ requisites: { ...plain, mobilePhone: null } });
    const withoutPhone = await service.anotherProcess({ SECOND_STEP: 'required' }, (config) => ({
      ...config,
      egovMobile: { ...config.egovMobile, service: undefined },
    }));
    const answer = await sendPassword(injectClient(withoutPhone), person);
    expect(answer.status).toBe(422);
    expect(seen(answer)).toContain(t.signIn.noStep);
    expect(await liveSessions(person)).toBe(0);
  });
});
