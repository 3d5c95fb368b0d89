import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { openTestNca, signChallenge, type TestNca } from '../support/eds.ts';
import { injectVisitor } from '../support/inject-visitor.ts';
import { codesIn, marksIn, marksOf, withoutFractions } from '../support/marks.ts';
import { readPage } from '../support/page.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';
import type { Visitor } from '../support/visitor.ts';
import type { Journey } from './journey.ts';
import { addressJourneys } from './scenarios/addresses.ts';
import { contactJourneys } from './scenarios/contact.ts';
import { registrationJourneys, securityJourneys } from './scenarios/registration.ts';
import { requisitesJourneys } from './scenarios/requisites.ts';
import { signInJourneys } from './scenarios/sign-in.ts';
import { type OpenWorld, openWorld } from './world.ts';

// Nothing personal may be logged, counted or shown to others. This runs every journey, the first
// one with fifty people, at the finest log level, and causes many errors. Then it searches every
// line for everything known about the people, everything that they typed, and every secret that
// they were given: cookies, tokens of forms, codes, nonces and links.

const crowd = 50;

let service: TestService;
let nca: TestNca;
/** What is known about the people. */
const known = new Set<string>();
/** What was typed and what was signed, including common words. */
const marks = new Set<string>();
const codes = new Set<string>();
/** Cookies, and the tokens of forms, which only a page in their own browser contains. */
const secrets = new Set<string>();
/** What is shown to anybody who has nothing to do with these people. */
const shownToOthers: string[] = [];

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
});

afterAll(async () => {
  await service.close();
  nca.close();
});

/** A client whose cookies and form tokens are recorded. */
function watchedClient(): Client {
  const client = injectClient(service.server);
  const watch = async (answer: Promise<Answered>): Promise<Answered> => {
    const got = await answer;
    for (const value of client.cookies.values()) if (value.length > 20) secrets.add(value);
    for (const [, token] of got.body.matchAll(/name="csrf" value="([^"]+)"/g)) if (token) secrets.add(token);
    return got;
  };
  return {
    cookies: client.cookies,
    get: (...request) => watch(client.get(...request)),
    post: (...request) => watch(client.post(...request)),
  };
}

/** A visitor whose typing is recorded. */
function watched(visitor: Visitor): Visitor {
  return {
    ...visitor,
    async fill(label, value) {
      // Shorter texts occur in times and ids by chance.
      if (/^[0-9]{5,8}$/.test(value)) codes.add(value);
      else if (value.length >= 5) marks.add(value);
      await visitor.fill(label, value);
    },
    newTab: async () => watched(await visitor.newTab()),
  };
}

/** A world whose messages and links are recorded. */
function watchedWorld(): OpenWorld {
  const world = openWorld(service, async () => watched(injectVisitor(service.server, watchedClient())));
  return {
    ...world,
    async inbox(to) {
      const texts = await world.inbox(to);
      for (const text of texts) {
        const [, code] = /#([0-9A-Z]+)$/.exec(text) ?? [];
        if (code !== undefined) codes.add(code);
      }
      return texts;
    },
    async notMePath(person) {
      const path = await world.notMePath(person);
      marks.add(path.split('/').at(-1) ?? path);
      return path;
    },
  };
}

function mark(person: PersonLine): void {
  for (const one of marksOf(person)) known.add(one);
}

async function make(journey: Journey): Promise<void> {
  const world = watchedWorld();
  await journey.run(world);
  await world.end();
  for (const person of world.people) mark(person);
}

const journeys = [
  ...requisitesJourneys,
  ...addressJourneys,
  ...contactJourneys,
  ...registrationJourneys,
  ...securityJourneys,
  ...signInJourneys,
].filter(({ ways }) => ways?.includes('inject') ?? true);

/** Signs in by a key, once correctly and once with somebody else's signature. */
async function signInByEds(person: PersonLine): Promise<void> {
  await service.enrol(person);
  mark(person);
  const path = '/sign-in/eds';
  const key = nca.key(person);
  for (const broken of [true, false]) {
    const client = watchedClient();
    const page = await client.get(path);
    const csrf = readPage(page.body).querySelector('#eds-form input[name=csrf]')?.getAttribute('value') ?? '';
    const challenge = await client.post(`${path}/challenge`, [['csrf', csrf]]);
    const { id, data } = JSON.parse(challenge.body) as { id: string; data: string };
    const nonce = /nonce: (.*)/.exec(Buffer.from(data, 'base64').toString())?.[1] ?? '';
    const signature = signChallenge(key, broken ? Buffer.from('else').toString('base64') : data);
    for (const secret of [id, nonce, data, signature.slice(100, 160)]) marks.add(secret);
    const answer = await client.post(path, [
      ['csrf', csrf],
      ['id', id],
      ['signature', signature],
    ]);
    expect(answer.status).toBe(broken ? 422 : 303);
  }
}

