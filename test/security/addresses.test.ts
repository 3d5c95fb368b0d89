import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Client, injectClient } from '../support/client.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// `/api/addresses` as other programs may rely on it, and the limits that protect its sources.

let service: TestService;
let nextPerson = 9_300;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

afterEach(() => {
  vi.useRealTimers();
});

async function someone(): Promise<Client> {
  nextPerson += 1;
  const person = inventPerson(nextPerson);
  await service.enrol(person);
  return await signedIn(service, person);
}

function ask(client: Client, query: Readonly<Record<string, string>> | string) {
  return client.get(`/api/addresses?${new URLSearchParams(query)}`, { accept: 'application/json' });
}

test('each line of the answer has exactly four fields, in the requested language', async () => {
  const client = await someone();
  const answer = await ask(client, { q: 'Шамалған', language: 'ru' });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(answer.headers['cache-control']).toBe('no-store');
  const { suggestions, ...rest } = JSON.parse(answer.body);
  expect(rest).toEqual({ degraded: false });
  expect(suggestions[0]).toEqual({
    text: 'Алматинская область, Карасайский район, село Шамалган',
    postcode: null,
    source: 'kato',
    id: '195259100',
  });
  for (const line of suggestions)
    expect(Object.keys(line).sort()).toEqual(['id', 'postcode', 'source', 'text']);
});

test('without a language, or with an unknown one, the page’s language is used', async () => {
  const client = await someone();
  for (const query of [{ q: 'Шамалған' }, { q: 'Шамалған', language: 'x' }]) {
    expect((await ask(client, query)).body).toContain('Шамалған ауылы');
  }
});

test('a postcode is answered with its address', async () => {
  const answer = await ask(await someone(), { q: '050000', language: 'kk' });
  expect(JSON.parse(answer.body)).toEqual({
    suggestions: [{ text: 'Алматы қаласы', postcode: '050000', source: 'kato', id: '750000000' }],
    degraded: false,
  });
});

test('without a session it answers 401 in JSON and reveals nothing', async () => {
  const answer = await ask(injectClient(service.server), { q: 'Алматы' });
  expect([answer.status, answer.body]).toEqual([401, '{"error":"session"}']);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(answer.headers['cache-control']).toBe('no-store');
});

test.each([
  ['missing', ''],
  ['over-long', `q=${'а'.repeat(301)}`],
  ['sent twice', 'q=а&q=б'],
])('a query that is %s is refused with 400', async (_what, query) => {
  const answer = await ask(await someone(), query);
  expect([answer.status, answer.body]).toEqual([400, '{"error":"q"}']);
  expect(answer.headers['cache-control']).toBe('no-store');
});

test('only a signed-in person learns whether a postcode seems to belong to another region', async () => {
  const client = await someone();
  const compare = async (from: Client, query: Readonly<Record<string, string>>) => {
    const answer = await from.get(`/api/postcode?${new URLSearchParams(query)}`);
    expect(answer.headers['cache-control']).toBe('no-store');
    return [answer.status, answer.body];
  };
  const yes = [200, '{"elsewhere":true}'];
  const no = [200, '{"elsewhere":false}'];
  const astana = { postcode: '010000' };
  expect(await compare(client, { ...astana, address: 'Алматы қаласы, Абай даңғылы, 7' })).toEqual(yes);
  expect(await compare(client, { ...astana, address: 'г. Алматы, ул. Абая 5' })).toEqual(yes);
  expect(await compare(client, { ...astana, address: 'Астана қаласы' })).toEqual(no);
  // A village, a street, a country and nonsense do not identify a region.
  for (const address of ['Казахстан, Алматы', 'Абай көшесі 5', 'Шамалған', '', '%']) {
    expect([address, ...(await compare(client, { ...astana, address }))]).toEqual([address, ...no]);
  }
  expect(await compare(client, { postcode: 'x', address: 'Алматы қаласы' })).toEqual(no);
  expect(await compare(client, astana)).toEqual([400, '{"error":"address"}']);
  expect(await compare(client, { address: 'Алматы' })).toEqual([400, '{"error":"postcode"}']);
  expect(await compare(client, { postcode: '0'.repeat(21), address: 'Алматы' })).toEqual([
    400,
    '{"error":"postcode"}',
  ]);
  expect(await compare(injectClient(service.server), { ...astana, address: 'Алматы' })).toEqual([
    401,
    '{"error":"session"}',
  ]);
});

test('strange queries are answered, and those without a word find nothing', async () => {
  const client = await someone();
  for (const q of ['', ' ', '\u0000', '\u202e', '%', '((((', '../..', '\ud800']) {
    const answer = await ask(client, { q });
    expect([q, answer.status, answer.body]).toEqual([q, 200, '{"suggestions":[],"degraded":false}']);
  }
  for (const q of ["' or 1=1 --", '<script>alert(1)</script>', 'a'.repeat(300), '0'.repeat(300)]) {
    expect([q, (await ask(client, { q })).status]).toEqual([q, 200]);
  }
});

test('after 60 queries at once a session waits, another one does not, and the form still saves', async () => {
  const client = await someone();
  vi.useFakeTimers({ toFake: ['performance'] });
  const answers = await Promise.all(Array.from({ length: 70 }, () => ask(client, { q: 'алм' })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(60);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(10);
  for (const answer of refused) {
    expect([answer.body, answer.headers['retry-after'], answer.headers['cache-control']]).toEqual([
      '{"error":"limit"}',
      '1',
      'no-store',
    ]);
  }
  expect((await ask(await someone(), { q: 'алм' })).status).toBe(200);

  // The search without a script counts together with the script's queries.
  const page = await client.get('/services/requisites');
  const search = formOf(page.body, '/services/requisites/addresses');
  const answer = await client.post('/services/requisites/addresses', search);
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, '1']);

  const form = formOf(page.body, '/services/requisites', { address: 'Алматы қаласы, Абай даңғылы, 7' });
  expect((await client.post('/services/requisites', form)).status).toBe(303);

  vi.advanceTimersByTime(1_000);
  const later = await Promise.all(Array.from({ length: 12 }, () => ask(client, { q: 'алм' })));
  expect(later.filter(({ status }) => status === 200)).toHaveLength(10);
});

test('a choice that no page offered is refused, and what it names need not exist', async () => {
  const client = await someone();
  const page = await client.get('/services/requisites');
  const form = formOf(page.body, '/services/requisites/addresses');
  for (const choose of ['', 'x', ' ', '12345678 Алматы']) {
    expect((await client.post('/services/requisites/addresses', [...form, ['choose', choose]])).status).toBe(
      400,
    );
  }
  const answer = await client.post('/services/requisites/addresses', [...form, ['choose', ' <b>x</b>']]);
  expect(answer.status).toBe(200);
  expect(answer.body).toContain('&lt;b>x&lt;/b>');
});
