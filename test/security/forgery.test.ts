import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Client, type Fields, type Headers, injectClient, loopback } from '../support/client.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// A request that changes anything must come from a form of ours in this browser. The routes are
// read from the service.

const person = inventPerson(9_010);
const other = inventPerson(9_011);

let service: TestService;
let holder: Client;
let stranger: Client;
let anyone: Client;

beforeAll(async () => {
  service = await startService({}, { work: false });
  for (const one of [person, other]) await service.enrol(one);
  holder = await signedIn(service, person);
  stranger = await signedIn(service, other);
  // The first visit takes over the requisites from the fund. Later visits change nothing.
  for (const client of [holder, stranger]) await client.get('/services/requisites');
  anyone = injectClient(service.server);
});

afterAll(() => service.close());

/** A digest of everything stored, to show that a refused request changed nothing. */
async function everything(): Promise<string> {
  const tables = await service.database.rows<{ name: string }>(sql`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('cabinet', 'fund') order by 1`);
  const counts: string[] = [];
  for (const { name } of tables) {
    // Reading a session counts as activity, so the times of sessions are left out.
    const ignored = name === 'cabinet.session' ? `- 'seen_at' - 'status_asked_at'` : '';
    const text = `select md5(coalesce(string_agg((to_jsonb(t) ${ignored})::text, '' order by (to_jsonb(t) ${ignored})::text), '')) as sum from ${name} t`;
    const row = await service.database.first<{ sum: string }>({ ...sql``, text });
    counts.push(`${name} ${row?.sum}`);
  }
  return counts.join('\n');
}

async function tokenOf(client: Client, path: string): Promise<string> {
  const { body } = await client.get(path);
  return /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
}

type Attack = readonly [
  name: string,
  make: (token: string) => Promise<{ fields: Fields; headers?: Headers }>,
];

const attacks: readonly Attack[] = [
  ['without an Origin', async (token) => ({ fields: [['csrf', token]], headers: { origin: undefined } })],
  [
    'from another origin',
    async (token) => ({ fields: [['csrf', token]], headers: { origin: 'https://evil.example' } }),
  ],
  [
    'from an origin that begins alike',
    async (token) => ({ fields: [['csrf', token]], headers: { origin: `${loopback}.evil.example` } }),
  ],
  [
    'from another port',
    async (token) => ({ fields: [['csrf', token]], headers: { origin: 'http://localhost:3001' } }),
  ],
  ['from a sandboxed page', async (token) => ({ fields: [['csrf', token]], headers: { origin: 'null' } })],
  ['without a token', async () => ({ fields: [] })],
  ['with an empty token', async () => ({ fields: [['csrf', '']] })],
  ['with a made-up token', async () => ({ fields: [['csrf', 'A'.repeat(86)]] })],
  ["with another person's token", async () => ({ fields: [['csrf', await tokenOf(stranger, '/services')]] })],
  [
    "with a stranger's token",
    async () => ({ fields: [['csrf', await tokenOf(injectClient(service.server), '/sign-in')]] }),
  ],
  [
    'with two tokens',
    async (token) => ({
      fields: [
        ['csrf', token],
        ['csrf', token],
      ],
    }),
  ],
];

function posts() {
  return service.routes.filter(({ method, access }) => method === 'POST' && access !== 'machine');
}

describe.each(attacks)('a forged post %s', (_name, make) => {
  test('is refused by every route, and changes nothing', async () => {
    expect(posts().length).toBeGreaterThan(3);
    // The first look at the home keeps what a person's documents end on.
    for (const person of [holder, stranger]) await tokenOf(person, '/services');
    const before = await everything();
    for (const { url, access } of posts()) {
      const client = access === 'holder' ? holder : anyone;
      const { fields, headers } = await make(
        await tokenOf(client, access === 'holder' ? '/services' : '/sign-in'),
      );
      const answer = await client.post(url, fields, headers);
      expect(answer.status, url).toBe(403);
      expect(answer.headers['content-type'], url).toContain('text/html');
    }
    expect(await everything()).toBe(before);
  });
});

test('a post with another type than that of a form is refused', async () => {
  for (const { url, access } of posts()) {
    const client = access === 'holder' ? holder : anyone;
    for (const type of [
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/xml',
    ]) {
      const answer = await client.post(url, [['csrf', 'x']], { 'content-type': type });
      expect(answer.status, `${url} ${type}`).toBe(415);
    }
  }
});

test('a post to an unknown route is not found, and a form sent by GET changes nothing', async () => {
  const before = await everything();
  const token = await tokenOf(holder, '/services');
  expect((await holder.post('/nowhere', [['csrf', token]])).status).toBe(404);
  for (const { url } of posts()) {
    const answer = await holder.get(`${url}?csrf=${encodeURIComponent(token)}`);
    expect([200, 303, 404, 405], url).toContain(answer.status);
  }
  expect(await everything()).toBe(before);
});

test('every page can be read twice without changing anything', async () => {
  const paths = service.routes
    .filter(({ method, access, url }) => method === 'GET' && access !== 'machine' && !/[:*]/.test(url))
    .map(({ url }) => url);
  expect(paths.length).toBeGreaterThan(3);
  const before = await everything();
  for (const path of [...paths, ...paths]) await holder.get(path);
  expect(await everything()).toBe(before);
});

test('the token is masked differently in each page, and still matches', async () => {
  const tokens = [await tokenOf(holder, '/services'), await tokenOf(holder, '/services')];
  expect(new Set(tokens).size).toBe(2);
  for (const token of tokens) {
    const answer = await holder.post('/session/extend', [['csrf', token]]);
    expect(answer.status).toBeLessThan(300);
  }
});

test('a token from before sign-in is invalid after it', async () => {
  const client = injectClient(service.server);
  const page = await client.get('/sign-in');
  const form = formOf(page.body, '/sign-in', { iin: person.iin, password: person.password ?? '' });
  const early = form.find(([name]) => name === 'csrf')?.[1] ?? '';
  const visit = new Map(client.cookies);
  expect((await client.post('/sign-in', form)).status).toBe(303);
  expect(client.cookies.get('session')).toBeDefined();
  expect(client.cookies.get('visit')).not.toBe(visit.get('visit'));
  expect((await client.post('/sign-out', [['csrf', early]])).status).toBe(403);
});

test('planting a session cookie is useless, because sign-in gives a new one', async () => {
  const client = injectClient(service.server);
  const page = await client.get('/sign-in', { cookie: 'session=planted' });
  const answer = await client.post(
    '/sign-in',
    formOf(page.body, '/sign-in', { iin: person.iin, password: person.password ?? '' }),
  );
  expect(answer.status).toBe(303);
  expect(client.cookies.get('session')).not.toBe('planted');
});
