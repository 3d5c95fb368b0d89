import * as argon2 from '@node-rs/argon2';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import type { AccountRequestDeps } from '../../src/features/account-request/account-request.ts';
import { createInstance, type Instance } from '../../src/instance.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { accountRequestDeps, processAll } from '../support/account-request-deps.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { type CountedDatabase, countStatements } from '../support/counted-database.ts';
import { inventIin, inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf } from '../support/signed-in.ts';

vi.mock('@node-rs/argon2', { spy: true });

/**
 * No answer before sign-in may reveal who is a member, who is registered, and whose contact it is
 * (facts A1-A10). The requests go to an application whose statements are counted, and the test does
 * the work of its worker between them.
 */
let service: TestService;
let app: Instance;
let database: CountedDatabase;
let deps: AccountRequestDeps;

beforeAll(async () => {
  service = await startService({}, { work: false });
  deps = await accountRequestDeps(service.database);
  database = countStatements(service.database);
  app = await createInstance({
    config: readConfig({
      DEMO: '1',
      SECRET_KEYS: 'k'.repeat(32),
      TRUSTED_PROXIES: '127.0.0.1',
      CODES_PER_NETWORK_HOUR: '12',
    }),
    database,
    log: pino({ level: 'silent' }),
  });
});

afterAll(async () => {
  await app.close();
  await service.close();
});

let people = 3_000;
let networks = 0;

/** A new person of each kind: what is typed, and whether it must lead to a message. */
const kinds: readonly {
  readonly kind: string;
  readonly make: () => Promise<{ iin: string; contact: string }>;
}[] = [
  { kind: 'registered', make: async () => typedOf(await enrol({})) },
  { kind: 'on file, without a password', make: async () => typedOf(await enrol({ password: undefined })) },
  {
    kind: 'with another contact',
    make: async () => ({ ...typedOf(await enrol({ password: undefined })), contact: '+77010009999' }),
  },
  {
    kind: 'without any contact',
    make: async () => {
      const { requisites } = inventPerson(people);
      const bare = { ...requisites, mobilePhone: null, email: null };
      return { ...typedOf(await enrol({ password: undefined, requisites: bare })), contact: '+77010008888' };
    },
  },
  { kind: 'blocked', make: async () => typedOf(await enrol({ status: 'blocked' })) },
  { kind: 'deceased', make: async () => typedOf(await enrol({ status: 'deceased' })) },
  {
    kind: 'frozen',
    make: async () => {
      const person = await enrol({});
      await service.database.run(sql`
        insert into cabinet.freeze (holder_id) select holder_id from cabinet.holder where iin = ${person.iin}`);
      return typedOf(person);
    },
  },
  {
    kind: 'unknown',
    make: async () => {
      people += 1;
      return { iin: inventIin(people), contact: '+77010007777' };
    },
  },
];

async function enrol(different: Partial<PersonLine>): Promise<PersonLine> {
  const person = inventPerson(people, different);
  people += 1;
  await service.enrol(person);
  return person;
}

function typedOf({ iin, requisites }: PersonLine) {
  return { iin, contact: requisites.mobilePhone ?? '' };
}

/** A browser in its own network. */
function visitorFromAnywhere(): Client {
  networks += 1;
  const from = `198.${18 + (networks >> 8)}.${networks & 255}.7`;
  const client = injectClient(app.server);
  return {
    cookies: client.cookies,
    get: (path, headers) => client.get(path, { 'x-forwarded-for': from, ...headers }),
    post: (path, fields, headers) => client.post(path, fields, { 'x-forwarded-for': from, ...headers }),
  };
}

/**
 * The parts of an answer that must be equal for everybody. Ids and tokens have a fixed length and
 * are replaced.
 */
function shapeOf(answer: Answered, statements: number) {
  const blur = (text: string) =>
    text
      .replace(/(name="csrf" value=")[^"]+/g, '$1…')
      .replace(/[\w-]{43}/g, '…')
      .replace(/browser-[0-9A-Z]{6}=/g, 'browser-…=')
      .replace(/(sent-at-)\d+/g, '$1…');
  return {
    status: answer.status,
    statements,
    headers: Object.entries(answer.headers)
      .filter(([name]) => name !== 'date' && name !== 'set-cookie')
      .map(([name, value]) => `${name}: ${value}`)
      .sort(),
    cookies: answer.setCookies.map((cookie) => `${cookie.length} ${blur(cookie)}`),
    length: answer.bytes.length,
    body: blur(answer.body),
  };
}

function processed(): Promise<number> {
  return processAll(deps);
}

