import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessTable, type WayName, wayOf } from '../../src/features/assurance/decide.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import type { Decision, WayIn, Wish } from '../../src/platform/session.ts';
import type { Client, Fields } from '../support/client.ts';
import { edsForm } from '../support/eds-visitor.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';
import { signedIn } from '../support/signed-in.ts';

// One table decides what a way in may do. Each of its cells is asked of the running service: a
// session of that kind sends the request that stands for the wish.

const ways: Readonly<Record<WayName, WayIn>> = {
  restricted: { method: 'password', step: null, restricted: 'fresh-mobile' },
  password: { method: 'password', step: null, restricted: null },
  'password, trusted browser': { method: 'password', step: 'trusted', restricted: null },
  'password and SMS': { method: 'password', step: 'sms', restricted: null },
  'password and backup code': { method: 'password', step: 'backup-code', restricted: null },
  'password and authenticator': { method: 'password', step: 'authenticator', restricted: null },
  'password and passkey': { method: 'password', step: 'passkey', restricted: null },
  'password and phone': { method: 'password', step: 'phone', restricted: null },
  passkey: { method: 'passkey', step: null, restricted: null },
  eds: { method: 'eds', step: null, restricted: null },
  phone: { method: 'phone', step: null, restricted: null },
};

type Expected = 'allow' | 'holder' | 'contacts' | 'refuse';

/** What each way may do. Written by hand, so that a changed table is a decision. */
const expected: Readonly<Record<WayName, Readonly<Record<Wish, Expected>>>> = {
  restricted: row('allow', 'refuse', 'refuse', 'refuse', 'refuse', 'refuse'),
  password: row('allow', 'allow', 'contacts', 'allow', 'holder', 'refuse'),
  'password, trusted browser': row('allow', 'allow', 'contacts', 'allow', 'holder', 'refuse'),
  'password and SMS': row('allow', 'allow', 'contacts', 'allow', 'holder', 'refuse'),
  'password and backup code': row('allow', 'allow', 'contacts', 'allow', 'holder', 'refuse'),
  'password and authenticator': row('allow', 'allow', 'contacts', 'allow', 'holder', 'refuse'),
  'password and passkey': row('allow', 'allow', 'contacts', 'allow', 'holder', 'refuse'),
  'password and phone': row('allow', 'allow', 'contacts', 'allow', 'holder', 'refuse'),
  passkey: row('allow', 'allow', 'contacts', 'holder', 'holder', 'refuse'),
  eds: row('allow', 'allow', 'contacts', 'allow', 'holder', 'allow'),
  phone: row('allow', 'allow', 'contacts', 'allow', 'holder', 'allow'),
};

function row(
  read: Expected,
  save: Expected,
  contact: Expected,
  password: Expected,
  factors: Expected,
  unlock: Expected,
): Readonly<Record<Wish, Expected>> {
  return {
    read,
    save,
    'change-contact': contact,
    'change-password': password,
    'manage-factors': factors,
    unlock,
    protect: 'allow',
  };
}

const named = (verdict: Decision): Expected => (verdict.kind === 'prove' ? verdict.what : verdict.kind);

const cells = Object.entries(expected).flatMap(([way, wishes]) =>
  Object.entries(wishes).map(([wish, verdict]) => [way as WayName, wish as Wish, verdict] as const),
);

let service: TestService;
let people = 9_800;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.close());

/** A session of this kind, of a person with requisites. */
async function comeIn(way: WayIn): Promise<{ readonly client: Client; readonly person: PersonLine }> {
  const person = inventPerson(people++);
  await service.enrol(person);
  const client = await signedIn(service, person);
  await client.get('/services/requisites');
  await service.database.run(sql`
    update cabinet.session set method = ${way.method}, step = ${way.step}, restricted = ${way.restricted}
    where holder_id = (select holder_id from cabinet.holder where iin = ${person.iin}) and ended_at is null`);
  return { client, person };
}

const requisites = '/services/requisites';

/** A request for each wish, and the place to which it leads when it is allowed. `unlock` has none. */
const requests: Readonly<
  Record<
    Exclude<Wish, 'unlock'>,
    (client: Client) => Promise<{ readonly location: unknown; readonly status: number }>
  >
