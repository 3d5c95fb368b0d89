import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { injectVisitor } from '../support/inject-visitor.ts';
import { marksIn, marksOf } from '../support/marks.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import type { Visitor } from '../support/visitor.ts';
import { addressJourneys } from './addresses.ts';
import { contactJourneys } from './contact.ts';
import type { Journey } from './journey.ts';
import { registrationJourneys, securityJourneys } from './registration.ts';
import { requisitesJourneys } from './requisites.ts';
import { signInJourneys } from './sign-in.ts';
import { openWorld } from './world.ts';

// Nothing personal is ever logged or counted. Every journey is made, the first one by fifty people, at the finest log
// level; then every line is searched for everything that is known of them and everything they typed.

const crowd = 50;

let service: TestService;
const marks = new Set<string>();

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

/** A visitor whose typing is remembered. */
function watched(visitor: Visitor): Visitor {
  return {
    ...visitor,
    async fill(label, value) {
      // Shorter ones stand in times and identifiers by chance, short numbers in metrics.
      if (value.length >= 5 && !/^[0-9]{1,6}$/.test(value)) marks.add(value);
      await visitor.fill(label, value);
    },
    newTab: async () => watched(await visitor.newTab()),
  };
}

async function make(journey: Journey): Promise<void> {
  const world = openWorld(service, async () => watched(injectVisitor(service.server)));
  await journey.run(world);
  await world.end();
  for (const person of world.people) for (const mark of marksOf(person)) marks.add(mark);
}

const journeys = [
  ...requisitesJourneys,
  ...addressJourneys,
  ...contactJourneys,
  ...registrationJourneys,
  ...securityJourneys,
  ...signInJourneys,
].filter(({ ways }) => ways?.includes('inject') ?? true);

describe('after all journeys', () => {
  beforeAll(async () => {
    const [first] = journeys;
    if (first) for (let person = 0; person < crowd; person += 1) await make(first);
    for (const journey of journeys) await make(journey);
    // What goes wrong must not tell either: unreadable addresses, broken forms, a query that fails.
    const visitor = watched(injectVisitor(service.server));
    for (const path of [
      `/receipts/${inventPerson(0).iin}`,
      `/api/addresses?q=${encodeURIComponent(inventPerson(0).requisites.address ?? '')}`,
      `/nowhere/${inventPerson(0).iin}?iin=${inventPerson(0).iin}`,
    ]) {
      await visitor.open(path);
    }
  });

  test('there was much to log, of many people', () => {
    expect(service.logLines.length).toBeGreaterThan(500);
    expect(marks.size).toBeGreaterThan(crowd * 10);
  });

  test('no line of the log names anybody or anything typed', () => {
    const log = service.logLines.join('');
    expect(marksIn(log, [...marks])).toEqual([]);
    expect(log).not.toMatch(/(?<![0-9])[0-9]{12}(?![0-9])/);
    expect(log).not.toContain('@example.kz');
  });

  test('no metric names anybody', async () => {
    const text = await service.metrics.text();
    expect(text).toContain('/services/requisites');
    expect(marksIn(text, [...marks])).toEqual([]);
    const labels = [...text.matchAll(/^[a-z_:]+\{(.*)\} /gm)].map(([, all]) => all).join('\n');
    expect(labels.length).toBeGreaterThan(1_000);
    expect(labels).not.toMatch(/[0-9]{7}|@|\+7/);
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
});
