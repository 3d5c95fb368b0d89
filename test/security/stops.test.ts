import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { codeOf } from '../../src/features/codes/code.ts';
import type { IssuedCode } from '../../src/features/codes/store.ts';
import { disavow } from '../../src/features/disavowal/disavow.ts';
import { disavowalPath } from '../../src/features/disavowal/link.ts';
import { unfreeze } from '../../src/features/disavowal/unfreeze.ts';
import { tokenHash } from '../../src/platform/keys.ts';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import type { Iin } from '../../src/values/iin.ts';
import { type Client, injectClient } from '../support/client.ts';
import { inventPerson, type PersonLine, password } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Something that was ended stays ended: by "this wasn't me", by signing in again, by a new
// password, by the fund.

const form = '/services/requisites';
const chosen = 'тау бөктеріндегі көк үй';

let service: TestService;
let people = 6_700;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

async function enrol(): Promise<PersonLine> {
  const person = inventPerson(people);
  people += 1;
  await service.enrol(person);
  return person;
}

async function holderOf({ iin }: PersonLine): Promise<string> {
  const row = await service.database.first<{ id: string }>(
    sql`select holder_id as id from cabinet.holder where iin = ${iin}`,
  );
  return row?.id ?? '';
}

async function notMeLink(person: PersonLine): Promise<string> {
  const holderId = await holderOf(person);
  const row = await service.database.first<{ id: string }>(
    sql`insert into cabinet.disavowal (holder_id) values (${holderId}) returning disavowal_id as id`,
  );
  return row?.id ?? '';
}

async function answerNotMe(person: PersonLine): Promise<void> {
  const client = injectClient(service.server);
  const path = disavowalPath(service.keys, await notMeLink(person));
  const page = await client.get(path);
  expect((await client.post(path, formOf(page.body, path))).status).toBe(200);
}

async function post(client: Client, path: string, values: Readonly<Record<string, string>>) {
  return client.post(path, formOf((await client.get(path)).body, path, values));
}

async function recoverUntilProved(person: PersonLine): Promise<Client> {
  const client = injectClient(service.server);
  await post(client, '/recover', { iin: person.iin, contact: person.requisites.mobilePhone ?? '' });
  const code = await vi.waitFor(
    async () => {
      const issued = await service.database.first<IssuedCode>(sql`
        select c.code_id as "codeId", c.holder_id as "holderId", purpose, channel, destination, change_id as "changeId"
        from cabinet.code c join cabinet.entry e using (code_id)
        where e.entry_hash = ${tokenHash(client.cookies.get('entry') ?? '')}`);
      if (!issued) throw new Error('no code yet');
      return codeOf(service.keys, issued);
    },
    { timeout: 20_000, interval: 10 },
  );
  expect((await post(client, '/recover/confirm', { code })).headers['location']).toBe('/recover/password');
  return client;
}

async function waitsForLock(database: Database): Promise<void> {
  await vi.waitFor(
    async () => {
      const row = await database.first<{ waiting: number }>(sql`
        select count(*)::int as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`);
      expect(row?.waiting).toBeGreaterThan(0);
    },
    { timeout: 20_000, interval: 10 },
  );
}