> = {
  read: async (client) => led(await client.get('/history')),
  save: async (client) => {
    const { csrf } = await tokenOf(client);
    return led(
      await client.post(
        `${requisites}/keep`,
        fieldsOf({
          csrf,
          formId: crypto.randomUUID(),
          revision: '1',
          document: '',
          address: 'Абай 1',
          apartment: '',
          postcode: '',
          homePhone: '',
          contactPhone: '',
          mobilePhone: '',
          email: '',
        }),
      ),
    );
  },
  'change-contact': async (client) =>
    led(await client.post(`${requisites}/confirm`, fieldsOf(await tokenOf(client)))),
  'change-password': async (client) => led(await client.get('/security/password')),
  'manage-factors': async (client) => led(await client.get('/security/sms-step')),
  protect: async (client) =>
    led(await client.post('/security/sessions/end-others', fieldsOf(await tokenOf(client)))),
};

function led(answer: { readonly status: number; readonly headers: Record<string, unknown> }) {
  return { status: answer.status, location: answer.headers['location'] };
}

const fieldsOf = (values: Readonly<Record<string, string>>): Fields => Object.entries(values);

/** A token of this session's forms, from the page that every session may open. */
async function tokenOf(client: Client): Promise<{ readonly csrf: string }> {
  const page = await client.get('/security/prove');
  return { csrf: edsForm(page.body)[0]?.[1] ?? '' };
}

describe('the table', () => {
  test('has the rows and columns that are tested here', () => {
    expect(Object.keys(accessTable).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, way] of Object.entries(ways)) expect(wayOf(way)).toBe(name);
  });

  test.each(cells)('%s, %s: %s', (way, wish, verdict) => {
    expect(named(accessTable[way][wish])).toBe(verdict);
  });
});

describe('the service', () => {
  test.each(Object.entries(ways))('does what the table says of: %s', async (name, way) => {
    const { client } = await comeIn(way);
    for (const [wish, send] of Object.entries(requests)) {
      const verdict = expected[name as WayName][wish as Wish];
      const { location } = await send(client);
      const isSent = String(location ?? '').startsWith('/security/prove');
      expect([wish, isSent]).toEqual([wish, verdict === 'holder' || verdict === 'refuse']);
    }
  });

  test('a restricted session shows no form, and refuses a crafted one without losing it', async () => {
    const { client, person } = await comeIn(ways.restricted);
    const page = await client.get(requisites);
    expect(page.body).not.toContain('name="address"');
    const { csrf } = await tokenOf(client);
    const answer = await client.post(
      requisites,
      fieldsOf({
        csrf,
        formId: crypto.randomUUID(),
        revision: '1',
        document: '',
        address: 'Абай 77',
        apartment: '',
        postcode: '',
        homePhone: '',
        contactPhone: '',
        mobilePhone: person.requisites.mobilePhone ?? '',
        email: person.requisites.email ?? '',
      }),
    );
    expect(answer.headers['location']).toBe(`/security/prove?to=${encodeURIComponent(requisites)}`);
    const holder = sql`(select holder_id from cabinet.holder where iin = ${person.iin})`;
    expect(await service.database.rows(sql`select from cabinet.change where holder_id = ${holder}`)).toEqual(
      [],
    );
    expect(
      await service.database.rows(sql`select from cabinet.draft where holder_id = ${holder}`),
    ).toHaveLength(1);
  });

  test('a lock opens for a signature alone', async () => {
    for (const [name, way] of Object.entries(ways))
      expect([name, named(accessTable[wayOf(way)].unlock)]).toEqual([
        name,
        name === 'eds' || name === 'phone' ? 'allow' : 'refuse',
      ]);
    // What the service does of it: test/security/locked-cabinet.test.ts.
  });

  test('every route of a holder that is not a GET says what it wants, or is taken for a save', async () => {
    const { client } = await comeIn(ways.restricted);
    const { csrf } = await tokenOf(client);
    const harmless = [
      '/sign-out',
      '/session/extend',
      '/security/sessions/end',
      '/security/sessions/end-others',
      '/security/trusted/end',
      '/security/lock',
      '/security/prove',
      '/security/prove/eds',
      '/security/prove/eds/challenge',
      '/security/prove/passkey',
      '/security/prove/passkey/challenge',
    ];
    const changing = service.routes.filter(
      ({ method, access, url }) => method === 'POST' && access === 'holder' && !harmless.includes(url),
    );
    expect(changing.length).toBeGreaterThan(6);
    for (const { url } of changing) {
      const answer = await client.post(url, [['csrf', csrf]]);
      // A form that is no form of ours is refused before it is kept.
      const isRefused =
        answer.status === 403 ||
        answer.status === 400 ||
        String(answer.headers['location']).startsWith('/security/prove');
      expect([url, isRefused]).toEqual([url, true]);
    }
  });
});
