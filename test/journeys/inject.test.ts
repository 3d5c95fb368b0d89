import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openTestNca, type TestNca } from '../support/eds.ts';
import { injectVisitor } from '../support/inject-visitor.ts';
import { codesIn, marksIn, marksOf, withoutFractions } from '../support/marks.ts';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { type Canary, createCanary } from './canary.ts';
import { areas } from './scenarios/areas.ts';
import { onFileJourneys } from './scenarios/on-file.ts';
import { requisitesJourneys } from './scenarios/requisites.ts';
import { twoTabsJourneys } from './scenarios/two-tabs.ts';
import { openWorld } from './world.ts';

// Runs every journey over HTTP, at the finest log level. Then it searches every line of the log for
// everything known about the people, everything that they typed, and every secret that they were
// given: cookies, tokens of forms, codes, nonces and links.

const crowd = 50;
/** The people of these journeys share common values, which occur everywhere. */
const unwatched = [onFileJourneys, twoTabsJourneys];

let service: TestService;
let nca: TestNca;
let canary: Canary;

beforeAll(async () => {
  nca = openTestNca();
  service = await startService(nca.environment);
  canary = createCanary(service);
});

afterAll(async () => {
  await service.close();
  nca.close();
});

describe.each(areas)('%s, by HTTP', (_area, journeys) => {
  test.each(journeys.filter(({ ways }) => ways?.includes('inject') ?? true))('$name', async (journey) => {
    const world = unwatched.includes(journeys)
      ? openWorld(service, async () => injectVisitor(service.server))
      : canary.world();
    await journey.run(world);
    await world.end();
  });
});

describe('after all journeys, and fifty more people on one of them', () => {
  beforeAll(async () => {
    const [first] = requisitesJourneys;
    if (!first) throw new Error('there is no journey');
    for (let person = 0; person < crowd; person += 1) {
      const world = canary.world();
      await first.run(world);
      await world.end();
    }
    await canary.signInByEds(nca, inventPerson(9_901));
    await canary.saveThatFails(inventPerson(9_902));
    await canary.causeErrors(inventPerson(9_903));
  });

  test('there were many log lines about many people', () => {
    expect(service.logLines.length).toBeGreaterThan(500);
    expect(service.logLines.join('')).toContain('a request failed');
    expect(canary.known.size).toBeGreaterThan(crowd * 10);
    expect(canary.marks.size).toBeGreaterThan(crowd);
    expect(canary.secrets.size).toBeGreaterThan(crowd * 4);
    expect(canary.codes.size).toBeGreaterThan(20);
  });

  test('no line of the log has a name, anything typed, or a secret', () => {
    const log = service.logLines.join('');
    expect(marksIn(log, [...canary.known, ...canary.marks, ...canary.secrets])).toEqual([]);
    expect(codesIn(log, [...canary.codes])).toEqual([]);
    expect(log).not.toMatch(/(?<![0-9])[0-9]{12}(?![0-9])/);
    expect(log).not.toContain('@example.kz');
  });

  test('the log of the database has none either, although it refused what it was given', () => {
    const log = readFileSync(join(inject('postgresFolder'), 'postgres.log'), 'utf8');
    expect(log).toContain('ready to accept connections');
    expect(marksIn(log, [...canary.known, ...canary.marks])).toEqual([]);
  });

  test('no metric identifies anybody', async () => {
    const text = await service.metrics.text();
    expect(text).toContain('/services/requisites');
    expect(marksIn(withoutFractions(text), [...canary.known, ...canary.marks])).toEqual([]);
    expect(codesIn(withoutFractions(text), [...canary.codes])).toEqual([]);
    const labels = [...text.matchAll(/^[a-z_:]+\{(.*)\} /gm)].map(([, all]) => all).join('\n');
    expect(labels.length).toBeGreaterThan(1_000);
    // The build is a hash, in which seven digits may follow one another.
    expect(labels.replace(/build="[0-9a-f]+"/, '')).not.toMatch(/[0-9]{7}|@|\+7/);
  });

  test('no error page repeats what was requested or typed', () => {
    expect(canary.shownToOthers.length).toBe(9);
    for (const page of canary.shownToOthers) expect(marksIn(page, [...canary.known])).toEqual([]);
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
