import { createPublicKey, randomUUID } from 'node:crypto';
import { jwtVerify } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import type { Requisites } from '../../src/features/requisites/fields/fields.ts';
import { createEmbeddedFund } from '../../src/fund/embedded/embedded-fund-store.ts';
import { importPeople } from '../../src/fund/embedded/import-people.ts';
import { FundUnavailable, WrongPerson } from '../../src/fund/errors.ts';
import { createHttpFund } from '../../src/fund/http/http.ts';
import type { ChangeForFund, Fund } from '../../src/fund/port.ts';
import { Undeliverable } from '../../src/platform/outbox/undeliverable.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import type { Iin } from '../../src/values/iin.ts';
import { freshDatabase } from '../support/database.ts';
import { fundSchema } from '../support/fund-api.ts';
import {
  type FundExchange,
  type FundFault,
  type FundServer,
  startFundServer,
} from '../support/fund-server.ts';
import { standInTls } from '../support/kazpost-tls.ts';
import { inventIin, inventPerson, type PersonLine } from '../support/people.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The fund, and a way to put people into it. */
interface Subject {
  readonly fund: Fund;
  /** Adds a person. For a known person, the difference becomes a change at a branch. */
  enrol(person: PersonLine): Promise<void>;
  /** When the person last confirmed what is on file. */
  confirmed(iin: Iin): Promise<Date | undefined>;
}

const timeouts = { read: 2_000, change: 2_000 };

async function openServer(
  options: Parameters<typeof startFundServer>[0] = {},
  settings: Partial<Parameters<typeof createHttpFund>[0]> = {},
): Promise<{ server: FundServer; fund: ReturnType<typeof createHttpFund> }> {
  const server = await startFundServer(options);
  const fund = createHttpFund({ url: new URL(server.url), atOnce: 4, ...settings }, { timeouts });
  closers.push(server.close, fund.close);
  return { server, fund };
}

const exchanges: FundExchange[] = [];

const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  'the embedded fund': async () => {
    const { database, drop } = await freshDatabase();
    closers.push(drop);
    async function* lines(person: PersonLine) {
      yield JSON.stringify({ ...person, password: null });
    }
    return {
      fund: createEmbeddedFund(database),
      async enrol(person) {
        await importPeople(database, () => lines(person), { demo: false, hashPassword: async () => '' });
      },
      async confirmed(iin) {
        const row = await database.first<{ at: Date | null }>(
          sql`select confirmed_at as at from fund.person where iin = ${iin}`,
        );
        return row?.at ?? undefined;
      },
    };
  },
  'the fund over HTTP': async () => {
    const { server, fund } = await openServer({ onExchange: (exchange) => exchanges.push(exchange) });
    return {
      fund,
      enrol: async (person) => server.enrol(person),
      async confirmed(iin) {
        const at = server.confirmations.get(iin);
        return at === undefined ? undefined : new Date(at);
      },
    };
  },
};

const person = inventPerson(42);
const iin = person.iin as Iin;

function change(different: Partial<ChangeForFund> = {}): ChangeForFund {
  const fields = { address: 'Шымкент қ., Әл-Фараби даңғылы, 77/7', apartment: null };
  return {
    changeId: randomUUID(),
    iin,
    fields,
    sequence: 1,
    expectedVersion: 0,
    madeAt: new Date(),
    ...different,
  };
}

const atBranch = (fields: Partial<Requisites>): PersonLine => ({
  ...person,
  requisites: { ...person.requisites, ...fields },
});

