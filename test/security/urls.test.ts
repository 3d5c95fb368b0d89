import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../src/platform/root.ts';
import { type Client, injectClient } from '../support/client.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';

// Whatever an address contains, the answer is a page or a refusal, and never an internal error. The
// routes are read from the service, and every value is tried in every parameter of the path and in
// every field of the query.

const person = inventPerson(9_010);
const id = '0b8f6c6e-8a3c-4b57-9b0e-2f5d1c7a9e10';

/** Dates and times that do not exist, around one that does. */
const moments = [
  '20260230000000000000',
  '20260431000000000000',
  '20260229000000000000',
  '20261301000000000000',
  '20260100000000000000',
  '20260101240000000000',
  '20260101006000000000',
  '20260101000060000000',
  '00000101000000000000',
  '00010101000000000000',
  '99991231235959999999',
];

const values = [
  ...moments.flatMap((moment) => [`${moment}-c1`, `${moment}-e1`, `${moment}-c${id}`, moment]),
  '20260101000000000000-e99999999999999999999999999999999999999',
  '20260101000000000000-c---------',
  '20260101000000000000-e0\u0000',
  '2026-02-30',
  '2026-02-30T00:00:00Z',
  'infinity',
  '-infinity',
  'NaN',
  '-1',
  '0',
  '1e400',
  '0x10',
  '9223372036854775808',
  '99999999999999999999999999999999',
  '٠١٢٣',
  id,
  id.toUpperCase(),
  `${id}0`,
  '00000000-0000-0000-0000-000000000000',
  '0123456789AB',
  '',
  ' ',
  '\u0000',
  'а\u0000б',
  '\u202e',
  "' or 1=1 --",
  '%',
  '\\',
  '[]',
  '{}',
  'a'.repeat(64),
  'A'.repeat(300),
];

/** Byte sequences that cannot be an address, as they are sent. */
const broken = ['%', '%zz', '%ff', '%c0%af', '%00', '%ed%a0%80', '..%2f..%2f', '%0d%0aX: 1'];

const names = [
  'before',
  'only',
  'to',
  'ended',
  'again',
  'sent',
  'begin',
  'replaced',
  'confirmed',
  'edit',
  'done',
  'q',
  'language',
  'password',
  'turn',
];
const pairs = [
  ['q', 'language'],
  ['postcode', 'address'],
] as const;

let service: TestService;
let holder: Client;

beforeAll(async () => {
  service = await startService({ CODES_PER_NETWORK_HOUR: '100000' }, { work: false });
  await service.enrol(person);
  holder = await signedIn(service, person);
});

afterAll(() => service.close());

const encode = encodeURIComponent;

const paths = () => [
  ...new Set(service.routes.filter(({ method }) => method === 'GET').map(({ url }) => url)),
];

async function faults(client: Client, urls: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const url of urls) {
    const { status } = await client.get(url);
    if (status >= 500) found.push(`${status} ${url}`);
  }
  return found;
}

/** The fields of each query schema of a route. */
function querySchemas(): string[][] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /routes\.tsx?$/.test(file),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(root, 'src', file), 'utf8');
    const schemas = [...text.matchAll(/\bconst \w+Query = z\.object\(\{(.*?)\}\);/gs)];
    return schemas.map(([, fields = '']) =>
      [...fields.matchAll(/(?:^|,)\s*(\w+):/g)].map(([, name]) => name ?? ''),
    );
  });
}

/**
 * The names in groups, none of which has two names of one schema. A page that gets a value in every
 * field of a group therefore reads at most one of them, so that no field hides another.
 */
function groups(): string[][] {
  const schemas = querySchemas();
  const found: string[][] = [];
  for (const name of names) {
    const fellows = schemas.filter((fields) => fields.includes(name)).flat();
    const group = found.find((others) => !others.some((other) => fellows.includes(other)));
    if (group) group.push(name);
    else found.push([name]);
  }
  return found;
}

test('this test knows all query fields that routes read', () => {
  const read = querySchemas().flat();
  expect(read.length).toBeGreaterThan(5);
  const known: readonly string[] = [...names, ...pairs.flat()];
  expect(read.filter((name) => !known.includes(name))).toEqual([]);
  expect(groups().length).toBeLessThan(names.length);
  expect(groups().flat().sort()).toEqual([...names].sort());
});

test('no value in a path causes an error', async () => {
  const withParameters = paths().filter((url) => url.includes(':'));
  expect(withParameters.length).toBeGreaterThan(2);
  const urls = withParameters.flatMap((url) =>
    [...values.map(encode), ...broken].map((value) => url.replace(/:[a-zA-Z]+/g, () => value)),
  );
  expect(await faults(holder, urls)).toEqual([]);
});

test('no value in a query causes an error', async () => {
  const plain = ['/history', '/security', '/services', '/services/requisites', '/api/addresses'];
  const urls = plain.flatMap((path) =>
    groups().flatMap((group) =>
      [...values.map(encode), ...broken].map(
        (value) => `${path}?${group.map((name) => `${name}=${value}`).join('&')}`,
      ),
    ),
  );
  // Each route is called once with every field at its most hostile. The pages that read most get
  // every value.
  const others = paths()
    .filter((url) => !url.includes(':') && !url.startsWith('/assets') && !plain.includes(url))
    .flatMap((path) =>
      ['\u0000', "'", 'a'.repeat(300)].map(
        (value) => `${path}?${names.map((name) => `${name}=${encode(value)}`).join('&')}`,
      ),
    );
  expect(await faults(holder, [...urls, ...others])).toEqual([]);
});

test('no two values together, and no field sent twice, cause an error', async () => {
  const both = pairs.flatMap(([one, other]) =>
    values.map(
      (value) =>
        `/api/${one === 'q' ? 'addresses' : 'postcode'}?${one}=${encode(value)}&${other}=${encode(value)}`,
    ),
  );
  // A session may send 60 requests a minute, and this sends more, so parts of it use new sessions.
  const found: string[] = [];
  for (let from = 0; from < both.length; from += 50) {
    const fresh = await signedIn(service, person);
    found.push(...(await faults(fresh, both.slice(from, from + 50))));
  }
  expect(found).toEqual([]);
  const twice = names.flatMap((name) => [
    `/history?${name}=1&${name}=2`,
    `/history?${name}[]=1`,
    `/history?${name}[a]=1`,
  ]);
  expect(await faults(holder, twice)).toEqual([]);
});

test('a moment that does not exist is no place in the history, so the newest entries are shown', async () => {
  const newest = (await holder.get('/history')).body.match(/<time[^>]*>/g);
  for (const moment of moments.slice(0, 9)) {
    const answer = await holder.get(`/history?before=${moment}-c1`);
    expect(answer.status, moment).toBe(200);
    expect(answer.body.match(/<time[^>]*>/g), moment).toEqual(newest);
  }
});

test('visitors who are not signed in get no error either', async () => {
  const guest = injectClient(service.server);
  const urls = paths().flatMap((path) =>
    [...[id, '\u0000', 'infinity', '-1', `${moments[0]}-c1`].map(encode), ...broken].map((value) =>
      path.includes(':') ? path.replace(/:[a-zA-Z]+/g, () => value) : `${path}?to=${value}`,
    ),
  );
  expect(await faults(guest, urls)).toEqual([]);
});
