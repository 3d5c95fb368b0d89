import decodeQR from 'qr/decode.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resealAuthenticators } from '../../src/features/authenticator/reseal.ts';
import { createKeys } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { injectClient } from '../support/client.ts';
import { readPage } from '../support/page.ts';
import type { PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';
import {
  addApp,
  afterPassword,
  appCode,
  appPath,
  arrive,
  codesPath,
  csrfOf,
  eventsOf,
  forgetLastCode,
  forgetTries,
  giveApp,
  holderOf,
  leadsTo,
  noticesOf,
  provePath,
  secretOn,
  seen,
  sendPassword,
  sendProof,
  sendStep,
  stepPath,
  wrongAppCode,
} from '../support/step-visitor.ts';

// The app that gives codes: what a thief with a session, a stranger with the password, somebody
// who reads along, and somebody with a copy of the database can do with it.

const t = textsOf('kk');

let service: TestService;
let people = 9_700;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

const newcomer = (different?: Partial<PersonLine>) => arrive(service, people++, different);

async function withApp(different?: Partial<PersonLine>) {
  const { person, owner } = await newcomer(different);
  return { person, owner, secret: await giveApp(service, person) };
}

async function stored(person: PersonLine) {
  const row = await service.database.first<{ secret: Buffer; sealedBy: Buffer; last: string | null }>(sql`
    select secret, sealed_by as "sealedBy", last_counter as last from cabinet.authenticator
    where holder_id = ${holderOf(person)}`);
  if (!row) throw new Error('there is no app');
  return row;
}

describe('adding', () => {
  test('the page gives the same secret as a picture, a link and text; the first code confirms it', async () => {
    const { person, owner } = await newcomer();
    await sendProof(owner, { password: person.password ?? '' });
    expect(seen(await owner.get(appPath))).toContain(t.authenticator.needed);
    await owner.post(appPath, [...(await csrfOf(owner)), ['action', 'begin']]);
    const page = await owner.get(appPath);
    const secret = secretOn(page);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const link = readPage(page.body).querySelector('a[href^="otpauth:"]')?.getAttribute('href') ?? '';
    const address = new URL(link);
    expect(address.searchParams.get('secret')).toBe(secret);
    expect(address.pathname).toBe(`/localhost:${person.iin.slice(0, 4)}****`);
    expect(link.length, 'a short address gives large squares').toBeLessThan(160);
    expect(page.body).not.toContain(person.iin);
    expect(decodedQr(page.body)).toBe(link);
    // A page that a phone loads again shows the same secret.
    expect(secretOn(await owner.get(appPath))).toBe(secret);

    const wrong = await owner.post(appPath, formOf(page.body, appPath, { code: wrongAppCode(secret) }));
    expect([wrong.status, secretOn(wrong)]).toEqual([422, secret]);
    const right = await owner.post(appPath, formOf(page.body, appPath, { code: appCode(secret) }));
    expect(leadsTo(right)).toBe(`${codesPath}?done=authenticator`);
    expect(await eventsOf(service, person)).toContain('authenticator-added');
    expect(await noticesOf(service, person, 'factor-added')).toBe(2);
    expect(seen(await owner.get('/security'))).toContain(t.security.authenticatorOn);
    expect((await owner.get(appPath)).body).not.toContain(secret);
  });

  test('an app whose code nobody has typed is no step', async () => {
    const { person, owner } = await newcomer();
    await sendProof(owner, { password: person.password ?? '' });
    await owner.post(appPath, [...(await csrfOf(owner)), ['action', 'begin']]);
    const secret = secretOn(await owner.get(appPath));
    const client = injectClient(service.server);
    expect(leadsTo(await sendPassword(client, person))).toBe('/services');
    expect((await sendProof(client, { code: appCode(secret) })).status).toBe(422);
  });

  test('the secret that somebody saw in another session is not the one that its owner gets', async () => {
    const { person, owner } = await newcomer();
    const thief = injectClient(service.server);
    await sendPassword(thief, person);
    await sendProof(thief, { password: person.password ?? '' });
    await thief.post(appPath, [...(await csrfOf(thief)), ['action', 'begin']]);
    const known = secretOn(await thief.get(appPath));

    await sendProof(owner, { password: person.password ?? '' });
    expect(seen(await owner.get(appPath))).toContain(t.authenticator.needed);
    await owner.post(appPath, [...(await csrfOf(owner)), ['action', 'begin']]);
    const page = await owner.get(appPath);
    expect(secretOn(page)).not.toBe(known);
    const answer = await thief.post(appPath, [...(await csrfOf(thief)), ['code', appCode(known)]]);
    expect(seen(answer)).toContain(t.authenticator.setupOver);
    // A new proof gives the session a new secret, and the page stays the same.
    await sendProof(owner, { password: person.password ?? '' });
    expect(secretOn(await owner.get(appPath))).toBe(secretOn(page));
  });

  test('after an hour it is begun anew', async () => {
    const { person, owner } = await newcomer();
    await sendProof(owner, { password: person.password ?? '' });
    await owner.post(appPath, [...(await csrfOf(owner)), ['action', 'begin']]);
    const page = await owner.get(appPath);
    await service.database.run(sql`
      update cabinet.authenticator_setup set expires_at = expires_at - interval '1 hour'
      where holder_id = ${holderOf(person)}`);
    const code = appCode(secretOn(page));
    const late = await owner.post(appPath, formOf(page.body, appPath, { code }));
    expect([late.status, seen(late)]).toEqual([422, expect.stringContaining(t.authenticator.setupOver)]);
    await owner.post(appPath, [...(await csrfOf(owner)), ['action', 'begin']]);
    expect(secretOn(await owner.get(appPath))).not.toBe(secretOn(page));
  });

  test('another phone replaces it without a gap', async () => {
    const { person, owner, secret } = await withApp();
    await sendProof(owner, { code: appCode(secret) });
    await owner.post(appPath, [...(await csrfOf(owner)), ['action', 'begin']]);
    const page = await owner.get(appPath);
    const next = secretOn(page);
    await forgetLastCode(service, person);
    expect((await sendStep(await afterPassword(service, person), appCode(secret))).status).toBe(303);
    await owner.post(appPath, formOf(page.body, appPath, { code: appCode(next) }));
    await forgetLastCode(service, person);
    const client = await afterPassword(service, person);
    expect((await sendStep(client, appCode(secret))).status).toBe(422);
    expect((await sendStep(client, appCode(next))).status).toBe(303);
    expect(await eventsOf(service, person)).toContain('authenticator-replaced');
  });
});

/** What a camera reads from the picture on a page. */
function decodedQr(html: string): string {
  const svg = readPage(html).querySelector('svg.qr');
  const size = Number(svg?.getAttribute('viewBox')?.split(' ')[2]);
  const path = svg?.querySelector('path[fill="#000"]')?.getAttribute('d') ?? '';
  const scale = 4;
  const data = new Uint8Array((size * scale) ** 2 * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    for (let dy = 0; dy < scale; dy += 1) {
      const from = ((Number(y) * scale + dy) * size + Number(x)) * scale;
      for (let at = from; at < from + Number(length) * scale; at += 1) data.fill(0, at * 4, at * 4 + 3);
    }
  }
  return decodeQR({ width: size * scale, height: size * scale, data });
}

describe('signing in', () => {
  test('the code opens the session, and the history names the step', async () => {
    const { person, secret } = await withApp();
    const client = await afterPassword(service, person);
    const page = await client.get(stepPath);
    expect(seen(page)).toContain(t.step.appLead);
    const code = appCode(secret);
    expect(leadsTo(await sendStep(client, ` ${code.slice(0, 3)} ${code.slice(3)}`))).toBe('/services');
    const event = await service.database.first<{ detail: object }>(sql`
      select detail from cabinet.security_event
      where holder_id = ${holderOf(person)} and kind = 'signed-in' order by event_id desc limit 1`);
    expect(event?.detail).toMatchObject({ method: 'password', step: 'authenticator' });
  });

  test('a phone whose clock is up to half a minute ahead signs in, one that is further off does not', async () => {
    // Each stays on its side of the limit when the half minute ends during the test. The limits
    // themselves are those of `src/features/authenticator/totp.test.ts`.
    const { person, secret } = await withApp();
    const client = await afterPassword(service, person);
    for (const steps of [-3, 3]) expect((await sendStep(client, appCode(secret, steps))).status).toBe(422);
    expect((await sendStep(client, appCode(secret, 1))).status).toBe(303);
  });

  test('a code that somebody has read along is worth nothing, in another process either', async () => {
    const { person, secret } = await withApp();
    const other = { server: await service.anotherProcess() };
    const code = appCode(secret);
    const [owner, thief, elsewhere] = [
      await afterPassword(service, person),
      await afterPassword(service, person),
      await afterPassword(other, person),
    ];
    expect((await sendStep(owner, code)).status).toBe(303);
    for (const one of [thief, elsewhere]) {
      const answer = await sendStep(one, code);
      expect([answer.status, seen(answer)]).toEqual([422, expect.stringContaining(t.reasons.codeUsed)]);
    }
    // Nor is the code before it, whose half minute is not over for the service.
    expect((await sendStep(thief, appCode(secret, -1))).status).toBe(422);
  });

  test('one code in many processes at once opens one session', async () => {
    const { person, secret } = await withApp();
    const servers = [service, { server: await service.anotherProcess() }];
    const clients = await Promise.all(
      [0, 1, 2, 3].map((n) => afterPassword(servers[n % 2] ?? service, person)),
    );
    const code = appCode(secret);
    const answers = await Promise.all(clients.map((client) => sendStep(client, code)));
    expect(answers.filter((answer) => leadsTo(answer) === '/services')).toHaveLength(1);
  });

  test('guesses in parallel: five are compared, then the right code must wait too', async () => {
    const { person, secret } = await withApp();
    const stranger = await afterPassword(service, person);
    const page = await stranger.get(stepPath);
    const form = formOf(page.body, stepPath, { code: wrongAppCode(secret) });
    const answers = await Promise.all(Array.from({ length: 12 }, () => stranger.post(stepPath, form)));
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
    expect((await sendStep(stranger, appCode(secret))).status).toBe(429);
    expect(await noticesOf(service, person, 'step-failures')).toBe(2);
    await forgetTries(service);
    expect((await sendStep(stranger, appCode(secret))).status).toBe(303);
  });

  test('who has an app is never offered SMS, unless they allowed it', async () => {
    const { person, secret } = await withApp();
    const client = await afterPassword(service, person);
    const page = await client.get(stepPath);
    expect(seen(page)).not.toContain(t.prove.send);
    expect(seen(page)).not.toContain(t.accountRequest.resend);
    await client.post(stepPath, [...formOf(page.body, stepPath), ['action', 'resend']]);
    const codes = () =>
      service.database.rows(sql`
        select from cabinet.code where holder_id = ${holderOf(person)} and purpose = 'sign-in-step'`);
    expect(await codes()).toEqual([]);

    await service.database.run(sql`
      insert into cabinet.second_step (holder_id, sms_allowed_at) values (${holderOf(person)}, now())`);
    const allowed = await client.get(stepPath);
    expect(seen(allowed)).toContain(t.prove.send);
    expect(await codes(), 'nothing is sent before somebody asks for it').toEqual([]);
    await client.post(stepPath, [...formOf(allowed.body, stepPath), ['action', 'resend']]);
    expect(await codes()).toHaveLength(1);
    expect((await sendStep(client, appCode(secret))).status).toBe(303);
  });

  test('a recovered password does not pass by the app', async () => {
    const { person, secret } = await withApp();
    await service.database.run(sql`
      update cabinet.credential set recovered_at = now(), recovered_via = 'mobile'
      where holder_id = ${holderOf(person)}`);
    const client = await afterPassword(service, person);
    expect(leadsTo(await client.get('/services'))).toMatch(/^\/sign-in/);
    expect((await sendStep(client, appCode(secret))).status).toBe(303);
    expect((await client.get('/services/requisites')).body).toContain('name="address"');
  });
});

describe('a thief with a session', () => {
  test('adds, replaces and removes nothing without a proof, and the password is none beside an app', async () => {
    const { person, owner } = await newcomer();
    const csrf = await csrfOf(owner);
    const begun = await owner.post(appPath, [...csrf, ['action', 'begin']]);
    expect(leadsTo(begun)).toBe(`${provePath}?to=${encodeURIComponent(appPath)}`);
    expect(
      await service.database.rows(sql`
        select from cabinet.authenticator_setup where holder_id = ${holderOf(person)}`),
    ).toEqual([]);

    const secret = await giveApp(service, person);
    for (const path of [appPath, `${appPath}/remove`, codesPath])
      expect(leadsTo(await owner.post(path, csrf))).toMatch(/^\/security\/prove/);
    expect(leadsTo(await owner.get(appPath))).toMatch(/^\/security\/prove/);
    const answer = await sendProof(owner, { password: person.password ?? '' });
    expect([answer.status, seen(answer)]).toEqual([422, expect.stringContaining(t.prove.notAccepted)]);
    expect(leadsTo(await sendProof(owner, { code: appCode(secret) }))).toBe(appPath);
  });

  test('loses the session when the owner adds an app', async () => {
    const { person, owner } = await newcomer();
    const thief = injectClient(service.server);
    await sendPassword(thief, person);
    await addApp(service, { person, owner });
    expect(leadsTo(await thief.get('/services'))).toMatch(/^\/sign-in/);
    expect((await owner.get('/services')).status).toBe(200);
  });
});

describe('removing', () => {
  test('a password of 15 characters comes first, where the app is the last strong step', async () => {
    const { person, owner, secret } = await withApp();
    await sendProof(owner, { code: appCode(secret) });
    const page = await owner.get(appPath);
    const refused = await owner.post(`${appPath}/remove`, formOf(page.body, `${appPath}/remove`));
    expect(refused.status).toBe(422);
    expect(seen(refused)).toContain(t.authenticator.passwordShort);
    expect(readPage(refused.body).querySelector('[role=alert] a')?.getAttribute('href')).toBe(
      '/security/password',
    );
    expect((await stored(person)).secret).toBeInstanceOf(Buffer);

    await service.database.run(
      sql`update cabinet.credential set suffices_alone = true where holder_id = ${holderOf(person)}`,
    );
    const removed = await owner.post(`${appPath}/remove`, formOf(page.body, `${appPath}/remove`));
    expect(leadsTo(removed)).toBe('/security?done=factors');
    expect(await eventsOf(service, person)).toContain('authenticator-removed');
    expect(leadsTo(await sendPassword(injectClient(service.server), person))).toBe('/services');
  });
});

describe('somebody with a copy of the database', () => {
  test('reads no secret, and a row that is copied to another holder does not open', async () => {
    const { person, secret } = await withApp();
    const { person: other } = await newcomer();
    const { secret: sealed } = await stored(person);
    expect(sealed.includes(Buffer.from(secret))).toBe(false);
    await service.database.run(sql`
      insert into cabinet.authenticator (holder_id, secret, sealed_by, by_eds, confirmed_at)
      select ${holderOf(other)}, secret, sealed_by, by_eds, confirmed_at from cabinet.authenticator
      where holder_id = ${holderOf(person)}`);
    const client = await afterPassword(service, other);
    expect((await sendStep(client, appCode(secret))).status).toBe(500);

    // It holds up nobody else when the key changes, and the operator learns of it.
    const deps = { database: service.database, keys: createKeys(['n'.repeat(32), 'k'.repeat(32)]) };
    await expect(resealAuthenticators(deps)).rejects.toThrow('1 secrets');
    await service.database.run(sql`delete from cabinet.authenticator where holder_id = ${holderOf(other)}`);
    expect(await resealAuthenticators(deps)).toBe(0);
  });
});

describe('a change of SECRET_KEYS', () => {
  const [former, next] = ['k'.repeat(32), 'n'.repeat(32)];

  test('codes go on being right, and a sign-in seals the secret again', async () => {
    const { person, secret } = await withApp();
    const before = await stored(person);
    const rotated = { server: await service.anotherProcess({ SECRET_KEYS: `${next},${former}` }) };
    expect((await sendStep(await afterPassword(rotated, person), appCode(secret))).status).toBe(303);
    const after = await stored(person);
    expect(after.sealedBy.equals(before.sealedBy)).toBe(false);
    await forgetLastCode(service, person);
    const alone = { server: await service.anotherProcess({ SECRET_KEYS: next }) };
    expect((await sendStep(await afterPassword(alone, person), appCode(secret))).status).toBe(303);
  });

  test('housekeeping seals the others again, in portions, and two processes may do it at once', async () => {
    const someone = await Promise.all([1, 2, 3, 4, 5].map(() => withApp()));
    const deps = { database: service.database, keys: createKeys([next, former]) };
    expect(await resealAuthenticators({ ...deps, keys: createKeys([former]) })).toBe(0);
    const [one = 0, two = 0] = await Promise.all(
      [2, 3].map((portion) => resealAuthenticators(deps, { portion })),
    );
    expect(one + two).toBeGreaterThanOrEqual(someone.length);
    expect(await resealAuthenticators(deps)).toBe(0);
    const alone = { server: await service.anotherProcess({ SECRET_KEYS: next }) };
    for (const { person, secret } of someone)
      expect((await sendStep(await afterPassword(alone, person), appCode(secret))).status).toBe(303);
  });
});