describe.each(Object.entries(subjects))('%s', (_name, open) => {
  test('gives the person of an IIN, and nobody for an unknown IIN', async () => {
    const { fund, enrol } = await open();
    await enrol(person);
    const { documents, accounts, surname, name, patronymic, requisites } = person;
    expect(await fund.read(iin)).toMatchObject({
      ...{ iin, surname, name, patronymic, documents, accounts, requisites },
      ...{ status: 'active', elsewhereVersion: 0, changesElsewhere: [], mobileSince: null, emailSince: null },
    });
    expect(await fund.read(inventIin(43) as Iin)).toBeUndefined();
  });

  test.each(['blocked', 'deceased'] as const)('says that a person is %s', async (status) => {
    const { fund, enrol } = await open();
    await enrol({ ...person, status });
    expect(await fund.read(iin)).toMatchObject({ status });
  });

  test('applies a change once with every letter, however often it is sent', async () => {
    const { fund, enrol } = await open();
    await enrol(person);
    const one = change();
    expect(await fund.findChange(one.changeId)).toBeUndefined();
    const answers = await Promise.all([fund.apply(one), fund.apply(one), fund.apply(one)]);
    expect(answers.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'applied']);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await fund.findChange(one.changeId)).toEqual(answers[0]);
    expect((await fund.read(iin))?.requisites).toEqual({ ...person.requisites, ...one.fields });
    expect((await fund.read(iin))?.elsewhereVersion).toBe(0);
  });

  test('takes note of a confirmation, of which the latest counts, and of none of an unknown person', async () => {
    const { fund, enrol, confirmed } = await open();
    await enrol(person);
    const [earlier, later] = [new Date('2026-11-28T09:15:00Z'), new Date('2026-11-29T09:15:00.123Z')];
    for (const at of [later, earlier, later]) await fund.confirm(iin, at);
    expect(await confirmed(iin)).toEqual(later);
    await expect(fund.confirm(inventIin(43) as Iin, later)).rejects.toEqual(
      new Undeliverable('unknown-holder'),
    );
  });

  test('refuses a late copy of an earlier change', async () => {
    const { fund, enrol } = await open();
    await enrol(person);
    expect(await fund.apply(change({ sequence: 7, fields: { apartment: '7' } }))).toMatchObject({
      kind: 'applied',
    });
    const late = change({ sequence: 6, fields: { apartment: '6' } });
    expect(await fund.apply(late)).toEqual({ kind: 'out-of-order' });
    expect((await fund.read(iin))?.requisites?.apartment).toBe('7');
    expect(await fund.findChange(late.changeId)).toBeUndefined();
  });

  test('refuses a change made without knowing a branch’s change, and accepts it with that knowledge', async () => {
    const { fund, enrol } = await open();
    await enrol(person);
    await enrol(atBranch({ postcode: '010000' }));
    const one = change();
    expect(await fund.apply(one)).toEqual({ kind: 'changed-elsewhere' });
    expect((await fund.read(iin))?.requisites?.address).toBe(person.requisites.address);
    expect(await fund.apply({ ...one, expectedVersion: 1 })).toMatchObject({ kind: 'applied' });
  });

  test('refuses a change of an unknown person', async () => {
    const { fund } = await open();
    expect(await fund.apply(change())).toEqual({ kind: 'refused', reason: 'unknown-holder' });
  });

  test('lists what it applied on a day, of all holders or of one, page by page', async () => {
    const { fund, enrol } = await open();
    const other = inventPerson(44);
    await enrol(person);
    await enrol(other);
    const one = change({ fields: { apartment: '7', email: null }, madeAt: new Date('2026-11-01T10:00:00Z') });
    const two = change({ iin: other.iin as Iin });
    const three = change({ sequence: 2, fields: { apartment: '8' } });
    for (const each of [one, two, three]) await fund.apply(each);
    await fund.apply(change({ sequence: 1 }));
    const today = (await fund.findChange(one.changeId)) as { at: Date };
    const day = today.at.toISOString().slice(0, 10);
    const read = async (iin?: Iin) => {
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<Fund['appliedChanges']>> = await fund.appliedChanges(
          { day, iin },
          cursor,
          2,
        );
        ids.push(...(page?.changes.map(({ changeId }) => changeId) ?? []));
        cursor = page?.cursor ?? null;
      } while (cursor !== null);
      return ids;
    };
    expect(await read()).toEqual([one, two, three].map(({ changeId }) => changeId));
    expect(await read(iin)).toEqual([one, three].map(({ changeId }) => changeId));
    expect((await fund.appliedChanges({ day }, null, 1))?.changes).toEqual([
      {
        ...{ changeId: one.changeId, iin, sequence: 1, fields: one.fields },
        ...{ madeAt: one.madeAt, appliedAt: today.at },
      },
    ]);
    expect(await fund.appliedChanges({ day: '2020-01-01' }, null, 2)).toEqual({
      ...{ changes: [], unread: 0, cursor: null },
    });
  });

  test('lists what branches changed, in order, and continues from a cursor', async () => {
    const { fund, enrol } = await open();
    const other = inventPerson(44);
    await enrol(person);
    await enrol(other);
    const nothing = await fund.changesElsewhere(null, 10);
    expect(nothing.holders).toEqual([]);
    await enrol(atBranch({ postcode: '010000' }));
    await enrol({ ...other, requisites: { ...other.requisites, email: null } });
    await enrol(atBranch({ postcode: '020000', apartment: '3' }));
    const first = await fund.changesElsewhere(nothing.cursor, 2);
    expect(first.holders).toEqual([
      { iin, version: 1 },
      { iin: other.iin, version: 1 },
    ]);
    const rest = await fund.changesElsewhere(first.cursor, 2);
    expect(rest.holders).toEqual([{ iin, version: 2 }]);
    expect(await fund.changesElsewhere(rest.cursor, 2)).toEqual({ holders: [], cursor: rest.cursor });
    expect(await fund.read(iin, 1)).toMatchObject({
      elsewhereVersion: 2,
      changesElsewhere: [{ version: 2, fields: { postcode: '020000', apartment: '3' } }],
    });
  });
});

