import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, injectClient } from '../support/client.ts';
import { readPage } from '../support/page.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

const brotli = { 'accept-encoding': 'br' };

/**
 * The bytes of a first load: the page, its style sheet, scripts and images, each with brotli,
 * without headers.
 */
async function weigh(client: Client, path: string): Promise<Map<string, number>> {
  const plain = await client.get(path);
  const weights = new Map([[path, (await client.get(path, brotli)).bytes.length]]);
  const page = readPage(plain.body);
  const linked = page.querySelectorAll('link[href], script[src], img[src]');
  for (const file of linked.map((one) => one.getAttribute('href') ?? one.getAttribute('src') ?? '')) {
    const answer = await client.get(file, brotli);
    expect([answer.status, answer.headers['content-encoding']], file).toEqual([200, 'br']);
    weights.set(file, answer.bytes.length);
  }
  expect(weights.size).toBeGreaterThan(2);
  return weights;
}

function total(weights: ReadonlyMap<string, number>): number {
  return [...weights.values()].reduce((sum, one) => sum + one, 0);
}

test('the first load of the start page is at most 12 KB, less than the first flight of TCP', async () => {
  const weights = await weigh(injectClient(service.server), '/');
  expect(total(weights), JSON.stringify([...weights])).toBeLessThanOrEqual(12 * 1024);
});

test('the first load of the requisites page is at most 30 KB', async () => {
  const person = inventPerson(9_040);
  await service.enrol(person);
  const weights = await weigh(await signedIn(service, person), '/services/requisites');
  expect(total(weights), JSON.stringify([...weights])).toBeLessThanOrEqual(30 * 1024);
});
