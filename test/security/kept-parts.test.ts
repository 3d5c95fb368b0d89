import { afterAll, beforeAll, expect, test } from 'vitest';
import { keptParts } from '../../src/ui/page-skeleton.tsx';
import { type Client, injectClient } from '../support/client.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';

// Parts of pages are rendered once and shown to everybody. Nothing of a person may be in them.

const people: readonly PersonLine[] = [inventPerson(8_101), inventPerson(8_102)];

let service: TestService;

beforeAll(async () => {
  service = await startService();
  for (const person of people) await service.enrol(person);
});

afterAll(() => service.close());

/** The pages that one visitor sees, as they were sent. */
async function visit(client: Client): Promise<readonly string[]> {
  const paths = service.routes
    .filter(({ method, access, url }) => method === 'GET' && access !== 'machine' && !/[:*]/.test(url))
    .map(({ url }) => url);
  const pages: string[] = [];
  for (const path of paths) {
    const { status, body } = await client.get(path);
    if (status === 200 && body.startsWith('<!doctype html>')) pages.push(body);
  }
  return pages;
}

const tokensIn = (page: string) => [...page.matchAll(/csrf" value="([^"]+)"/g)].map(([, token]) => token);

test('no kept part has a token, a name, a number or a time of a person', async () => {
  const pages: string[] = [];
  for (const person of people) {
    pages.push(...(await visit(injectClient(service.server))));
    pages.push(...(await visit(await signedIn(service, person))));
  }
  expect(pages.length).toBeGreaterThan(12);
  const tokens = pages.flatMap(tokensIn);
  expect(tokens.length).toBeGreaterThan(pages.length / 2);
  const kept = keptParts();
  expect(kept.length).toBeGreaterThan(5);
  const personal = [
    ...tokens,
    ...people.flatMap(({ iin, surname, name, requisites }) => [
      iin,
      surname,
      name,
      ...Object.values(requisites).filter((value) => value !== null && value.length > 3),
    ]),
  ].filter((value) => value !== undefined && value !== null);
  expect(personal.length).toBeGreaterThan(tokens.length + 6);
  const shown = pages.join('\n');
  expect(personal.some((value) => shown.includes(String(value)))).toBe(true);
  const everything = kept.join('\n');
  for (const value of personal) expect(everything).not.toContain(value);
  expect(everything).not.toMatch(/data-seconds-left="\d/);
});

test('another person adds no kept part', async () => {
  const before = keptParts();
  const another = inventPerson(8_103);
  await service.enrol(another);
  await visit(await signedIn(service, another));
  expect(keptParts()).toEqual(before);
});
