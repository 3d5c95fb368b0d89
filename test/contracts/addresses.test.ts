import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedSource } from '../../src/features/addresses/embedded.ts';
import { shippedPlaces } from '../../src/features/addresses/places.ts';
import type { AddressSource, FoundAddress } from '../../src/features/addresses/source.ts';
import { createKazpost, type Kazpost, type KazpostSettings } from '../../src/gateways/kazpost/kazpost.ts';
import { parseAddress } from '../../src/values/address.ts';
import { type Postcode, parsePostcode } from '../../src/values/postcode.ts';
import { type KazpostServer, kazpostCredentials, startKazpostServer } from '../support/kazpost-server.ts';

/** Requirements for every source of addresses. */
interface Subject {
  readonly name: string;
  readonly origin: FoundAddress['origin'];
  open(server: KazpostServer): AddressSource & { close?(): Promise<void> };
  /** A text that finds something, and a word of the line that is found in each language. */
  readonly known: { readonly text: string; readonly kk: string; readonly ru: string };
  readonly postcode: string;
}

const presentName = shippedPlaces().presentName;

function kazpost(settings: KazpostSettings): Kazpost {
  return createKazpost(settings, { presentName, timeout: 1_500 });
}

const subjects: readonly Subject[] = [
  {
    name: 'the embedded classifier',
    origin: 'kato',
    open: () => createEmbeddedSource(shippedPlaces()),
    known: { text: 'Алматы Абая 10', kk: 'Алматы қаласы', ru: 'город Алматы' },
    postcode: '050000',
  },
  {
    name: 'api.post.kz',
    origin: 'kazpost',
    open: ({ url }) => kazpost({ api: 'classic', url }),
    known: { text: 'Алматы Абая 10', kk: 'Абай даңғылы', ru: 'проспект Абая' },
    postcode: '050000',
  },
  {
    name: 'open.post.kz',
    origin: 'kazpost',
    open: ({ url }) => kazpost({ api: 'open', url, ...kazpostCredentials }),
    known: { text: 'Алматы Абая 10', kk: 'Абай даңғылы', ru: 'проспект Абая' },
    postcode: 'A11B0C1',
  },
];

function index(text: string): Postcode {
  const read = parsePostcode(text);
  if (!read.ok) throw new Error(`${text} is no index`);
  return read.value;
}

async function found(answer: ReturnType<AddressSource['byText']>): Promise<readonly FoundAddress[]> {
  const result = await answer;
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

describe.each(subjects)('a source of addresses: $name', (subject) => {
  let server: KazpostServer;
  let source: ReturnType<Subject['open']>;

  beforeAll(async () => {
    server = await startKazpostServer();
    source = subject.open(server);
  });

  afterAll(async () => {
    await source.close?.();
    await server.close();
  });

  it('finds an address in both languages and names its source', async () => {
    const [first] = await found(source.byText(subject.known.text));
    expect(first?.origin).toBe(subject.origin);
    expect(first?.text.kk).toContain(subject.known.kk);
    expect(first?.text.ru).toContain(subject.known.ru);
    expect(first?.id).not.toBe('');
    expect(first?.parts.length).toBeGreaterThan(0);
  });

  it('offers only lines that the address field accepts, and at most 20', async () => {
    const queries = ['Алматы', 'Астана', 'Караганда', 'Шамалган Бирлик', '3/1', 'А', 'Абая'];
    let seen = 0;
    for (const query of queries) {
      const rows = await found(source.byText(query));
      expect(rows.length).toBeLessThanOrEqual(20);
      seen += rows.length;
      for (const { text } of rows) {
        expect([text.kk, parseAddress(text.kk).ok]).toEqual([text.kk, true]);
        expect([text.ru, parseAddress(text.ru).ok]).toEqual([text.ru, true]);
      }
    }
    expect(seen).toBeGreaterThan(20);
  });

  it('gives a postcode only in its canonical form', async () => {
    const rows = await found(source.byPostcode(index(subject.postcode)));
    expect(rows.length).toBeGreaterThan(0);
    for (const { postcode } of rows) expect(postcode === null || parsePostcode(postcode).ok).toBe(true);
    expect(rows.some(({ postcode }) => postcode !== null)).toBe(true);
  });

  it('finds nothing for a place that does not exist', async () => {
    expect(await found(source.byText('ъъъхкшщ'))).toEqual([]);
    expect(await found(source.byPostcode(index('W99W9W9')))).toEqual([]);
  });

  it.each([
    ['a path upwards', '../../etc/passwd'],
    ['dots', '..'],
    ['a dot', '.'],
    ['another address', 'http://169.254.169.254/latest'],
    ['a house with a slash', 'Абая 3/1'],
    ['line breaks', 'a\r\nHost: elsewhere'],
    ['an encoded path', '%2e%2e%2f'],
    ['a query', '?from=9&x=#'],
    ['control and half characters', '\u0000\u202e\ud800'],
    ['ten thousand characters', 'Абай '.repeat(2_000)],
  ])('treats any text as a plain search: %s', async (_, text) => {
    const before = server.requests.length;
    const answer = await source.byText(text);
    expect(answer.ok).toBe(true);
    for (const { path } of server.requests.slice(before)) {
      expect(path).toMatch(
        /^\/(?:api\/byAddress\/[^/?]*\?from=0|npi-integration\/api\/(?:npi\/search\?query=[^&#]*|auth\/login))$/,
      );
      expect(path.split('?')[0]).not.toMatch(/\.\./);
      expect(path).not.toMatch(/\s/);
    }
  });
});
