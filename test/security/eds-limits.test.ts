import type { Identity } from 'nca-verify/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { holdingResponder, openTestNca, signChallenge, type TestNca } from '../support/eds.ts';
import { beginEds, formAgain, postEds, signInByEds } from '../support/eds-visitor.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';

// What a flood of sign-ins by EDS may use: the turns of its own network, and no row.

const person = inventPerson(9_320);
const attacker = '203.0.113.7';
const neighbour = '203.0.113.200';
const elsewhere = '198.51.100.9';

let nca: TestNca;
let key: Identity;

beforeAll(() => {
  nca = openTestNca();
  key = nca.key(person);
});

afterAll(() => nca.close());

/** A new browser at an address. */
function browserAt({ server }: TestService, address: string): Client {
  const client = injectClient(server);
  const from = { 'x-forwarded-for': address };
  return {
    cookies: client.cookies,
    get: (path, headers) => client.get(path, { ...from, ...headers }),
    post: (path, fields, headers) => client.post(path, fields, { ...from, ...headers }),
  };
}

async function start(environment: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const service = await startService(
    { TRUSTED_PROXIES: '127.0.0.1', FLOOD_PER_MINUTE: '100000', ...nca.environment, ...environment },
    { work: false },
  );
  await service.enrol(person);
  return service;
}

describe.each(['all', 'web'])('ROLE=%s', (ROLE) => {
  let service: TestService;
  beforeAll(async () => {
    service = await start({ ROLE });
  });
  afterAll(() => service.close());

  test('thirty invalid posts do not prevent a good signature from the same network', async () => {
    const rubbish = (_: unknown, index: number) => async () => {
      const begun = await beginEds(browserAt(service, attacker));
      const signature = ['', 'x', 'A'.repeat(8_000), signChallenge(key, 'AAAA')][index % 4] ?? '';
      return postEds(begun, begun.id, signature);
    };
    for (const post of Array.from({ length: 30 }, rubbish)) expect((await post()).status).toBe(422);
    for (const address of [attacker, neighbour, elsewhere])
      expect((await signInByEds(browserAt(service, address), key)).status).toBe(303);
  });

  test('three hundred challenges need no row, and nobody else has to wait', async () => {
    const rows = () =>
      service.database.first<{ given: number; spent: number }>(sql`
        select (select count(*)::int from cabinet.eds_challenge) as given,
          (select count(*)::int from cabinet.eds_spent) as spent`);
    const before = await rows();
    const first = await beginEds(browserAt(service, attacker));
    for (let i = 0; i < 300; i += 1) await beginEds(i % 2 ? first.client : browserAt(service, attacker));
    expect(await rows()).toEqual(before);
    expect((await signInByEds(browserAt(service, neighbour), key)).status).toBe(303);
    // Later challenges did not push out the first one.
    expect((await postEds(first, first.id, signChallenge(key, first.data))).status).toBe(303);
  });
});

test('while the authority is down nothing is counted or spent, and the same signatures work later', async () => {
  const responder = await holdingResponder(nca);
  const service = await start({ EDS_OCSP_URL: responder.url, EDS_CRL_DIR: '/nonexistent' });
  responder.fail(true);
  const refused: { client: Client; answer: Answered }[] = [];
  // Fewer than would open its breaker.
  for (let i = 0; i < 4; i += 1) {
    const client = browserAt(service, attacker);
    const answer = await signInByEds(client, key);
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '10']);
    refused.push({ client, answer });
  }
  responder.fail(false);
  for (const { client, answer } of refused)
    expect((await client.post('/sign-in/eds', formAgain(answer.body))).status).toBe(303);
  // The challenge is used now, although the page in the other tab still offers it.
  const [first] = refused;
  const again = await postEds(
    { client: browserAt(service, attacker) },
    ...(['id', 'signature'].map(
      (name) => formAgain(first?.answer.body ?? '').find(([one]) => one === name)?.[1] ?? '',
    ) as [string, string]),
  );
  expect(again.status).toBe(422);
  await service.close();
  await responder.close();
});

test('a network that keeps the verifier busy is told so, and another one is served before the rest of its requests', async () => {
  const responder = await holdingResponder(nca);
  const service = await start({ EDS_OCSP_URL: responder.url });
  // The attacker's signatures are valid, because those cost most.
  const flood = await Promise.all(Array.from({ length: 30 }, () => beginEds(browserAt(service, attacker))));
  const home = await beginEds(browserAt(service, elsewhere));
  responder.hold();
  const order: string[] = [];
  const busy: { client: Client; answer: Answered }[] = [];
  const sent = flood.map(async ({ client, id, data }) => {
    const answer = await postEds({ client }, id, signChallenge(key, data));
    if (answer.status === 503) busy.push({ client, answer });
    else order.push(`flood ${answer.status}`);
  });
  // Sixteen are in progress and two wait.
  await expect.poll(() => busy.length).toBe(12);
  for (const { answer } of busy) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  const served = postEds(home, home.id, signChallenge(key, home.data)).then(({ status }) => {
    order.push(`home ${status}`);
  });
  responder.release();
  await Promise.all([...sent, served]);
  expect(order.filter((one) => one === 'flood 303')).toHaveLength(18);
  expect(order).toContain('home 303');
  // A challenge that nobody had time to check is still valid.
  const [one] = busy;
  const again = await one?.client.post('/sign-in/eds', formAgain(one.answer.body));
  expect(again?.status).toBe(303);
  await service.close();
  await responder.close();
});