describe('"this wasn\'t me"', () => {
  test('ends an account request whose code was right, also after the freeze is lifted', async () => {
    const person = await enrol();
    await signedIn(service, person).then((client) => client.get(form));
    const thief = await recoverUntilProved(person);
    const page = await thief.get('/recover/password');
    const fields = formOf(page.body, '/recover/password', { password: chosen, passwordAgain: chosen });

    await answerNotMe(person);
    expect(await unfreeze(service.database, person.iin as Iin, 'the owner came')).toBe(true);

    const answer = await thief.post('/recover/password', fields);
    expect(answer.headers['location'] ?? '').not.toContain('password=saved');
    await expect(signedIn(service, { ...person, password: chosen })).rejects.toThrow('422');
    await signedIn(service, person);
  });

  test('ends a request that is being processed, and none of its codes is right after the freeze is lifted', async () => {
    const person = await enrol();
    await signedIn(service, person).then((client) => client.get(form));
    const holderId = await holderOf(person);
    const pool = openDatabase(service.connection, { max: 1 });
    const client = injectClient(service.server);
    const freezing = await freezeInSteps(holderId);
    // The worker has looked at the person before the freeze, and queues its code after it.
    await post(client, '/recover', { iin: person.iin, contact: person.requisites.mobilePhone ?? '' });
    await waitsForLock(pool);
    await freezing.commit();
    await vi.waitFor(
      async () => {
        const row = await pool.first<{ examined: boolean; codeId: string | null }>(sql`
          select examined_at is not null as examined, code_id as "codeId" from cabinet.entry
          where entry_hash = ${tokenHash(client.cookies.get('entry') ?? '')}`);
        expect(row).toEqual({ examined: true, codeId: null });
      },
      { timeout: 20_000, interval: 10 },
    );
    await pool.close();
  });

  test('waits for a change that is being made, and allows none after it', async () => {
    const person = await enrol();
    const owner = await signedIn(service, person);
    const page = await owner.get(form);
    const pool = openDatabase(service.connection, { max: 3 });
    const holderId = await holderOf(person);
    const disavowal = await notMeLink(person);

    // A change holds the rows, so the freeze is not confirmed before the change has committed.
    const seen: string[] = [];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const changing = pool.transaction(async (transaction) => {
      await transaction.run(sql`select from cabinet.holder where holder_id = ${holderId} for no key update`);
      await transaction.run(sql`select from cabinet.requisites where holder_id = ${holderId} for update`);
      seen.push('locked');
      await held;
      seen.push('changed');
    });
    await vi.waitFor(() => expect(seen).toEqual(['locked']));
    const stopping = disavow({ database: pool, disavowalSettings: { days: 10 } }, disavowal, 'r').then(() =>
      seen.push('stopped'),
    );
    await waitsForLock(pool);
    expect(seen).toEqual(['locked']);
    release();
    await Promise.all([changing, stopping]);
    expect(seen).toEqual(['locked', 'changed', 'stopped']);

    // The form of a session that the freeze has ended saves nothing.
    const answer = await owner.post(form, formOf(page.body, form, { apartment: '99', formId: randomUUID() }));
    expect([answer.status, answer.headers['location']]).toEqual([
      303,
      `/sign-in?ended=1&to=${encodeURIComponent(form)}`,
    ]);
    await pool.close();
  });

  test('a save that waits while the freeze commits is neither saved nor shown as saved', async () => {
    const person = await enrol();
    const owner = await signedIn(service, person);
    const page = await owner.get(form);
    const pool = openDatabase(service.connection, { max: 2 });
    const freezing = await freezeInSteps(await holderOf(person));
    const saving = owner.post(form, formOf(page.body, form, { apartment: '98', formId: randomUUID() }));
    await waitsForLock(pool);
    await freezing.commit();
    const answer = await saving;
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toContain('/sign-in');
    const saved = await pool.first<{ count: number }>(sql`
      select count(*)::int as count from cabinet.change where holder_id = ${await holderOf(person)}`);
    expect(saved?.count).toBe(0);
    await pool.close();
  });
});

/** A freeze that has taken its locks and ended the sessions. It commits on request. */
async function freezeInSteps(holderId: string): Promise<{ commit(): Promise<void> }> {
  const pool = openDatabase(service.connection, { max: 1 });
  let commit: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let begun: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const done = pool.transaction(async (transaction) => {
    await transaction.run(sql`select from cabinet.holder where holder_id = ${holderId} for no key update`);
    await transaction.run(sql`insert into cabinet.freeze (holder_id) values (${holderId})`);
    await transaction.run(sql`
      update cabinet.session set ended_at = now(), end_reason = 'frozen' where holder_id = ${holderId}`);
    begun();
    await told;
  });
  await ready;
  return {
    async commit() {
      commit();
      await done;
      await pool.close();
    },
  };
}

