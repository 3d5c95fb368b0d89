import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AccountRequestDeps } from '../../src/features/account-request/account-request.ts';
import { createWorkChallenge } from '../../src/features/account-request/work.ts';
import { readNow } from '../../src/platform/postgres/clock.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { kk } from '../../src/texts/kk.ts';
import { parseIin } from '../../src/values/iin.ts';
import { accountRequestDeps, processAll } from '../support/account-request-deps.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// While codes are being guessed, and once a network has asked too often, a code costs work. A proof
// is valid once, for two minutes, for one person, contact and browser. The owner's known device and
// signed-in session are not affected by what strangers do.

let service: TestService;
let deps: AccountRequestDeps;
let people = 7_600;

beforeAll(async () => {
  service = await startService({ ROLE: 'web', CODES_PER_NETWORK_HOUR: '6' });
  deps = await accountRequestDeps(service.database);
});

afterEach(async () => {
  await service.database.run(sql`delete from cabinet.allowance`);
});

afterAll(() => service.close());

async function enrol(different: Partial<PersonLine> = {}): Promise<PersonLine> {
  const person = inventPerson(people, different);
  people += 1;
  await service.enrol(person);
  return person;
}

const typedOf = ({ iin, requisites }: PersonLine) => ({ iin, contact: requisites.mobilePhone ?? '' });

async function guessing(on: boolean): Promise<void> {
  await service.database.run(
    on
      ? sql`insert into cabinet.code_outcome (minute, compared, failed) values (date_trunc('minute', now()), 9000, 9000)`
      : sql`delete from cabinet.code_outcome`,
  );
  const client = injectClient(service.server);
  await vi.waitFor(
    async () => expect((await client.get('/recover')).body.includes(kk.accountRequest.stopped)).toBe(on),
    { timeout: 20_000, interval: 50 },
  );
}

async function solve(challenge: Challenge): Promise<string> {
  const solution = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
}

/**
 * The proof that this browser's script would send for what is typed or, on the page of the code,
 * for what was typed before.
 */
async function proofFor(client: Client, typed?: { iin: string; contact: string }): Promise<string> {
  const page = typed ? '/recover' : '/recover/confirm';
  const csrf = new Map(formOf((await client.get(page)).body, page)).get('csrf') ?? '';
  const answer = await client.post('/recover/work', [['csrf', csrf], ...Object.entries(typed ?? {})]);
  expect(answer.status).toBe(200);
  return solve((JSON.parse(answer.body) as { challenge: Challenge }).challenge);
}

async function ask(
  client: Client,
  typed: { iin: string; contact: string },
  proof?: string,
): Promise<Answered> {
  const form = formOf((await client.get('/recover')).body, '/recover', typed);
  return client.post('/recover', proof === undefined ? form : [...form, ['proof', proof]]);
}

async function codesSent({ iin }: PersonLine): Promise<number> {
  await processAll(deps);
  const rows = await service.database.rows(sql`
    select from cabinet.outbox join cabinet.holder using (holder_id) where iin = ${iin} and lane = 'code'`);
  return rows.length;
}

describe('while codes are being guessed', () => {
  beforeAll(() => guessing(true));
  afterAll(() => guessing(false));

  test('without a proof, the page names EDS and when codes are available again', async () => {
    const person = await enrol();
    const answer = await ask(injectClient(service.server), typedOf(person));
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('href="/sign-in/eds"');
    expect(answer.body).toMatch(/Код арқылы жол кемінде (9|10) минуттан кейін қайта ашылады/);
    expect(['540', '600']).toContain(answer.headers['retry-after']);
    expect(await codesSent(person)).toBe(0);
  });

  test('with a proof a code is sent, and another proof lets it be compared', async () => {
    const person = await enrol();
    const client = injectClient(service.server);
    const answer = await ask(client, typedOf(person), await proofFor(client, typedOf(person)));
    expect(answer.headers['location']).toBe('/recover/confirm');
    expect(await codesSent(person)).toBe(1);
    const page = await client.get('/recover/confirm');
    const form = formOf(page.body, '/recover/confirm', { code: 'WR0NG000' });
    expect((await client.post('/recover/confirm', form)).status).toBe(503);
    const tried = await client.post('/recover/confirm', [...form, ['proof', await proofFor(client)]]);
    expect(tried.status).toBe(422);
    expect(tried.body).toContain(kk.reasons.codeWrong);
  });

  test('a proof is valid once', async () => {
    const person = await enrol();
    const client = injectClient(service.server);
    const proof = await proofFor(client, typedOf(person));
    const answers = await Promise.all([1, 2, 3].map(() => ask(client, typedOf(person), proof)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 503, 503]);
  });

  test('it is bound to the person, the contact and the browser', async () => {
    const [person, other] = [await enrol(), await enrol()];
    const client = injectClient(service.server);
    const proof = await proofFor(client, typedOf(person));
    const elsewhere = injectClient(service.server);
    await elsewhere.get('/recover');
    expect((await ask(elsewhere, typedOf(person), proof)).status).toBe(503);
    expect((await ask(client, typedOf(other), proof)).status).toBe(503);
    expect((await ask(client, { ...typedOf(person), contact: '+77010001122' }, proof)).status).toBe(503);
    expect((await ask(client, typedOf(person), proof)).status).toBe(303);
  });

  test("it is valid for two minutes by the database's clock", async () => {
    const person = await enrol();
    const client = injectClient(service.server);
    await client.get('/recover');
    const iin = parseIin(person.iin);
    if (!iin.ok) throw new Error('no IIN');
    const typed = { iin: iin.value, contact: { channel: 'mobile' as const, value: typedOf(person).contact } };
    const madeBefore = async (seconds: number) => {
      const madeAt = (await readNow(service.database)).getTime() - seconds * 1000;
      const browser = client.cookies.get('visit') ?? '';
      return solve(await createWorkChallenge(service.keys, { typed, browser }, madeAt));
    };
    expect((await ask(client, typedOf(person), await madeBefore(121))).status).toBe(503);
    expect((await ask(client, typedOf(person), await madeBefore(60))).status).toBe(303);
  });

  test('nothing else is accepted as a proof', async () => {
    const person = await enrol();
    const client = injectClient(service.server);
    const proof = await proofFor(client, typedOf(person));
    const { challenge, solution } = JSON.parse(Buffer.from(proof, 'base64').toString());
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
    const { parameters } = challenge;
    const forgeries = [
      '',
      'x',
      encode(null),
      encode({ challenge, solution: { ...solution, derivedKey: '0'.repeat(64) } }),
      encode({ challenge: { ...challenge, parameters: { ...parameters, cost: 1 } }, solution }),
      encode({
        challenge: {
          ...challenge,
          parameters: { ...parameters, data: { ...parameters.data, madeAt: 9e15 } },
        },
        solution,
      }),
      encode({ challenge: { ...challenge, signature: '0'.repeat(64) }, solution }),
      encode({ challenge: { parameters }, solution }),
    ];
    for (const forged of forgeries) {
      expect([forged, (await ask(client, typedOf(person), forged)).status]).toEqual([forged, 503]);
    }
    expect((await ask(client, typedOf(person), proof)).status).toBe(303);
  });

  test('the quotas of a person still apply', async () => {
    const person = await enrol();
    for (let n = 0; n < 4; n += 1) {
      const client = injectClient(service.server);
      await ask(client, typedOf(person), await proofFor(client, typedOf(person)));
    }
    expect(await codesSent(person)).toBe(3);
  });

  test("the person's own device needs no proof, for that person only", async () => {
    const [person, other] = [await enrol(), await enrol()];
    const own = await signedIn(service, person);
    await own.post('/sign-out', formOf((await own.get('/services')).body, '/sign-out'));
    expect((await ask(own, typedOf(other))).status).toBe(503);
    expect((await ask(own, typedOf(person))).status).toBe(303);
    expect(await codesSent(person)).toBe(1);
  });
});