test('every request and answer above matches docs/fund-api.yaml', () => {
  const errors: string[] = [];
  const asked = new Set<string>();
  for (const { method, path, question, status, answer } of exchanges) {
    const pattern = path.startsWith('/changes/') ? '/changes/{changeId}' : path;
    const at = `/paths/${pattern.replaceAll('/', '~1')}/${method.toLowerCase()}`;
    asked.add(`${method} ${pattern} ${status}`);
    const judge = (what: string, value: unknown) => {
      const validate = fundSchema(`${at}/${what}/content/application~1json/schema`);
      const error = validate ? validate(value) : 'is not described';
      if (error !== undefined) errors.push(`${at}/${what}: ${error}`);
    };
    if (question !== undefined) judge('requestBody', question);
    judge(`responses/${status}`, answer);
  }
  expect(errors).toEqual([]);
  expect([...asked].sort()).toEqual([
    'GET /changes-elsewhere 200',
    'GET /changes/{changeId} 200',
    'GET /changes/{changeId} 404',
    'POST /changes-applied 200',
    'POST /holders/confirm 200',
    'POST /holders/confirm 404',
    'POST /holders/find 200',
    'POST /holders/find 404',
    'PUT /changes/{changeId} 200',
    'PUT /changes/{changeId} 409',
    'PUT /changes/{changeId} 422',
  ]);
});