describe.each(['/register', '/recover'])('%s', (start) => {
  /** Every page and answer up to the sixth wrong code and a resend. */
  async function walk(typed: { iin: string; contact: string }) {
    const client = visitorFromAnywhere();
    const shapes: ReturnType<typeof shapeOf>[] = [];
    const record = async (answering: Promise<Answered>): Promise<Answered> => {
      database.take();
      const answer = await answering;
      shapes.push(shapeOf(answer, database.take()));
      return answer;
    };
    const first = await record(client.get(start));
    await record(client.post(start, formOf(first.body, start, typed)));
    await processed();
    const page = await record(client.get(`${start}/confirm`));
    const form = (code: string) => formOf(page.body, `${start}/confirm`, { code });
    for (let tries = 0; tries < 6; tries += 1) {
      await record(client.post(`${start}/confirm`, form(`WR0NG00${tries}`)));
    }
    await record(client.post(`${start}/confirm`, [...form(''), ['action', 'resend']]));
    await processed();
    await record(client.get(`${start}/confirm?sent=1`));
    await record(client.post(`${start}/confirm`, form('WR0NG999')));
    await record(client.get(`${start}/password`));
    return shapes;
  }

  test('every answer is the same for eight kinds of people, byte for byte, with the same statements', async () => {
    const named = [];
    for (const { kind, make } of kinds) named.push({ kind, typed: await make() });
    vi.mocked(argon2.hash).mockClear();
    vi.mocked(argon2.verify).mockClear();
    const walks = [];
    for (const { kind, typed } of named) walks.push({ kind, shapes: await walk(typed) });
    const [first] = walks;
    expect(first?.shapes.map(({ status }) => status)).toEqual([
      200, 303, 200, 422, 422, 422, 422, 422, 422, 303, 200, 422, 303,
    ]);
    expect(first?.shapes[1]?.cookies.join()).toContain('entry=');
    for (const { kind, shapes } of walks) expect({ kind, shapes }).toEqual({ kind, shapes: first?.shapes });
    expect(vi.mocked(argon2.hash)).not.toHaveBeenCalled();
    expect(vi.mocked(argon2.verify)).not.toHaveBeenCalled();
  });

  test('messages go only to people who must get one, and only to the contact on file', async () => {
    const sent = async () =>
      (
        await service.database.rows<{ kind: string; to: string }>(sql`
          select payload ->> 'kind' as kind, payload ->> 'to' as to from cabinet.outbox where lane <> 'fund'
          order by outbox_id`)
      ).map(({ kind, to }) => `${kind} ${to}`);
    for (const { kind, make } of kinds) {
      const typed = await make();
      const before = await sent();
      const client = visitorFromAnywhere();
      await client.post(start, formOf((await client.get(start)).body, start, typed));
      await processed();
      const came = (await sent()).slice(before.length);
      const notice = start === '/register' ? 'already-registered' : 'code';
      const wanted: Readonly<Record<string, string[]>> = {
        registered: [`${notice} ${typed.contact}`],
        'on file, without a password': [`code ${typed.contact}`],
      };
      expect({ kind, came }).toEqual({ kind, came: wanted[kind] ?? [] });
    }
  });

  test('the limit of a network comes at the same attempt, with the same wait', async () => {
    const attempts = [];
    for (const { kind, make } of kinds.filter((one) => ['registered', 'unknown'].includes(one.kind))) {
      const typed = await make();
      const client = visitorFromAnywhere();
      const form = formOf((await client.get(start)).body, start, typed);
      const answers = [];
      for (let times = 0; times < 14; times += 1) {
        const { status, headers } = await client.post(start, form);
        answers.push(`${status} ${headers['retry-after']}`);
      }
      attempts.push({ kind, answers });
    }
    const [one, other] = attempts;
    expect(one?.answers).toEqual([...Array<string>(12).fill('303 undefined'), '429 3600', '429 3600']);
    expect(other?.answers).toEqual(one?.answers);
  });

  test('a request has one IIN, and nothing oversized', async () => {
    const client = visitorFromAnywhere();
    const form = formOf((await client.get(start)).body, start, {
      iin: inventIin(1),
      contact: '+77010000001',
    });
    expect((await client.post(start, [...form, ['iin', inventIin(2)]])).status).toBe(400);
    expect((await client.post(start, [...form, ['iin[]', inventIin(2)]])).status).toBe(400);
    const iin = 'x'.repeat(1_000_000);
    expect((await client.post(start, formOf((await client.get(start)).body, start, { iin }))).status).toBe(
      413,
    );
  });

  test('a wrong check digit is reported, membership is not', async () => {
    const client = visitorFromAnywhere();
    const right = inventIin(4_999);
    const wrong = right.slice(0, -1) + String((Number(right.at(-1)) + 1) % 10);
    const page = await client.get(start);
    const answer = await client.post(
      start,
      formOf(page.body, start, { iin: wrong, contact: '+77010000001' }),
    );
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('ЖСН қате');
  });
});

test('a wrong password needs the same statements and one hash, whoever is named', async () => {
  const seen = [];
  for (const { kind, make } of kinds) {
    const { iin } = await make();
    const client = visitorFromAnywhere();
    const form = formOf((await client.get('/sign-in')).body, '/sign-in', { iin, password: 'басқа құпиясөз' });
    vi.mocked(argon2.verify).mockClear();
    database.take();
    const answer = await client.post('/sign-in', form);
    const statements = database.take();
    const hashes = vi.mocked(argon2.verify).mock.calls.length;
    const { status } = answer;
    const body = shapeOf(answer, 0).body.replaceAll(iin, '…');
    seen.push({ kind, status, statements, hashes, length: answer.bytes.length, body });
  }
  const [first] = seen;
  expect(first).toMatchObject({ status: 422, hashes: 1 });
  for (const one of seen) expect(one).toEqual({ ...first, kind: one.kind });
});