describe('signing in again', () => {
  /**
   * A browser whose session has timed out. It still has the cookie, and the session still has its
   * row.
   */
  async function timedOut(person: PersonLine): Promise<{ client: Client; former: string }> {
    const client = await signedIn(service, person);
    const former = client.cookies.get('session') ?? '';
    await service.database.run(sql`
      update cabinet.session set seen_at = now() - interval '20 minutes' where session_hash = ${tokenHash(former)}`);
    return { client, former };
  }

  async function signInAgain(client: Client, iin: string, typed: string) {
    const page = await client.get('/sign-in');
    return client.post('/sign-in', formOf(page.body, '/sign-in', { iin, password: typed }));
  }

  const ended = async (token: string) =>
    (await service.database.first(sql`
      select from cabinet.session where session_hash = ${tokenHash(token)} and ended_at is not null`)) !==
    undefined;

  test("ends the browser's former session, also another person's", async () => {
    const [one, other] = [await enrol(), await enrol()];
    for (const next of [one, other]) {
      const { client, former } = await timedOut(one);
      expect((await signInAgain(client, next.iin, password)).headers['location']).toBe('/services');
      expect(client.cookies.get('session')).not.toBe(former);
      expect(await ended(former)).toBe(true);
      expect((await client.get('/services')).status).toBe(200);
    }
  });

  test('keeps the sessions of other browsers, and ends none when it fails', async () => {
    const person = await enrol();
    const elsewhere = await signedIn(service, person);
    const { client, former } = await timedOut(person);
    expect((await signInAgain(client, person.iin, 'wrong')).status).toBe(422);
    expect(await ended(former)).toBe(false);
    expect((await signInAgain(client, person.iin, password)).status).toBe(303);
    expect((await elsewhere.get('/services')).status).toBe(200);
  });

  test('opens no other session while one is valid', async () => {
    const [person, other] = [await enrol(), await enrol()];
    const client = await signedIn(service, person);
    const former = client.cookies.get('session');
    const csrf = formOf((await client.get('/services')).body, '/sign-out').filter(
      ([name]) => name === 'csrf',
    );
    for (const [iin, status] of [
      [person.iin, 303],
      [other.iin, 409],
    ] as const) {
      const answer = await client.post('/sign-in', [...csrf, ['iin', iin], ['password', password]]);
      expect(answer.status).toBe(status);
      expect(client.cookies.get('session')).toBe(former);
      expect(answer.body).not.toContain(person.surname);
    }
    const sessions = await service.database.rows(sql`
      select from cabinet.session s join cabinet.holder using (holder_id)
      where iin in (${person.iin}, ${other.iin}) and ended_at is null`);
    expect(sessions).toHaveLength(1);
  });
});

describe('a new password', () => {
  test('gives the session a new secret, the former one opens nothing, and the browser stays signed in', async () => {
    const person = await enrol();
    const client = await signedIn(service, person);
    const former = client.cookies.get('session') ?? '';
    const page = await client.get('/security/password');
    const form = formOf(page.body, '/security/password', {
      currentPassword: password,
      password: chosen,
      passwordAgain: chosen,
    });
    expect((await client.post('/security/password', form)).headers['location']).toBe(
      '/security?done=changed',
    );
    expect(client.cookies.get('session')).not.toBe(former);
    expect((await client.get('/security')).status).toBe(200);

    const stolen = injectClient(service.server);
    for (const path of ['/services', '/security', '/history', form[0] ? '/services/requisites' : '']) {
      const answer = await stolen.get(path, { cookie: `session=${former}` });
      expect(answer.status, path).toBe(303);
      expect(answer.body).not.toContain(person.surname);
      // The browser already has the new secret. A late answer to the former one must not remove it.
      expect(answer.setCookies.filter((cookie) => /^session=/.test(cookie))).toEqual([]);
    }
    const sessions = await service.database.rows<{ startedAt: Date }>(sql`
      select started_at from cabinet.session where holder_id = ${await holderOf(person)} and ended_at is null`);
    expect(sessions).toHaveLength(1);
  });

  test('keeps the time limits of the session', async () => {
    const person = await enrol();
    const client = await signedIn(service, person);
    const holderId = await holderOf(person);
    await service.database.run(sql`
      update cabinet.session set started_at = now() - interval '11 hours' where holder_id = ${holderId}`);
    await post(client, '/security/password', {
      currentPassword: password,
      password: chosen,
      passwordAgain: chosen,
    });
    const row = await service.database.first<{ old: boolean }>(sql`
      select started_at < now() - interval '10 hours' as old from cabinet.session
      where holder_id = ${holderId} and ended_at is null`);
    expect(row?.old).toBe(true);
  });
});
