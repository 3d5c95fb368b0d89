import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepReceiptLog } from '../../src/features/receipt-log/log.ts';
import { signCode } from '../../src/features/receipt-seal/seal.ts';
import { readSealKeys } from '../../src/features/receipt-seal/seal-keys.ts';
import { createReceiptSealer } from '../../src/features/receipt-seal/sealer.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { checkSeal } from '../../src/receipt/check-seal.ts';
import { type Client, injectClient } from '../support/client.ts';
import { kabinet } from '../support/kabinet.ts';
import { inventPerson } from '../support/people.ts';
import { receiptKey, startService, type TestService } from '../support/service.ts';
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

async function publishedKeys(): Promise<JSONWebKeySet> {
  const answer = await injectClient(service.server).get('/.well-known/jwks.json');
  expect(answer.setCookies).toEqual([]);
  return JSON.parse(answer.body);
}

test('says what was saved, who saved it and how, and holds by the published keys', async () => {
  const { bytes, headers } = await client.get(`${receipt}.pdf`);
  expect(headers['content-type']).toBe('application/pdf');
  const checked = await checkSeal(bytes, await publishedKeys());
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
  await writeFile(keys ?? '', JSON.stringify(await publishedKeys()));
  await writeFile(right ?? '', bytes);
  bytes[200] = (bytes[200] as number) ^ 1;
  await writeFile(wrong ?? '', bytes);
  const run = (file = '') => kabinet(service.connection, ['check', file, '--keys', keys ?? '']);
  expect(await run(right)).toMatchObject({ code: 0, out: expect.stringContaining('apartment: ') });
  expect(await run(wrong)).toMatchObject({ code: 1, err: expect.stringContaining('altered') });
  expect(await run(join(folder, 'none'))).toMatchObject({ code: 1, err: expect.stringContaining('no such') });
});

test('`kabinet check` takes the code of the QR, alone and beside the file', async () => {
  const { bytes } = await client.get(`${receipt}.pdf`);
  const [keys = '', file = ''] = ['keys.json', 'right.pdf'].map((name) => join(folder, name));
  await writeFile(keys, JSON.stringify(await publishedKeys()));
  await writeFile(file, bytes);
  const sealed = await checkSeal(bytes, await publishedKeys());
  if (!sealed.ok) throw new Error(sealed.reason);
  const by = await readSealKeys([receiptKey]);
  const right = await signCode(by, sealed.value);
  const other = await signCode(by, { ...sealed.value, number: 'AAAAAAAAAAAA' });
  const run = (...parameters: string[]) =>
    kabinet(service.connection, ['check', ...parameters, '--keys', keys]);
  expect(await run(`http://localhost:3000/check#${right}`)).toMatchObject({
    code: 0,
    out: expect.stringMatching(new RegExp(`number: ${sealed.value.number}[^]*not checked: the values`)),
  });
  expect(await run(`#${right.replace(/\.20\d\d-/, '.2019-')}`)).toMatchObject({ code: 1 });
  expect(await run(file, '--code', right)).toMatchObject({
    code: 0,
    out: expect.stringContaining('the file is the receipt of the code'),
  });
  expect(await run(file, '--code', other)).toMatchObject({
    code: 1,
    err: expect.stringContaining('not the receipt of the code'),
  });
});

test('`kabinet audit publish` prints the heads, by which a receipt of a former day is proved', async () => {
  const day = sql`(select change_id from cabinet.change where number = ${receipt.split('/').at(-1)})`;
  await client.get(`${receipt}.pdf`);
  await service.database.run(sql`
    update cabinet.receipt_leaf set day = day - 2 where change_id = ${day}`);
  await keepReceiptLog({
    database: service.database,
    receiptSealer: createReceiptSealer([receiptKey]),
  });
  const { bytes } = await client.get(`${receipt}.pdf`);
  const published = await kabinet(service.connection, ['audit', 'publish']);
  expect(published).toMatchObject({ code: 0, err: '' });
  const onSite = await injectClient(service.server).get('/.well-known/receipt-heads.txt');
  expect([onSite.body, onSite.setCookies]).toEqual([published.out, []]);
  const [keys = '', heads = '', file = ''] = ['keys.json', 'heads.txt', 'later.pdf'].map((name) =>
    join(folder, name),
  );
  await writeFile(keys, JSON.stringify(await publishedKeys()));
  await writeFile(heads, published.out);
  await writeFile(file, bytes);
  const parameters = ['check', file, '--keys', keys, '--heads', heads];
  expect(await kabinet(service.connection, parameters)).toMatchObject({
    code: 0,
    out: expect.stringContaining('by a published head'),
  });
  await writeFile(heads, published.out.replace(/[A-Za-z0-9_-]{20}\n/, 'AAAAAAAAAAAAAAAAAAAA\n'));
  expect(await kabinet(service.connection, parameters)).toMatchObject({
    code: 1,
    err: expect.stringContaining('foreign in line 1'),
  });
});

test('without keys a receipt has no seal, and nothing is published', async () => {
  const bare = await service.anotherProcess({ DATABASE_URL: 'postgres://elsewhere/x', RECEIPT_KEYS: '' });
  const answer = await injectClient(bare).get('/.well-known/jwks.json');
  expect(JSON.parse(answer.body)).toEqual({ keys: [] });
});
