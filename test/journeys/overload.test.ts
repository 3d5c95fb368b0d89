import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createPasswordHasher } from '../../src/features/passwords/hasher.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { heading, readPage, visibleText } from '../support/page.ts';
import { inventPerson, password } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';

// More requests than can be answered: people who have begun something come first, others wait, and
// nothing typed is lost.

const person = inventPerson(9_420);
const path = '/services/requisites';
const atOnce = 6;

let service: TestService;
let holder: Client;
/** While this is set, the database answers nobody. */
let held: Promise<void> | undefined;
let waiting = 0;
let release: () => void = () => {};

beforeAll(async () => {
  const patiently = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    waiting += 1;
    await held;
    waiting -= 1;
    return work();
  };
  service = await startService(
    { REQUESTS_AT_ONCE: String(atOnce) },
    {
      work: false,
      through: (database) => ({
        ...database,
        rows: (statement) => patiently(() => database.rows(statement)),
        first: (statement) => patiently(() => database.first(statement)),
        run: (statement) => patiently(() => database.run(statement)),
        batch: (work) => patiently(() => database.batch(work)),
      }),
    },
  );
  await service.enrol(person);
  holder = await signedIn(service, person);
});

afterAll(() => service.close());

/**
 * Runs `meanwhile` while `load` pages of a signed-in person are in progress, and returns their
 * answers.
 */
async function underLoad(load: number, meanwhile: () => Promise<void>): Promise<readonly Answered[]> {
  held = new Promise((resolve) => {
    release = resolve;
  });
  const pages = Array.from({ length: load }, () => holder.get('/services'));
  try {
    await vi.waitFor(() => expect(waiting).toBe(load));
    await meanwhile();
  } finally {
    release();
    held = undefined;
  }
  return Promise.all(pages);
}

const statuses = (answers: readonly Answered[]) => answers.map(({ status }) => status);

test('new visitors wait first, signed-in people are served, and health and assets always work', async () => {
  const guest = injectClient(service.server);
  const asset = /href="(\/assets\/[^"]+\.css)"/.exec((await guest.get('/')).body)?.[1] ?? '';
  const served = await underLoad((atOnce * 2) / 3, async () => {
    const refused = await Promise.all(Array.from({ length: 10 }, () => guest.get('/')));
    expect(statuses(refused)).toEqual(Array(10).fill(503));
    const waits = refused.map(({ headers }) => Number(headers['retry-after']));
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(5);
      expect(wait).toBeLessThanOrEqual(15);
    }
    // The waits are spread: ten of them are hardly ever equal.
    expect(new Set(waits).size).toBeGreaterThan(1);
    expect(refused.map(({ headers }) => Number(headers['refresh']))).toEqual(waits);
    expect((await service.server.inject('/health/live')).statusCode).toBe(200);
    expect((await service.server.inject(asset)).statusCode).toBe(200);
    const more = [holder.get('/services'), holder.get('/services')];
    await vi.waitFor(() => expect(waiting).toBe(atOnce));
    // The last places are taken, so signed-in people wait too.
    expect((await holder.get('/services')).status).toBe(503);
    release();
    expect(statuses(await Promise.all(more))).toEqual([200, 200]);
  });
  expect(statuses(served)).toEqual(Array(4).fill(200));
  expect((await guest.get('/')).status).toBe(200);
});

test('the waiting page uses the chosen language, or all of them, and costs no statement', async () => {
  await underLoad(atOnce, async () => {
    const before = waiting;
    for (const language of [...languages, undefined]) {
      const cookie = language && `language=${language}`;
      const answer = await injectClient(service.server).get('/', { cookie });
      const page = readPage(answer.body);
      const told = language ? [language] : languages;
      expect(heading(page)).toBe(textsOf(language ?? 'kk').outages.busy.title);
      for (const one of languages) {
        const { byItself } = textsOf(one).outages;
        expect(visibleText(page).includes(byItself)).toBe(told.includes(one));
      }
      expect(answer.body).not.toContain('csrf');
      expect(answer.setCookies).toEqual([]);
    }
    const zipped = await injectClient(service.server).get('/', { 'accept-encoding': 'gzip, deflate, br' });
    expect(zipped.headers['content-encoding']).toBe('br');
    expect(zipped.bytes.length).toBeLessThan(2_048);
    expect(waiting).toBe(before);
  });
});

test('a form that must wait is kept in its page, to be sent again', async () => {
  const form = formOf((await holder.get(path)).body, path, { address: 'Алматы қ., Күткен көшесі, 5-үй' });
  let kept: Answered | undefined;
  await underLoad(atOnce, async () => {
    kept = await holder.post(path, form);
  });
  expect(kept?.status).toBe(503);
  expect(heading(readPage(kept?.body ?? ''))).toBe(textsOf('kk').outages.busy.title);
  const saved = await holder.post(path, formOf(kept?.body ?? '', path));
  expect(saved.status).toBe(303);
  expect(saved.headers['location']).toMatch(/^\/receipts\//);
});

test('a form from another site is not echoed under load either', async () => {
  const form = formOf((await holder.get(path)).body, path, { address: 'Алматы қ., Бөгде көшесі, 6-үй' });
  await underLoad(atOnce, async () => {
    const answer = await holder.post(path, form, { origin: 'https://example.org' });
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain('Бөгде');
  });
});

test('no more passwords are checked at once than there are cores', async () => {
  let active = 0;
  let most = 0;
  let looked = 0;
  const hasher = await createPasswordHasher(2, async (work) => {
    active += 1;
    most = Math.max(most, active);
    const value = await work();
    active -= 1;
    looked += 1;
    return value;
  });
  const guesses = Array.from({ length: 20 }, () => hasher.verify(undefined, password));
  expect(hasher.waiting).toBe(18);
  expect(await Promise.all(guesses)).toEqual(Array(20).fill(false));
  expect({ most, looked, waiting: hasher.waiting }).toEqual({ most: 2, looked: 20, waiting: 0 });
});