describe('the fund over HTTP in trouble', () => {
  test.each<[FundFault, string]>([
    ['silent', 'TimeoutError'],
    ['failing', 'FUND_HTTP_503'],
    ['cut-before', 'UND_ERR_SOCKET'],
    ['cut-after', 'UND_ERR_SOCKET'],
    ['broken', 'FUND_ANSWER'],
    ['huge', 'UND_ERR_RES_EXCEEDED_MAX_SIZE'],
    ['redirecting', 'FUND_HTTP_302'],
  ])('%s: a read and a change end in time, and nothing is believed', async (fault, code) => {
    const { server } = await openServer();
    const fund = createHttpFund(
      { url: new URL(server.url), atOnce: 4 },
      { timeouts: fault === 'silent' ? { read: 100, change: 100 } : timeouts },
    );
    closers.push(fund.close);
    server.enrol(person);
    server.behave(fault);
    await expect(fund.read(iin)).rejects.toMatchObject({ name: 'FundUnavailable', code });
    await expect(fund.apply(change())).rejects.toMatchObject({ name: 'FundUnavailable', code });
  });

  test('slow: an answer within the time limit is accepted, a later one is not', async () => {
    const { server, fund } = await openServer();
    server.enrol(person);
    server.behave('slow');
    const impatient = createHttpFund(
      { url: new URL(server.url), atOnce: 4 },
      { timeouts: { read: 100, change: 100 } },
    );
    closers.push(impatient.close);
    expect(await fund.read(iin)).toMatchObject({ iin });
    await expect(impatient.read(iin)).rejects.toBeInstanceOf(FundUnavailable);
  });

  test('an answer about somebody else is never accepted', async () => {
    const told: string[] = [];
    const server = await startFundServer();
    const fund = createHttpFund(
      { url: new URL(server.url), atOnce: 4 },
      { timeouts, onWrongPerson: () => told.push('told') },
    );
    closers.push(server.close, fund.close);
    server.enrol(person);
    server.enrol(inventPerson(45));
    server.behave('wrong-person');
    await expect(fund.read(iin)).rejects.toBeInstanceOf(WrongPerson);
    expect(told).toEqual(['told']);
  });

  test('a change that was received and not yet applied is asked about', async () => {
    const { server, fund } = await openServer();
    server.enrol(person);
    server.behave('later');
    const one = change();
    expect(await fund.apply(one)).toEqual({ kind: 'received' });
    expect(server.effects).toEqual([]);
    expect(await fund.findChange(one.changeId)).toMatchObject({ kind: 'applied' });
    expect(server.effects).toHaveLength(1);
  });

  test('a reason that is not in the list is shown as "other"', async () => {
    const { server, fund } = await openServer();
    server.enrol(person);
    server.refuse('something new');
    expect(await fund.apply(change())).toEqual({ kind: 'refused', reason: 'other' });
  });

  test('a request that the fund cannot understand goes to the operator at once', async () => {
    const { server, fund } = await openServer();
    server.enrol(person);
    const refused = fund.apply(change({ changeId: 'no-uuid' }));
    // The stand-in has no such path. A 404 may come from a proxy that is starting, so it is tried
    // again.
    await expect(refused).rejects.toBeInstanceOf(FundUnavailable);
    server.behave('malformed');
    await expect(fund.apply(change())).rejects.toMatchObject({ code: 'FUND_HTTP_400' });
    await expect(fund.apply(change())).rejects.toBeInstanceOf(Undeliverable);
  });

  test('after repeated failures, no requests are sent for a while to the half that fails', async () => {
    const { server, fund } = await openServer();
    server.enrol(person);
    server.behave(({ method }) => (method === 'PUT' ? 'failing' : 'none'));
    for (let failure = 0; failure < 5; failure += 1) await fund.apply(change()).catch(() => undefined);
    expect(fund.available).toBe(false);
    const before = server.requests.length;
    await expect(fund.apply(change())).rejects.toMatchObject({ code: 'CircuitOpen' });
    expect(server.requests).toHaveLength(before);
    expect(await fund.read(iin)).toMatchObject({ iin });
  });
});

describe('authentication', () => {
  const tls = { key: standInTls.key, cert: standInTls.cert };

  test('a certificate is presented, and without it there is no connection', async () => {
    const asksForIt = { ...tls, requestCert: true, ca: standInTls.cert };
    const { server, fund } = await openServer({ tls: asksForIt }, { ca: standInTls.cert, client: tls });
    server.enrol(person);
    expect(await fund.read(iin)).toMatchObject({ iin });
    const nobody = createHttpFund({ url: new URL(server.url), atOnce: 1, ca: standInTls.cert }, { timeouts });
    closers.push(nobody.close);
    await expect(nobody.read(iin)).rejects.toBeInstanceOf(FundUnavailable);
  });

  test('a server with an unknown certificate gets no request', async () => {
    const { server, fund } = await openServer({ tls });
    server.enrol(person);
    await expect(fund.read(iin)).rejects.toBeInstanceOf(FundUnavailable);
    expect(server.requests).toEqual([]);
  });

  test('a token is signed for each request, short-lived and only for this fund', async () => {
    const { server, fund } = await openServer({}, { tokenKey: standInTls.key });
    server.enrol(person);
    await fund.read(iin);
    await fund.read(iin);
    const tokens = server.requests.map(({ authorization }) => authorization?.replace(/^Bearer /, '') ?? '');
    const key = createPublicKey(standInTls.cert);
    const claims = await Promise.all(
      tokens.map(async (token) => {
        const { payload } = await jwtVerify(token, key, { audience: server.url, issuer: 'kabinet' });
        return payload;
      }),
    );
    expect(new Set(claims.map(({ jti }) => jti)).size).toBe(2);
    for (const { iat = 0, exp = 0 } of claims) expect(exp - iat).toBeLessThanOrEqual(60);
  });

  test('no address contains anything personal', async () => {
    const { server, fund } = await openServer();
    server.enrol(person);
    await fund.read(iin, 0);
    await fund.apply(change());
    await fund.changesElsewhere(null, 5);
    expect(server.requests).toHaveLength(3);
    expect(server.requests.map(({ path }) => path).join()).not.toContain(iin);
  });
});
