import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkSeal } from '../../src/features/receipt-seal/check-seal.ts';
import { type Client, injectClient } from '../support/client.ts';
import { kabinet } from '../support/kabinet.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// A receipt of the running service, checked by what the service publishes.

const person = inventPerson(9_990);
const requisites = '/services/requisites';

let service: TestService;
let folder: string;
let client: Client;
let receipt: string;

beforeAll(async () => {
  service = await startService();
  folder = await mkdtemp(join(tmpdir(), 'kabinet-receipt-'));
  await service.enrol(person);
  client = await signedIn(service, person);
  const page = await client.get(requisites);
  const saved = await client.post(requisites, formOf(page.body, requisites, { apartment: '77' }));
  receipt = String(saved.headers['location']);
});

afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

async function published(): Promise<JSONWebKeySet> {
  const answer = await injectClient(service.server).get('/.well-known/jwks.json');
  expect(answer.setCookies).toEqual([]);
  return JSON.parse(answer.body);
}

test('says what was saved, who saved it and how, and holds by the published keys', async () => {
  const { bytes, headers } = await client.get(`${receipt}.pdf`);
  expect(headers['content-type']).toBe('application/pdf');
  const checked = await checkSeal(bytes, await published());
  expect(checked).toMatchObject({
    ok: true,
    value: {
      origin: 'http://localhost:3000',
      number: receipt.split('/').at(-1),
      changes: [{ field: 'apartment', old: person.requisites.apartment, new: '77' }],
      proof: 'password-session',
      holder: { name: expect.stringContaining(person.surname) },
    },
  });
  expect(JSON.stringify(checked)).not.toContain(person.iin);
});

test('another installation does not know the key', async () => {
  const { bytes } = await client.get(`${receipt}.pdf`);
  expect(await checkSeal(bytes, { keys: [] })).toMatchObject({ ok: false, reason: 'foreign' });
});

test('`kabinet check` prints the values, and refuses an altered file', async () => {
  const { bytes } = await client.get(`${receipt}.pdf`);
  const [keys, right, wrong] = ['keys.json', 'right.pdf', 'wrong.pdf'].map((name) => join(folder, name));
  await writeFile(keys ?? '', JSON.stringify(await published()));
  await writeFile(right ?? '', bytes);
  bytes[200] = (bytes[200] as number) ^ 1;
  await writeFile(wrong ?? '', bytes);
  const run = (file = '') => kabinet(service.connection, ['check', file, '--keys', keys ?? '']);
  expect(await run(right)).toMatchObject({ code: 0, out: expect.stringContaining('apartment: ') });
  expect(await run(wrong)).toMatchObject({ code: 1, err: expect.stringContaining('altered') });
  expect(await run(join(folder, 'none'))).toMatchObject({ code: 1, err: expect.stringContaining('no such') });
});

test('without keys a receipt has no seal, and nothing is published', async () => {
  const bare = await service.anotherProcess({ DATABASE_URL: 'postgres://elsewhere/x', RECEIPT_KEYS: '' });
  const answer = await injectClient(bare).get('/.well-known/jwks.json');
  expect(JSON.parse(answer.body)).toEqual({ keys: [] });
});
