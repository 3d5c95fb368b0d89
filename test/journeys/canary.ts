import { expect } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type Answered, type Client, injectClient } from '../support/client.ts';
import { signChallenge, type TestNca } from '../support/eds.ts';
import { injectVisitor } from '../support/inject-visitor.ts';
import { marksIn, marksOf } from '../support/marks.ts';
import { readPage } from '../support/page.ts';
import type { PersonLine } from '../support/people.ts';
import type { TestService } from '../support/service.ts';
import { formOf, signedIn } from '../support/signed-in.ts';
import type { Visitor } from '../support/visitor.ts';
import { type OpenWorld, openWorld } from './world.ts';

/** Records everything personal that a service is given. The test then searches the log for it. */
export interface Canary {
  /** What is known about the people. */
  readonly known: ReadonlySet<string>;
  /** What was typed and what was signed, including common words. */
  readonly marks: ReadonlySet<string>;
  readonly codes: ReadonlySet<string>;
  /** Cookies, and the tokens of forms, which only a page in their own browser contains. */
  readonly secrets: ReadonlySet<string>;
  /** What is shown to anybody who has nothing to do with these people. */
  readonly shownToOthers: readonly string[];
  /** A world visited over HTTP, whose people, typing, messages and links are recorded. */
  world(): OpenWorld;
  /** Signs in by a key, once correctly and once with somebody else's signature. */
  signInByEds(nca: TestNca, person: PersonLine): Promise<void>;
  /** A save that the database refuses with an error that quotes what was typed. */
  saveThatFails(person: PersonLine): Promise<void>;
  /** Causes errors: unreadable addresses, broken forms, too much of everything. */
  causeErrors(person: PersonLine): Promise<void>;
}

export function createCanary(service: TestService): Canary {
  const known = new Set<string>();
  const marks = new Set<string>();
  const codes = new Set<string>();
  const secrets = new Set<string>();
  const shownToOthers: string[] = [];

  function mark(person: PersonLine): void {
    for (const one of marksOf(person)) known.add(one);
  }

  /** A client whose cookies and form tokens are recorded. */
  function watchedClient(): Client {
    const client = injectClient(service.server);
    const watch = async (answer: Promise<Answered>): Promise<Answered> => {
      const got = await answer;
      for (const value of client.cookies.values()) if (value.length > 20) secrets.add(value);
      for (const [, token] of got.body.matchAll(/name="csrf" value="([^"]+)"/g))
        if (token) secrets.add(token);
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

  function watchedWorld(): OpenWorld {
    const world = openWorld(service, async () => watched(injectVisitor(service.server, watchedClient())));
    return {
      ...world,
      async end() {
        await world.end();
        for (const person of world.people) mark(person);
      },
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

  async function signInByEds(nca: TestNca, person: PersonLine): Promise<void> {
    await service.enrol(person);
    mark(person);
    const path = '/sign-in/eds';
    const key = nca.key(person);
    for (const broken of [true, false]) {
      const client = watchedClient();
      const page = await client.get(path);
      const csrf =
        readPage(page.body).querySelector('#eds-form input[name=csrf]')?.getAttribute('value') ?? '';
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

  return {
    ...{ known, marks, codes, secrets, shownToOthers },
    world: watchedWorld,
    signInByEds,
    saveThatFails,
    causeErrors,
  };
}