describe('a network that has asked too often', () => {
  async function useUp(): Promise<void> {
    const person = await enrol();
    for (let n = 0; n < 6; n += 1) await ask(injectClient(service.server), typedOf(person));
  }

  test('is told so with the minutes, and continues with a proof', async () => {
    await useUp();
    const neighbour = await enrol();
    const client = injectClient(service.server);
    const refused = await ask(client, typedOf(neighbour));
    expect({ status: refused.status, wait: refused.headers['retry-after'] }).toEqual({
      status: 429,
      wait: '3600',
    });
    expect(refused.body).toContain(kk.accountRequest.limited.replace('{minutes}', '60'));
    expect(refused.body).toContain('href="/sign-in/eds"');
    const answer = await ask(client, typedOf(neighbour), await proofFor(client, typedOf(neighbour)));
    expect(answer.status).toBe(303);
    expect(await codesSent(neighbour)).toBe(1);
  });

  test("does not affect the person's own device", async () => {
    const person = await enrol();
    const own = await signedIn(service, person);
    await own.post('/sign-out', formOf((await own.get('/services')).body, '/sign-out'));
    await useUp();
    expect((await ask(own, typedOf(person))).status).toBe(303);
    expect(await codesSent(person)).toBe(1);
  });
});

describe('three posts of a stranger who knows IIN and mobile', () => {
  async function threePosts(person: PersonLine): Promise<void> {
    for (let n = 0; n < 4; n += 1) await ask(injectClient(service.server), typedOf(person));
    expect(await codesSent(person)).toBe(3);
  }

  test("do not stop the recovery at the owner's device, and a planted mark helps nobody", async () => {
    const person = await enrol();
    const own = await signedIn(service, person);
    await own.post('/sign-out', formOf((await own.get('/services')).body, '/sign-out'));
    await threePosts(person);
    const stranger = injectClient(service.server);
    (stranger.cookies as Map<string, string>).set('device', 'p'.repeat(43));
    await ask(stranger, typedOf(person));
    expect(await codesSent(person)).toBe(3);
    expect((await ask(own, typedOf(person))).status).toBe(303);
    expect(await codesSent(person)).toBe(4);
  });

  test('do not stop a confirmation by the signed-in owner', async () => {
    const person = await enrol();
    const client = await signedIn(service, person);
    await threePosts(person);
    const path = '/services/requisites';
    const values = { email: 'another.address@example.kz' };
    await client.post(path, formOf((await client.get(path)).body, path, values));
    const form = formOf((await client.get(`${path}/confirm`)).body, `${path}/confirm`);
    const fields = new Map(form.filter(([name]) => name !== 'action'));
    fields.set('via', 'mobile');
    expect((await client.post(`${path}/confirm`, [...fields])).body).not.toContain(kk.confirm.codeLimit);
    const sent = await service.database.rows<{ to: string }>(sql`
      select payload ->> 'to' as "to" from cabinet.outbox join cabinet.holder using (holder_id)
      where iin = ${person.iin} and lane = 'code' and payload ->> 'purpose' = 'confirm-current'`);
    expect(sent).toEqual([{ to: person.requisites.mobilePhone }]);
  });
});
