import { setTimeout as pause } from 'node:timers/promises';
import { createPasswordHasher } from '../../src/features/passwords/hasher.ts';
import { importPeople } from '../../src/fund/embedded/import-people.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import type { Fields } from '../support/client.ts';
import type { PersonLine } from '../support/people.ts';
import { formOf } from '../support/signed-in.ts';

export const path = '/services/requisites';
const answerWithin = 15_000;

/** A signed-in person with the open form. */
export interface Visit {
  readonly person: PersonLine;
  readonly cookies: Map<string, string>;
  form: Fields;
  /** The number of saves since the form was read. */
  saves: number;
}

/** All invented people have the same password, so one hash is enough. */
export async function enrolAll(database: Database, people: readonly PersonLine[]): Promise<void> {
  const hasher = await createPasswordHasher(1);
  async function* lines(): AsyncGenerator<string> {
    for (const person of people) yield JSON.stringify(person);
  }
  const outcome = await importPeople(database, lines, { demo: true, hashPassword: hasher.hash });
  if (!outcome.ok) throw new Error('the invented people were not taken');
}

/** Signs a person in and reads their form. */
export async function signIn(person: PersonLine, origins: () => readonly string[]): Promise<Visit> {
  const cookies = new Map<string, string>();
  const [origin] = origins();
  if (origin === undefined) throw new Error('no node listens');
  const page = await request(origin, '/sign-in', cookies);
  const typed = { iin: person.iin, password: person.password ?? '' };
  const answer = await request(origin, '/sign-in', cookies, formOf(page.body, '/sign-in', typed));
  if (answer.status !== 303) throw new Error(`signing in was answered ${answer.status}`);
  const visit: Visit = { person, cookies, form: [], saves: 0 };
  await readForm(visit, origins);
  return visit;
}

/** Reads the current form, asking as often as necessary. */
export async function readForm(visit: Visit, origins: () => readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const there = origins();
    const origin = there[attempt % Math.max(there.length, 1)];
    const page = origin && (await request(origin, path, visit.cookies).catch(() => undefined));
    if (page && page.status === 200) {
      visit.form = formOf(page.body, path);
      visit.saves = 0;
      return;
    }
    await pause(200);
  }
  throw new Error('the form cannot be read');
}

interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
}

/** Sends one request as a browser does. Rejects when there is no answer within 15 seconds. */
export async function request(
  origin: string,
  to: string,
  cookies: Map<string, string>,
  form?: Fields,
): Promise<Answer> {
  const response = await fetch(origin + to, {
    method: form ? 'POST' : 'GET',
    headers: {
      origin,
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    },
    body: form ? new URLSearchParams(form.map(([name, value]) => [name, value])).toString() : null,
    redirect: 'manual',
    signal: AbortSignal.timeout(answerWithin),
  });
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && value !== '') cookies.set(name, value);
  }
  return { status: response.status, location: response.headers.get('location'), body: await response.text() };
}
