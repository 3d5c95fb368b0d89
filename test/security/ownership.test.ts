import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import type { Client } from '../support/client.ts';
import { marksIn, marksOf } from '../support/marks.ts';
import { identityCard, inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Every id that a holder can name is looked up together with its owner. The routes are read from
// the service. A new route with an id in its path fails here until this test knows an id of
// somebody else for it.

const requisites = '/services/requisites';
const ownerPerson = inventPerson(9_001);
const strangerPerson = inventPerson(9_002, { documents: [identityCard(9_002, { id: 'stranger-document' })] });

let service: TestService;
let owner: Client;
let stranger: Client;
/** A receipt of the owner. */
let receipt: string;
/** Texts that identify the owner and do not occur for the stranger. */
const marks = marksOf(ownerPerson).filter((mark) => !marksOf(strangerPerson).includes(mark));
let savedForm: readonly (readonly [string, string])[];

/**
 * Ids of the owner, by the name of the path's parameter, and ids of the same form that nobody has.
 */
const ids: Readonly<Record<string, { theirs: () => string; nobodys: string }>> = {
  number: { theirs: () => receipt, nobodys: '0123456789AB' },
  // No id: what the owner has and the stranger has not.
  kind: { theirs: () => 'key', nobodys: 'passport' },
};

beforeAll(async () => {
  service = await startService();
  for (const person of [ownerPerson, strangerPerson]) await service.enrol(person);
  owner = await signedIn(service, ownerPerson);
  stranger = await signedIn(service, strangerPerson);
  const page = await owner.get(requisites);
  savedForm = formOf(page.body, requisites, { apartment: '77' });
  const answer = await owner.post(requisites, savedForm);
  await service.database.run(sql`
    insert into cabinet.reminder (holder_id, kind, ends_on)
    select holder_id, 'key', '2049-01-01' from cabinet.holder where iin = ${ownerPerson.iin}`);
  receipt = String(answer.headers['location']).split('/').at(-1) ?? '';
});

afterAll(() => service.close());

/**
 * A page without the parts that differ at every request: the form token and the request's number.
 */
function settled(body: string): string {
  return body
    .replace(/name="csrf" value="[^"]*"/g, '')
    .replace(/data-csrf="[^"]*"/g, '')
    .replace(/data-seconds-left="[^"]*"/g, '')
    .replace(/<code>[0-9A-Z]{10}<\/code>/g, '');
}

test('the texts that identify the owner are on their own page', async () => {
  expect(marksIn((await owner.get(requisites)).body, marks).length).toBeGreaterThan(8);
});

describe('routes with an id in their path', () => {
  const parameters = (url: string): string[] =>
    [...url.matchAll(/:([a-zA-Z]+)/g)].map(([, name]) => name ?? '');
  const routes = () =>
    service.routes.filter(
      ({ url, access, method }) => access === 'holder' && method !== 'HEAD' && url.includes(':'),
    );
  const address = (url: string, whose: 'theirs' | 'nobodys') =>
    url.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
      const id = ids[name];
      return id ? (whose === 'theirs' ? id.theirs() : id.nobodys) : '';
    });

  test('exist, and this test knows each id', () => {
    expect(routes().length).toBeGreaterThan(0);
    expect(
      routes()
        .flatMap(({ url }) => parameters(url))
        .filter((name) => ids[name] === undefined),
    ).toEqual([]);
  });

  test("answer another person's id exactly like an id that nobody has", async () => {
    for (const { url, method } of routes()) {
      const token = formOf((await stranger.get('/services')).body, '/sign-out');
      const ask = (whose: 'theirs' | 'nobodys') =>
        method === 'GET' ? stranger.get(address(url, whose)) : stranger.post(address(url, whose), token);
      const [theirs, nobodys] = [await ask('theirs'), await ask('nobodys')];
      expect(theirs.status, url).toBe(404);
      expect(settled(theirs.body), url).toBe(settled(nobodys.body));
      expect(marksIn(theirs.body, marks)).toEqual([]);
      // A change made without EDS has no signed message. test/journeys/eds-change.inject.test.ts
      // has one with it.
      const own = url.endsWith('.cms') ? 404 : 200;
      if (method === 'GET') expect((await owner.get(address(url, 'theirs'))).status, url).toBe(own);
    }
  });

  test('redirect a visitor who is not signed in to the sign-in page', async () => {
    const nobody = await signedOut();
    for (const { url, method } of routes()) {
      if (method !== 'GET') continue;
      const answer = await nobody.get(address(url, 'theirs'));
      expect([answer.status, answer.headers['location']], url).toEqual([303, '/sign-in']);
    }
  });
});

describe('ids inside a form', () => {
  test("another person's form id saves nothing of theirs and shows nothing of it", async () => {
    const theirs = Object.fromEntries(savedForm)['formId'] ?? '';
    const page = await stranger.get(requisites);
    const answer = await stranger.post(
      requisites,
      formOf(page.body, requisites, { formId: theirs, apartment: '78' }),
    );
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).not.toContain(receipt);
    const own = await stranger.get(String(answer.headers['location']));
    expect(marksIn(own.body, marks)).toEqual([]);
  });

  test("another person's document cannot be chosen", async () => {
    const page = await owner.get(requisites);
    const form = formOf(page.body, requisites, {
      document: 'stranger-document',
      apartment: '79',
      formId: randomUUID(),
    });
    const answer = await owner.post(requisites, form);
    expect(answer.status).toBe(422);
    expect((await owner.get(requisites)).body).not.toContain('value="79"');
  });

  test("another person's session cannot be ended", async () => {
    const second = await signedIn(service, ownerPerson);
    const name =
      Object.fromEntries(formOf((await owner.get('/security')).body, '/security/sessions/end'))['session'] ??
      '';
    expect(name).not.toBe('');
    const csrf =
      Object.fromEntries(formOf((await stranger.get('/services')).body, '/sign-out'))['csrf'] ?? '';
    const answer = await stranger.post('/security/sessions/end', [
      ['csrf', csrf],
      ['session', name],
    ]);
    expect(answer.status).toBe(404);
    expect((await second.get('/security')).status).toBe(200);
  });

  test("another person's cursor in the history shows only one's own entries", async () => {
    const history = await owner.get('/history');
    expect(history.body).toContain(receipt);
    for (const before of ['0', '999999999', receipt, "' or 1=1 --"]) {
      const answer = await stranger.get(`/history?before=${encodeURIComponent(before)}`);
      expect([200, 400]).toContain(answer.status);
      expect(answer.body).not.toContain(receipt);
    }
  });

  test("a page of one person never contains another's values", async () => {
    for (const { url, method, access } of service.routes) {
      if (method !== 'GET' || access !== 'holder' || url.includes(':')) continue;
      const { body } = await stranger.get(url);
      expect(marksIn(body, marks), url).toEqual([]);
    }
  });
});

async function signedOut(): Promise<Client> {
  const client = await signedIn(service, strangerPerson);
  const page = await client.get('/services');
  await client.post('/sign-out', formOf(page.body, '/sign-out'));
  return client;
}
