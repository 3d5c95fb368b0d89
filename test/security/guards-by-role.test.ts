import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { accountRequestDeps, processAll } from '../support/account-request-deps.ts';
import { type Client, injectClient } from '../support/client.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Every limit applies in every role that serves people, so the setup that docs/scaling.md
// recommends is protected like a laptop. `ROLE=worker` serves nobody (test/processes/role.test.ts),
// so nothing there can be guessed or used up. The last test shows that it keeps the limits when it
// does its work.

let people = 7_300;

function inventOne(): PersonLine {
  people += 1;
  return inventPerson(people);
}

describe.each(['all', 'web'])('ROLE=%s', (role) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService({ ROLE: role, CODES_PER_NETWORK_HOUR: '12', CODE_BREAKER_LEAST: '20' });
  });

  afterAll(() => service.close());

  async function enrol(): Promise<PersonLine> {
    const person = inventOne();
    await service.enrol(person);
    return person;
  }

  const browser = () => injectClient(service.server);

  async function post(client: Client, path: string, values: Readonly<Record<string, string>>) {
    return client.post(path, formOf((await client.get(path)).body, path, values));
  }

  async function ask(client: Client, { iin, requisites }: PersonLine, path = '/recover') {
    return post(client, path, { iin, contact: requisites.mobilePhone ?? '' });
  }

  /** Simulates another hour, in which all quotas are available again. */
  const later = () => service.database.run(sql`delete from cabinet.allowance`);

  test('sign-in: the sixth wrong password of one network waits', async () => {
    const { iin } = await enrol();
    const seen: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      seen.push((await post(browser(), '/sign-in', { iin, password: 'басқа құпиясөз' })).status);
    }
    expect(seen).toEqual([422, 422, 422, 422, 422, 429]);
  });

  test('sign-in: an IIN tried from thirty networks has to wait', async () => {
    const { iin } = await enrol();
    for (let n = 0; n < 30; n += 1) {
      await post(browser(), '/sign-in', { iin, password: 'басқа құпиясөз' });
      // Simulates another network: the count of the pair begins again, and that of the IIN
      // continues.
      await service.database.run(
        sql`delete from cabinet.failure where key in (select key from cabinet.failure order by failures limit 1)`,
      );
    }
    const answer = await post(browser(), '/sign-in', { iin, password: 'басқа құпиясөз' });
    expect(answer.status).toBe(429);
  });

  test('the current password: the sixth guess at an open session waits', async () => {
    const client = await signedIn(service, await enrol());
    const password = 'тау бөктеріндегі көк үй';
    const seen: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const values = { currentPassword: 'басқа құпиясөз', password, passwordAgain: password };
      seen.push((await post(client, '/security/password', values)).status);
    }
    expect(seen).toEqual([422, 422, 422, 422, 422, 429]);
  });

  /** Somebody who allowed codes by SMS, and a browser that has given their password. */
  async function withStep() {
    const person = await enrol();
    const session = await signedIn(service, person);
    await session.get('/services/requisites');
    await service.database.run(sql`
      insert into cabinet.second_step (holder_id, sms_allowed_at)
      select holder_id, now() from cabinet.holder where iin = ${person.iin}`);
    return { session, waiting: await signedIn(service, person) };
  }

  test('the second step: the sixth wrong code waits', async () => {
    const { waiting } = await withStep();
    const seen: number[] = [];
    for (let n = 0; n < 6; n += 1)
      seen.push((await post(waiting, '/sign-in/step', { code: '000000' })).status);
    expect(seen).toEqual([422, 422, 422, 422, 422, 429]);
  });

  test('a fresh proof: the sixth guess at an open session waits', async () => {
    const session = await signedIn(service, await enrol());
    const seen: number[] = [];
    for (let n = 0; n < 6; n += 1)
      seen.push((await post(session, '/security/prove', { password: 'басқа құпиясөз' })).status);
    expect(seen).toEqual([422, 422, 422, 422, 422, 429]);
  });

  test('a session without a fresh proof changes no factor, and one that only reads saves nothing', async () => {
    const { session } = await withStep();
    const wanted = await session.get('/security/sms-step');
    expect(wanted.headers['location']).toMatch(/^\/security\/prove/);
    await service.database.run(sql`update cabinet.session set restricted = 'fresh-mobile'`);
    const form = await session.get('/services/requisites');
    expect(form.body).not.toContain('name="address"');
    await service.database.run(sql`update cabinet.session set restricted = null`);
  });

  test('account requests: the thirteenth of one network in an hour waits', async () => {
    await later();
    const person = await enrol();
    const seen: number[] = [];
    for (let n = 0; n < 13; n += 1) seen.push((await ask(browser(), person)).status);
    expect(seen).toEqual([...Array<number>(12).fill(303), 429]);
    await later();
  });

  /** The service's own worker may be processing the request, so this waits until it is done. */
  async function processed(): Promise<void> {
    const deps = await accountRequestDeps(service.database);
    await vi.waitFor(async () => {
      await processAll(deps);
      const waiting = await service.database.rows(sql`select from cabinet.entry where examined_at is null`);
      expect(waiting).toEqual([]);
    });
  }

  test('a code allows five tries', async () => {
    const client = browser();
    await ask(client, await enrol());
    await processed();
    for (let n = 0; n < 5; n += 1) await post(client, '/recover/confirm', { code: `WR0NG00${n}` });
    const { body } = await post(client, '/recover/confirm', { code: 'WR0NG009' });
    expect(body).toContain('Әрекет саны таусылды');
  });

  test('the codes of a change allow five tries', async () => {
    const person = await enrol();
    const client = await signedIn(service, person);
    const path = '/services/requisites';
    const mobilePhone = (person.requisites.mobilePhone ?? '').replace('+7701', '+7702');
    expect((await post(client, path, { mobilePhone })).headers['location']).toBe(`${path}/confirm`);
    for (let n = 0; n < 7; n += 1) {
      await post(client, `${path}/confirm`, {
        via: 'email',
        newMobileCode: `00000${n}`,
        currentCode: `00000${n}`,
      });
    }
    const tries = await service.database.rows<{ attempts: number }>(sql`
      select attempts from cabinet.code join cabinet.holder using (holder_id) where iin = ${person.iin}`);
    for (const { attempts } of tries) expect(attempts).toBeLessThanOrEqual(5);
    expect(tries.length).toBeGreaterThan(0);
  });

  test('suggestions: sixty at once are answered, and later ones must wait', async () => {
    const client = await signedIn(service, await enrol());
    const path = '/api/postcode?postcode=050000&address=x';
    const statuses: number[] = [];
    // Ten a second become free meanwhile, so how many are answered depends on the machine.
    while (statuses.length < 2_000 && !statuses.includes(429)) {
      const answers = await Promise.all(Array.from({ length: 30 }, () => client.get(path)));
      statuses.push(...answers.map(({ status }) => status));
    }
    expect(statuses.slice(0, 60)).not.toContain(429);
    expect(statuses).toContain(429);
  });

  test('sessions: the sixth of one person ends the first', async () => {
    const person = await enrol();
    const clients = [];
    for (let n = 0; n < 6; n += 1) clients.push(await signedIn(service, person));
    expect((await clients[0]?.get('/services'))?.status).toBe(303);
    expect((await clients[5]?.get('/services'))?.status).toBe(200);
  });

  test('this process itself notices that codes are guessed across the population, and that it is over', async () => {
    await later();
    const client = browser();
    await ask(client, await enrol());
    await service.database.run(sql`
      insert into cabinet.code_outcome as o (minute, compared, failed) values (date_trunc('minute', now()), 900, 900)
      on conflict (minute) do update set failed = 900`);
    await vi.waitFor(async () => expect((await client.get('/recover')).body).toContain('уақытша шектелді'), {
      timeout: 20_000,
      interval: 50,
    });
    expect((await ask(browser(), await enrol(), '/register')).status).toBe(503);
    expect((await post(client, '/recover/confirm', { code: 'AAAAAAAA' })).status).toBe(503);
    const alerts = await service.database.rows(
      sql`select from cabinet.alert where kind = 'code-guessing' and ended_at is null`,
    );
    expect(alerts).toHaveLength(1);
    expect((await signedIn(service, await enrol())).cookies.has('session')).toBe(true);
    await service.database.run(sql`delete from cabinet.code_outcome`);
    await vi.waitFor(
      async () => expect((await client.get('/recover')).body).not.toContain('уақытша шектелді'),
      { timeout: 20_000, interval: 50 },
    );
  });
});

test('a worker sends three codes to one person in 15 minutes', async () => {
  const service = await startService({ ROLE: 'web' });
  const worker = await service.anotherProcess({ ROLE: 'worker' });
  expect((await injectClient(worker).get('/recover')).status).toBe(404);
  const person = inventOne();
  await service.enrol(person);
  const deps = await accountRequestDeps(service.database);
  for (let n = 0; n < 5; n += 1) {
    const client = injectClient(service.server);
    const form = formOf((await client.get('/recover')).body, '/recover', {
      iin: person.iin,
      contact: person.requisites.mobilePhone ?? '',
    });
    expect((await client.post('/recover', form)).status).toBe(303);
    await processAll(deps);
  }
  const codes = await service.database.rows(sql`
    select from cabinet.outbox join cabinet.holder using (holder_id) where iin = ${person.iin} and lane = 'code'`);
  expect(codes).toHaveLength(3);
  await service.close();
});
