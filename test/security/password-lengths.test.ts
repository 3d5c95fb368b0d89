import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completeRequest } from '../../src/features/account-request/choose-password.ts';
import { writeNewPassword } from '../../src/features/passwords/change.ts';
import { tokenHash } from '../../src/platform/keys.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { fill, textsOf } from '../../src/texts/texts.ts';
import { type Client, injectClient } from '../support/client.ts';
import type { PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';
import {
  appCode,
  arrive,
  giveApp,
  holderOf,
  leadsTo,
  seen,
  sendPassword,
  sendStep,
  stepPath,
} from '../support/step-visitor.ts';

// A password that stands alone is long. One beside a strong step may be shorter, and nothing
// leaves a short one alone without a word.

const t = textsOf('kk');
const path = '/security/password';
const rule = (least: number) => fill(t.newPassword.ruleLength, { least, most: 128 });
const long = 'қыран дала жел ұшты';

let service: TestService;
let people = 9_500;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

const newcomer = () => arrive(service, people++);

async function change(client: Client, current: string, password: string) {
  const page = await client.get(path);
  return client.post(
    path,
    formOf(page.body, path, { currentPassword: current, password, passwordAgain: password }),
  );
}

async function sufficesAlone(person: PersonLine): Promise<boolean | null | undefined> {
  const row = await service.database.first<{ is: boolean | null }>(sql`
    select suffices_alone as is from cabinet.credential where holder_id = ${holderOf(person)}`);
  return row?.is;
}

/** A request of recovery whose code was right, and the browser that made it. */
async function proved(person: PersonLine): Promise<Client> {
  const token = randomBytes(32).toString('base64url');
  await service.database.run(sql`
    insert into cabinet.entry (entry_hash, kind, asked, language, network, holder_id, proved_at, expires_at)
    values (${tokenHash(token)}, 'recover', '', 'kk', '', ${holderOf(person)}, now(), now() + interval '10 minutes')`);
  return injectClient(service.server, undefined, [['entry', token]]);
}

async function recover(client: Client, password: string) {
  const page = await client.get('/recover/password');
  const form = formOf(page.body, '/recover/password', { password, passwordAgain: password });
  return client.post('/recover/password', form);
}

describe('the page says the right number before the first try, and asks for it', () => {
  test.each([
    ['without a step', 15, '/services', async () => undefined],
    [
      'beside SMS',
      15,
      // The mobile that restored the password is no step, and the session only reads.
      '/services',
      (person: PersonLine) =>
        service.database.run(sql`
          insert into cabinet.second_step (holder_id, sms_allowed_at) values (${holderOf(person)}, now())`),
    ],
    ['beside an app', 8, stepPath, (person: PersonLine) => giveApp(service, person)],
  ] as const)('%s', async (_name, least, next, prepare) => {
    const { person, owner } = await newcomer();
    await prepare(person);
    expect(seen(await owner.get(path))).toContain(rule(least));
    const tooShort = long.slice(0, least - 1);
    const refused = await change(owner, person.password ?? '', tooShort);
    expect(refused.status).toBe(422);
    expect(seen(refused)).toContain(fill(t.reasons.passwordShort, { least }));
    const chosen = long.slice(0, least);
    expect(leadsTo(await change(owner, person.password ?? '', chosen))).toBe('/security?done=changed');
    expect(await sufficesAlone(person)).toBe(least === 15);

    const visitor = await proved(person);
    expect(seen(await visitor.get('/recover/password'))).toContain(rule(least));
    const again = await recover(visitor, tooShort);
    expect(seen(again)).toContain(fill(t.reasons.passwordShort, { least }));
    const recovered = `${long.slice(0, least - 1)}!`;
    expect(leadsTo(await recover(visitor, recovered))).toBe('/sign-in?password=saved');
    expect(await sufficesAlone(person)).toBe(least === 15);
    expect(leadsTo(await sendPassword(injectClient(service.server), person, recovered))).toBe(next);
  });
});

describe('a strong step that goes while a short password is chosen', () => {
  test('leaves the former password in place', async () => {
    const { person } = await newcomer();
    const row = await service.database.first<{ holderId: string; hash: string; session: Buffer }>(sql`
      select holder_id as "holderId", password_hash as hash, session_hash as session
      from cabinet.credential join cabinet.session using (holder_id)
      where holder_id = ${holderOf(person)} and ended_at is null`);
    if (!row) throw new Error('there is no session');
    const { holderId, hash: former, session: sessionHash } = row;
    const chosen = { hash: 'new', sufficesAlone: false };
    const outcome = await writeNewPassword(
      service.database,
      { holderId, sessionHash, requestId: 'r' },
      { ...chosen, former, nextSession: randomBytes(32), failures: randomBytes(32) },
    );
    expect(outcome).toEqual({ kind: 'invalid', errors: { password: 'passwordShort' } });

    const { cookies } = await proved(person);
    const entry = tokenHash(cookies.get('entry') ?? '');
    const recovered = await completeRequest(service.database, entry, 'recover', {
      ...chosen,
      requestId: 'r',
      failures: [],
    });
    expect(recovered).toBe('passwordShort');
    const now = await service.database.first<{ hash: string }>(sql`
      select password_hash as hash from cabinet.credential where holder_id = ${holderId}`);
    expect(now?.hash).toBe(former);
  });
});

describe('a sign-in', () => {
  test.each([
    [null, false],
    [true, false],
  ])('learns the length of a password of which is noted: %s', async (noted, learned) => {
    const { person } = await newcomer();
    await service.database.run(
      sql`update cabinet.credential set suffices_alone = ${noted} where holder_id = ${holderOf(person)}`,
    );
    const client = injectClient(service.server);
    expect((await sendPassword(client, person, 'a wrong one that is long')).status).toBe(422);
    expect(await sufficesAlone(person)).toBe(noted);
    await sendPassword(client, person);
    expect(await sufficesAlone(person)).toBe(learned);
  });

  test('forces nobody: the home says in a line that the password is short, and how to go on', async () => {
    const { person, owner } = await newcomer();
    const home = seen(await owner.get('/services'));
    expect(home).toContain(t.advice.passwordShort);
    expect(home).not.toContain(t.advice.step);
    expect(leadsTo(await change(owner, person.password ?? '', long))).toBe('/security?done=changed');
    expect(seen(await owner.get('/services'))).not.toContain(t.advice.passwordShort);
  });

  test('a short password beside an app is short for nobody', async () => {
    const { person } = await newcomer();
    const secret = await giveApp(service, person);
    const client = injectClient(service.server);
    expect(leadsTo(await sendPassword(client, person))).toBe(stepPath);
    await sendStep(client, appCode(secret));
    const home = seen(await client.get('/services'));
    expect(home).not.toContain(t.advice.passwordShort);
    expect(home).not.toContain(t.advice.step);
  });
});

describe('the suggestion of a second step', () => {
  const dismiss = '/security/suggestion/dismiss';

  test('stays away for 90 days after it was closed', async () => {
    const { person, owner } = await newcomer();
    await change(owner, person.password ?? '', long);
    const home = await owner.get('/services');
    expect(seen(home)).toContain(t.advice.step);
    expect(leadsTo(await owner.post(dismiss, formOf(home.body, dismiss)))).toBe('/services');
    expect(seen(await owner.get('/services'))).not.toContain(t.advice.step);
    for (const [days, isShown] of [
      [89, false],
      [1, true],
    ] as const) {
      await service.database.run(sql`
        update cabinet.second_step set dismissed_at = dismissed_at - make_interval(days => ${days})
        where holder_id = ${holderOf(person)}`);
      expect(seen(await owner.get('/services')).includes(t.advice.step)).toBe(isShown);
    }
  });

  test('is not shown to who has no password, or only reads', async () => {
    const { person, owner } = await newcomer();
    await service.database.run(sql`
      update cabinet.session set restricted = 'fresh-mobile' where holder_id = ${holderOf(person)}`);
    const { advice } = t;
    for (const text of [advice.step, advice.passwordShort])
      expect(seen(await owner.get('/services'))).not.toContain(text);
    await service.database.run(sql`
      update cabinet.session set restricted = null, method = 'eds' where holder_id = ${holderOf(person)}`);
    await service.database.run(sql`delete from cabinet.credential where holder_id = ${holderOf(person)}`);
    for (const text of [advice.step, advice.passwordShort])
      expect(seen(await owner.get('/services'))).not.toContain(text);
  });
});
