import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, Fields } from '../support/client.ts';
import { injectClient } from '../support/client.ts';
import { readPage, submissions } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// Forms that no browser sends are answered with 400: a field missing, unknown, or twice. The forms
// are read from the pages.

const person = inventPerson(9_020);

/**
 * Fields that a browser leaves out, that only one page has, or that are missing when a person sets
 * a first password.
 */
const optional = ['csrf', 'page', 'remember', 'kazpost', 'currentPassword'];

let service: TestService;
let holder: Client;
let anyone: Client;

beforeAll(async () => {
  service = await startService();
  await service.enrol(person);
  holder = await signedIn(service, person);
  anyone = injectClient(service.server);
});

afterAll(() => service.close());

/** Every form of every page without an id in its path, one for each address to which it posts. */
async function forms(): Promise<{ client: Client; action: string; fields: Fields }[]> {
  const found = new Map<string, { client: Client; action: string; fields: Fields }>();
  for (const { method, access, url } of service.routes) {
    if (method !== 'GET' || access === 'machine' || /[:*]/.test(url)) continue;
    const client = access === 'holder' ? holder : anyone;
    const page = readPage((await client.get(url)).body);
    for (const { method: how, action, fields } of submissions(page)) {
      if (how === 'post') found.set(`${action} ${access}`, { client, action, fields });
    }
  }
  return [...found.values()];
}

test('the pages have forms, each for a route', async () => {
  const routes = service.routes.filter(({ method }) => method === 'POST').map(({ url }) => url);
  const actions = (await forms()).map(({ action }) => action.split('?')[0]);
  expect(actions.length).toBeGreaterThan(4);
  for (const action of actions) expect(routes).toContain(action);
});

test('a missing field is a 400', async () => {
  let dropped = 0;
  for (const { client, action, fields } of await forms()) {
    for (const [name] of fields) {
      // The language switch accepts every field of the page it is on.
      if (optional.includes(name) || (action === '/language' && name !== 'language')) continue;
      const answer = await client.post(
        action,
        fields.filter(([other]) => other !== name),
      );
      expect(answer.status, `${action} without ${name}`).toBe(400);
      dropped += 1;
    }
  }
  expect(dropped).toBeGreaterThan(10);
});

test('an unknown field is a 400', async () => {
  for (const { client, action, fields } of await forms()) {
    for (const extra of ['admin', 'iin2', 'constructor', '__proto__', 'mobilePhone2', 'holderId']) {
      const answer = await client.post(action, [...fields, [extra, '1']]);
      expect(answer.status, `${action} with ${extra}`).toBe(400);
    }
  }
});

test('a field sent twice is a 400', async () => {
  for (const { client, action, fields } of await forms()) {
    for (const [name, value] of fields) {
      if (name === 'csrf') continue;
      const answer = await client.post(action, [...fields, [name, value]]);
      expect(answer.status, `${action} with ${name} twice`).toBe(400);
    }
  }
});

describe('the form of the requisites', () => {
  const action = '/services/requisites';
  const form = async (values: Record<string, string>) =>
    formOf((await holder.get(action)).body, action, values);

  test.each([
    ['a form id that is not a UUID', { formId: 'x' }],
    ['a revision that is not a number', { revision: '1; drop table' }],
    ['a negative revision', { revision: '-1' }],
  ])('refuses %s', async (_what, values) => {
    expect((await holder.post(action, await form(values))).status).toBe(400);
  });

  test('refuses a checkbox with another value', async () => {
    expect((await holder.post(action, [...(await form({})), ['kazpost', 'on']])).status).toBe(400);
  });

  test('takes no fields from the address', async () => {
    const before = await form({});
    await holder.post(`${action}?address=%D0%A5`, before);
    expect(await form({})).toEqual(before.map(([name]) => [name, expect.anything()]));
    expect(Object.fromEntries(await form({}))['address']).toBe(person.requisites.address);
  });

  test('a form that is too large is a 413', async () => {
    const answer = await holder.post(action, await form({ address: 'я'.repeat(100_000) }));
    expect(answer.status).toBe(413);
    expect(answer.headers['content-type']).toContain('text/html');
  });
});

test('a redirect after sign-in never leaves the service', async () => {
  for (const to of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/services/../../evil',
    'javascript:alert(1)',
    '/nowhere',
  ]) {
    const client = injectClient(service.server);
    const path = `/sign-in?to=${encodeURIComponent(to)}`;
    const page = await client.get(path);
    const fields = formOf(page.body, '/sign-in', { iin: person.iin, password: person.password ?? '' });
    const answer = await client.post(path, fields);
    expect([answer.status, answer.headers['location']], to).toEqual([
      303,
      expect.stringMatching(/^\/services(\?replaced=1)?$/),
    ]);
  }
});