/** A save that the database refuses with an error that quotes what was typed. */
async function saveThatFails(person: PersonLine): Promise<void> {
  await service.enrol(person);
  mark(person);
  const client = await signedIn(service, person);
  const page = await client.get('/services/requisites');
  const address = 'Қызылорда қ., Айтылмас көшесі, 99-үй';
  marks.add(address);
  await service.database.run(sql`
    create function cabinet.planted() returns trigger language plpgsql as
    $$ begin raise exception 'refused: %', new.entries using detail = new.entries::text, constraint = 'planted'; end $$`);
  await service.database.run(
    sql`create trigger planted before insert on cabinet.change for each row execute function cabinet.planted()`,
  );
  const answer = await client.post(
    '/services/requisites',
    formOf(page.body, '/services/requisites', { address }),
  );
  await service.database.run(sql`drop function cabinet.planted() cascade`);
  expect(answer.status).toBe(500);
  // The head of the page contains the person's own name.
  const values = Object.values(person.requisites).filter((value) => value !== null && value.length > 6);
  expect(marksIn(answer.body, [address, person.iin, ...values.map(String)])).toEqual([]);
}

/**
 * Causes errors that must not reveal anything either: unreadable addresses, broken forms, too much
 * of everything.
 */
async function causeErrors(person: PersonLine): Promise<void> {
  mark(person);
  const client = watchedClient();
  const address = person.requisites.address ?? '';
  const form = (await client.get('/sign-in')).body;
  const typed = { iin: person.iin, password: person.password ?? '' };
  const answers = [
    await client.get(`/receipts/${person.iin}`),
    await client.get(`/api/addresses?q=${encodeURIComponent(address)}`),
    await client.get(`/nowhere/${person.iin}?iin=${person.iin}`),
    await client.get(`/%zz/${person.iin}`),
    await client.get(`/receipts/${encodeURIComponent(address)}.pdf`),
    await client.post('/sign-in', formOf(form, '/sign-in', { ...typed, csrf: person.iin })),
    await client.post('/sign-in', [...formOf(form, '/sign-in', typed), [person.surname, person.name]]),
    await client.post('/sign-in', formOf(form, '/sign-in', { ...typed, iin: person.iin.repeat(10_000) })),
    await client.post('/sign-in', formOf(form, '/sign-in', typed), { 'content-type': 'application/json' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([303, 401, 404, 400, 303, 403, 400, 413, 415]);
  shownToOthers.push(...answers.map(({ body }) => body));
}

describe('after all journeys', () => {
  beforeAll(async () => {
    const [first] = journeys;
    if (first) for (let person = 0; person < crowd; person += 1) await make(first);
    for (const journey of journeys) await make(journey);
    await signInByEds(inventPerson(9_901));
    await saveThatFails(inventPerson(9_902));
    await causeErrors(inventPerson(9_903));
  });

  test('there were many log lines about many people', () => {
    expect(service.logLines.length).toBeGreaterThan(500);
    expect(service.logLines.join('')).toContain('a request failed');
    expect(known.size).toBeGreaterThan(crowd * 10);
    expect(marks.size).toBeGreaterThan(crowd);
    expect(secrets.size).toBeGreaterThan(crowd * 4);
    expect(codes.size).toBeGreaterThan(20);
  });

  test('no line of the log has a name, anything typed, or a secret', () => {
    const log = service.logLines.join('');
    expect(marksIn(log, [...known, ...marks, ...secrets])).toEqual([]);
    expect(codesIn(log, [...codes])).toEqual([]);
    expect(log).not.toMatch(/(?<![0-9])[0-9]{12}(?![0-9])/);
    expect(log).not.toContain('@example.kz');
  });

  test('the log of the database has none either, although it refused what it was given', () => {
    const log = readFileSync(join(inject('postgresFolder'), 'postgres.log'), 'utf8');
    expect(log).toContain('ready to accept connections');
    expect(marksIn(log, [...known, ...marks])).toEqual([]);
  });

  test('no metric identifies anybody', async () => {
    const text = await service.metrics.text();
    expect(text).toContain('/services/requisites');
    expect(marksIn(withoutFractions(text), [...known, ...marks])).toEqual([]);
    expect(codesIn(withoutFractions(text), [...codes])).toEqual([]);
    const labels = [...text.matchAll(/^[a-z_:]+\{(.*)\} /gm)].map(([, all]) => all).join('\n');
    expect(labels.length).toBeGreaterThan(1_000);
    expect(labels).not.toMatch(/[0-9]{7}|@|\+7/);
  });

  test('no error page repeats what was requested or typed', () => {
    expect(shownToOthers.length).toBe(9);
    for (const page of shownToOthers) expect(marksIn(page, [...known])).toEqual([]);
  });
});

test('a planted line is found, however it is written', () => {
  const person = inventPerson(77);
  const planted = [
    person.iin,
    `{"address":${JSON.stringify(person.requisites.address)}}`,
    `GET /x?name=${encodeURIComponent(person.surname)}`,
    person.surname.toUpperCase(),
    '+7 (701) 555-00-77',
  ];
  for (const line of planted)
    expect(marksIn(`{"level":30,"msg":"x ${line}"}`, marksOf(person)), line).not.toEqual([]);
  expect(marksIn('{"level":30,"route":"/services/requisites","status":200}', marksOf(person))).toEqual([]);
  expect(codesIn('{"time":1795660782000,"code":"782000"}', ['782000', '660782'])).toEqual(['782000']);
});
