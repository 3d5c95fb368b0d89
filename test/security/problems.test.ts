import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { marksIn, marksOf } from '../support/marks.ts';
import { heading, readPage, visibleText } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Every error is explained in words, with a number that is also in the log, and without its cause.

const person = inventPerson(9_050);
const requisites = '/services/requisites';

let service: TestService;
let holder: Client;

beforeAll(async () => {
  service = await startService({ FLOOD_PER_MINUTE: '10' });
  await service.enrol(person);
});

beforeEach(async () => {
  holder = await signedIn(service, person);
});

afterAll(() => service.close());

/** How to cause each error. */
const problems: readonly (readonly [status: 400 | 403 | 404 | 413 | 415, cause: () => Promise<Answered>])[] =
  [
    [
      400,
      async () =>
        holder.post(requisites, [...formOf((await holder.get(requisites)).body, requisites), ['extra', '1']]),
    ],
    [403, () => holder.post(requisites, [])],
    [404, () => holder.get('/nowhere')],
    [413, () => holder.post(requisites, [['address', 'x'.repeat(100_000)]])],
    [415, () => holder.post(requisites, [], { 'content-type': 'application/json' })],
  ];

function reference(answer: Answered): string {
  return /<code>([0-9A-Z]+)<\/code>/.exec(answer.body)?.[1] ?? '';
}

describe.each(languages)('in %s', (language) => {
  test.each(problems)('a %i has a text and a number', async (status, cause) => {
    const page = await holder.get('/services');
    await holder.post(
      '/language',
      [...formOf(page.body, '/language')].map(
        ([name, value]) => [name, name === 'language' ? language : value] as const,
      ),
    );
    const answer = await cause();
    expect(answer.status).toBe(status);
    const words = textsOf(language).problems[status];
    expect(heading(readPage(answer.body))).toBe(words.title);
    expect(visibleText(readPage(answer.body))).toContain(words.text);
    expect(reference(answer)).toMatch(/^[0-9A-Z]{10}$/);
    expect(service.logLines.join('')).toContain(reference(answer));
  });
});

test('an internal error is a 500 that shows its number and nothing else', async () => {
  const unlucky = inventPerson(9_052);
  await service.enrol(unlucky);
  const client = await signedIn(service, unlucky);
  const form = formOf((await client.get(requisites)).body, requisites, { apartment: '91' });
  await service.database.run(sql`alter table cabinet.change rename to change_away`);
  try {
    const answer = await client.post(requisites, form);
    expect(answer.status).toBe(500);
    expect(heading(readPage(answer.body))).toBe(textsOf('kk').problems[500].title);
    expect(answer.body).not.toMatch(/change_away|relation|select|at file|node_modules|\.ts/);
    const lines = service.logLines.filter((line) => line.includes(reference(answer)));
    expect(lines.join('')).toContain('"level":50');
    expect(marksIn(lines.join(''), marksOf(unlucky))).toEqual([]);
  } finally {
    await service.database.run(sql`alter table cabinet.change_away rename to change`);
  }
  expect((await client.post(requisites, form)).status).toBe(303);
});

test('too many requests from one address are a 429 that says when to return, and machines are not limited', async () => {
  const ask = (url: string) =>
    service.server.inject({ url, remoteAddress: '203.0.113.7', headers: { accept: 'text/html' } });
  for (let request = 0; request < 10; request += 1) expect((await ask('/sign-in')).statusCode).toBe(200);
  const refused = await ask('/sign-in');
  expect(refused.statusCode).toBe(429);
  expect(refused.body).toContain(textsOf('kk').problems[429].title);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await ask('/health/live')).statusCode).toBe(200);
  expect((await service.server.inject({ url: '/sign-in', remoteAddress: '203.0.113.8' })).statusCode).toBe(
    200,
  );
});

test('a machine asks whether the service is alive and can serve', async () => {
  const client = injectClient(service.server);
  const live = await client.get('/health/live');
  const ready = await client.get('/health/ready');
  expect([live.status, ready.status]).toEqual([200, 200]);
  expect(live.setCookies).toEqual([]);
});

test('a blocked person is signed out at the next request', async () => {
  const other = inventPerson(9_051);
  await service.enrol(other);
  const client = await signedIn(service, other);
  expect((await client.get(requisites)).status).toBe(200);
  await service.enrol({ ...other, status: 'blocked' });
  expect((await client.get(requisites)).status).toBe(303);
  expect((await client.get('/history')).status).toBe(303);
});
