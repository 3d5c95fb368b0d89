import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpFund } from '../../src/fund/http/http.ts';
import { faultLine } from '../../src/fund/http/reading.ts';
import type { ChangeForFund } from '../../src/fund/port.ts';
import { Undeliverable } from '../../src/platform/outbox/undeliverable.ts';
import type { Iin } from '../../src/values/iin.ts';
import { type FundServer, type OddAnswer, startFundServer } from '../support/fund-server.ts';
import { inventPerson } from '../support/people.ts';

// What the fund's system may add one day, and what programs between it and the cabinet answer.

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const person = inventPerson(71);
const iin = person.iin as Iin;

interface Subject {
  readonly server: FundServer;
  readonly fund: ReturnType<typeof createHttpFund>;
  /** What could not be read so far, according to the log. */
  readonly faults: string[];
  readonly codes: string[];
}

async function open(): Promise<Subject> {
  const server = await startFundServer();
  const faults: string[] = [];
  const codes: string[] = [];
  const fund = createHttpFund(
    { url: new URL(server.url), atOnce: 4 },
    {
      timeouts: { read: 2_000, change: 2_000 },
      onFaults: (found) => faults.push(...found.map(faultLine)),
      onFailure: (code) => codes.push(code),
    },
  );
  closers.push(server.close, fund.close);
  server.enrol(person);
  return { server, fund, faults, codes };
}

type Row = Record<string, unknown>;

/** Answers `find` with this difference from what is on file. */
function answering(different: Row | ((holder: Row) => Row)) {
  return ({ path, status, body }: { path: string; status: number; body: unknown }): OddAnswer | undefined =>
    path === '/holders/find' && status === 200
      ? {
          body: {
            ...(body as Row),
            ...(typeof different === 'function' ? different(body as Row) : different),
          },
        }
      : undefined;
}

function change(different: Partial<ChangeForFund> = {}): ChangeForFund {
  return {
    ...{ changeId: randomUUID(), iin, sequence: 1, expectedVersion: 0, madeAt: new Date() },
    fields: { apartment: '7' },
    ...different,
  };
}

const [card] = person.documents;
const [account] = person.accounts;

describe('a value that the fund has added', () => {
  test.each<[name: string, different: Row, read: Row, faults: string[]]>([
    [
      'a type of document',
      { documents: [card, { ...card, id: 'd9', type: 'digital-card' }] },
      { documents: [card, { ...card, id: 'd9', type: 'other' }] },
      ['documents[1].type: unknown'],
    ],
    [
      'a document without an expiry date or an issuer',
      { documents: [{ ...card, validUntil: null, issuedBy: null, issuedOn: null }] },
      { documents: [{ ...card, validUntil: null, issuedBy: null, issuedOn: null }] },
      [],
    ],
    [
      'a kind of account and a way of being informed',
      { accounts: [account, { ...account, kind: 'opx', notification: 'messenger' }] },
      { accounts: [account, { ...account, kind: 'other', notification: 'other' }] },
      ['accounts[1].kind: unknown', 'accounts[1].notification: unknown'],
    ],
    ['a status', { status: 'moved-abroad' }, { status: 'other' }, ['status: unknown']],
    ['no status', { status: undefined }, { status: 'other' }, ['status: missing']],
    [
      'small letters in a time',
      { mobileSince: '2026-01-02t03:04:05z', emailSince: '2026-01-02T03:04:05.678+05:00' },
      {
        mobileSince: new Date('2026-01-02T03:04:05Z'),
        emailSince: new Date('2026-01-02T03:04:05.678+05:00'),
      },
      [],
    ],
    [
      'a long address',
      { requisites: { ...person.requisites, address: 'ұ'.repeat(3_000) } },
      { requisites: { ...person.requisites, address: 'ұ'.repeat(3_000) } },
      [],
    ],
    ['one name only', { surname: null, patronymic: null }, { surname: '', patronymic: null }, []],
    ['unknown members', { photo: 'x', fees: [1] }, { status: 'active' }, []],
  ])('%s: the holder is read', async (_name, different, read, expected) => {
    const { server, fund, faults, codes } = await open();
    server.alter(answering(different));
    expect(await fund.read(iin)).toMatchObject({ iin, name: person.name, ...read });
    expect(faults).toEqual(expected);
    expect(codes).toEqual([]);
  });

  test('with more rows than the limit, only the first ones are read', async () => {
    const { server, fund, faults } = await open();
    const many = (row: object | undefined) =>
      Array.from({ length: 101 }, (_, no) => ({ ...row, id: `d${no}` }));
    server.alter(answering({ documents: many(card), accounts: many(account) }));
    const read = await fund.read(iin);
    expect([read?.documents.length, read?.accounts.length]).toEqual([100, 100]);
    expect(faults.sort()).toEqual(['accounts: too many', 'documents: too many']);
  });
});

describe('a row that cannot be read', () => {
  test.each<[name: string, row: unknown, fault: string]>([
    ['no number', { ...card, number: '' }, 'documents[1].number: missing'],
    ['a number that is not a text', { ...card, number: 41234567 }, 'documents[1].number: not text'],
    ['no id', { ...card, id: undefined }, 'documents[1].id: missing'],
    [
      'a text that is not a date',
      { ...card, id: 'd9', validUntil: '05.09.2029' },
      'documents[1].validUntil: not a date',
    ],
    [
      'a day that does not exist',
      { ...card, id: 'd9', issuedOn: '2019-02-30' },
      'documents[1].issuedOn: not a date',
    ],
    ['a character that cannot be stored', { ...card, id: 'd\0' }, 'documents[1].id: not storable'],
    ['nothing', null, 'documents[1]: not an object'],
    ['an id given twice', card, 'documents.id: given twice'],
  ])('%s: the row is left out, and the holder is read', async (_name, row, fault) => {
    const { server, fund, faults } = await open();
    server.alter(answering({ documents: [card, row] }));
    expect(await fund.read(iin)).toMatchObject({ iin, documents: [card], unreadDocuments: true });
    expect(faults).toEqual([fault]);
  });

  test('only the place of an unreadable value is reported, never the value', async () => {
    const { server, fund, faults } = await open();
    const secret = 'ТАЙНА';
    const row = {
      id: secret,
      type: secret,
      number: [secret],
      issuedOn: secret,
      validUntil: secret,
      kind: secret,
    };
    server.alter(
      answering({
        ...{ surname: [secret], name: { secret }, status: secret, revision: secret, mobileSince: secret },
        ...{ documents: [row, secret], accounts: [{ ...row, number: '1', notification: secret }, secret] },
        requisites: { [secret]: secret, address: [secret] },
        [secret]: secret,
      }),
    );
    await fund.read(iin, 0);
    expect(faults.length).toBeGreaterThan(10);
    expect(faults.join()).not.toContain(secret);
  });

  test.each<[string, Row, string]>([
    ['requisites that are not an object', { requisites: [] }, 'requisites: not an object'],
    [
      'a requisite that is not a text',
      { requisites: { ...person.requisites, mobilePhone: 77011234567 } },
      'requisites.mobilePhone: not text',
    ],
    ['no revision', { revision: '0' }, 'revision: not a number'],
  ])('%s: the holder is read, and our copy stays unchanged', async (_name, different, fault) => {
    const { server, fund, faults } = await open();
    server.alter(answering(different));
    expect(await fund.read(iin)).toMatchObject({ iin, documents: person.documents, requisites: null });
    expect(faults).toEqual([fault]);
  });

  test('an unreadable moment counts as now, so the contact restores no password yet', async () => {
    const { server, fund, faults } = await open();
    const before = Date.now();
    server.alter(answering({ mobileSince: 'long ago', emailSince: undefined }));
    const read = await fund.read(iin);
    expect(read?.mobileSince?.getTime()).toBeGreaterThanOrEqual(before);
    expect(read?.emailSince?.getTime()).toBeGreaterThanOrEqual(before);
    expect(faults).toEqual(['mobileSince: not a moment', 'emailSince: missing']);
  });

  test('an unreadable change of a branch is not skipped, and later ones wait', async () => {
    const { server, fund, faults } = await open();
    const changesElsewhere = [
      { revision: 1, fields: { apartment: '1', colour: 'green' } },
      { revision: 2, fields: { apartment: 2 } },
      { revision: 3, fields: { apartment: '3' } },
    ];
    server.alter(answering({ revision: 3, changesElsewhere }));
    expect(await fund.read(iin, 0)).toMatchObject({
      elsewhereVersion: 1,
      changesElsewhere: [{ version: 1, fields: { apartment: '1' } }],
    });
    expect(faults).toEqual(['changesElsewhere[1].fields.apartment: not text']);
    server.alter(answering({ revision: 3, changesElsewhere: null }));
    expect(await fund.read(iin, 2)).toMatchObject({ elsewhereVersion: 2, changesElsewhere: [] });
  });

  test('among holders whom branches changed, the others are still read', async () => {
    const { server, fund, faults } = await open();
    server.alter(({ path }) =>
      path === '/changes-elsewhere'
        ? { body: { holders: [{ iin: '12', revision: 1 }, { iin, revision: 4 }, null], cursor: 'c' } }
        : undefined,
    );
    expect(await fund.changesElsewhere(null, 10)).toEqual({ holders: [{ iin, version: 4 }], cursor: 'c' });
    expect(faults).toEqual([
      'holders[0].iin: unknown',
      'holders[2].iin: missing',
      'holders[2].revision: missing',
    ]);
  });
});

describe('lost characters', () => {
  test.each<[string, OddAnswer | Row]>([
    ['U+FFFD in what is read', { surname: 'С\ufffdрік' }],
    ['U+FFFD in a row', { documents: [{ ...card, issuedBy: '\ufffd\ufffd' }] }],
    [
      'another character set',
      { status: 200, body: '{}', contentType: 'application/json; charset=windows-1251' },
    ],
    [
      'bytes of another character set',
      { status: 200, body: Buffer.from(`{"iin":"${iin}","surname":"\xd1\xe5"}`, 'latin1') },
    ],
  ])('%s: refused with its own code', async (_name, odd) => {
    const { server, fund, faults, codes } = await open();
    server.alter('body' in odd ? () => odd as OddAnswer : answering(odd));
    await expect(fund.read(iin)).rejects.toMatchObject({ name: 'FundUnavailable', code: 'FUND_CHARSET' });
    expect(codes).toEqual(['FUND_CHARSET']);
    expect(faults.length).toBeGreaterThan(0);
  });

  test('are ignored in parts that are not read, and every spelling of UTF-8 is accepted', async () => {
    const { server, fund } = await open();
    server.alter((given) => ({
      body: { ...(given.body as Row), remark: '\ufffd' },
      contentType: 'application/json; charset="UTF-8"',
    }));
    expect(await fund.read(iin)).toMatchObject({ iin });
  });
});

describe('one holder', () => {
  test.each<[string, OddAnswer]>([
    ['an answer that is not JSON', { status: 200, body: '<html>', contentType: 'text/html' }],
    ['an answer without a holder', { status: 200, body: {} }],
    ['lost characters', { status: 200, body: { iin, name: '\ufffd' } }],
    ['a gateway’s 400', { status: 400, body: '<html>' }],
    ['a gateway’s 413', { status: 413, body: { message: 'Too large' } }],
    ['a program of the fund that fails', { status: 500, body: 'NullPointerException' }],
  ])('with %s does not make the fund unavailable for others', async (_name, odd) => {
    const { server, fund } = await open();
    const other = inventPerson(72);
    server.enrol(other);
    server.alter(({ question }) => ((question as Row | undefined)?.['iin'] === iin ? odd : undefined));
    for (let reload = 0; reload < 12; reload += 1) await fund.read(iin).catch(() => undefined);
    for (let attempt = 0; attempt < 12; attempt += 1) await fund.apply(change()).catch(() => undefined);
    expect(await fund.read(other.iin as Iin)).toMatchObject({ iin: other.iin });
    expect(await fund.apply(change({ iin: other.iin as Iin }))).toMatchObject({ kind: 'applied' });
    expect(fund.breakers.map((breaker) => breaker.state())).toEqual(['closed', 'closed']);
  });

  test('failing like all others is an outage', async () => {
    const { server, fund } = await open();
    server.alter(() => ({ status: 500, body: '' }));
    for (let no = 0; no < 5; no += 1)
      await fund.read(inventPerson(80 + no).iin as Iin).catch(() => undefined);
    await expect(fund.read(iin)).rejects.toMatchObject({ code: 'CircuitOpen' });
  });
});

describe('an answer to a change', () => {
  const springError = (status: number, error: string) => ({
    timestamp: '2026-11-28',
    status,
    error,
    path: '/changes',
  });

  test.each<[status: number, body: unknown]>([
    [400, '<html><body>Bad Request</body></html>'],
    [400, { error: 'Bad Request', statusCode: 400 }],
    [400, { error: 'something-new' }],
    [404, { error: 'Not Found' }],
    [405, ''],
    [406, springError(406, 'Not Acceptable')],
    [413, ''],
    [415, springError(415, 'Unsupported Media Type')],
    [409, springError(409, 'Conflict')],
    [409, '<html>'],
    [422, { message: 'Unprocessable' }],
    [422, { errors: [{ field: 'iin' }] }],
    [451, 'Unavailable For Legal Reasons'],
  ])('from a gateway is not a refusal by the fund: %i %j', async (status, body) => {
    const { server, fund, codes } = await open();
    server.alter(() => ({ status, body }));
    const code = `FUND_HTTP_${status}`;
    await expect(fund.apply(change())).rejects.toMatchObject({ name: 'FundUnavailable', code });
    expect(codes).toEqual([code]);
  });

  test('is final when the contract lists it', async () => {
    const { server, fund } = await open();
    server.alter(() => ({ status: 400, body: { error: 'malformed' } }));
    await expect(fund.apply(change())).rejects.toBeInstanceOf(Undeliverable);
  });

  test.each<[status: number, body: unknown, fault: string[]]>([
    [422, { state: 'refused', reason: 'arrested' }, ['reason: unknown']],
    [422, { state: 'refused' }, ['reason: missing']],
    [422, { state: 'refused', reason: { code: 7 } }, ['reason: unknown']],
    [422, { error: 'address-not-found' }, ['reason: unknown']],
    [409, { error: 'holder-merged' }, ['reason: unknown']],
    [409, { state: 'refused', reason: 'other' }, []],
    [200, { state: 'refused', reason: 'other' }, []],
  ])('that refuses for an unknown reason is a refusal: %i %j', async (status, body, expected) => {
    const { server, fund, faults } = await open();
    server.alter(() => ({ status, body }));
    expect(await fund.apply(change())).toEqual({ kind: 'refused', reason: 'other' });
    expect(faults).toEqual(expected);
  });

  test('with a state that the fund has added is asked about again', async () => {
    const { server, fund, faults } = await open();
    server.alter(() => ({ status: 200, body: { state: 'queued' } }));
    expect(await fund.apply(change())).toEqual({ kind: 'received' });
    expect(await fund.findChange(randomUUID())).toEqual({ kind: 'received' });
    expect(faults).toEqual(['state: unknown', 'state: unknown']);
  });

  test('that says "applied" counts, whatever its time looks like', async () => {
    const { server, fund } = await open();
    server.alter(() => ({ status: 200, body: { state: 'applied', at: '2026-11-28t01:02:03z' } }));
    const at = new Date('2026-11-28T01:02:03Z');
    expect(await fund.apply(change())).toEqual({ kind: 'applied', at });
    server.alter(() => ({ status: 200, body: { state: 'applied' } }));
    expect(await fund.apply(change())).toMatchObject({ kind: 'applied' });
  });
});

test('a cursor that the fund no longer keeps starts from the beginning', async () => {
  const { server, fund, faults } = await open();
  server.alter(() => ({ status: 410, body: { error: 'cursor-too-old' } }));
  expect(await fund.changesElsewhere('7', 10)).toEqual({ holders: [], cursor: null });
  expect(faults).toEqual(['cursor: unknown']);
});

describe('a connection that was closed while it was idle', () => {
  test('fails neither a read nor a change, and the change takes effect once', async () => {
    const { server, fund, codes } = await open();
    // Several idle connections, which the other side closes all.
    await Promise.all(Array.from({ length: 4 }, () => fund.read(iin)));
    await Promise.all(Array.from({ length: 4 }, () => fund.findChange(randomUUID())));
    server.behave('closing-idle');
    expect(await fund.read(iin)).toMatchObject({ iin });
    expect(await fund.apply(change())).toMatchObject({ kind: 'applied' });
    expect(await fund.changesElsewhere(null, 5)).toMatchObject({ holders: [] });
    expect(server.effects).toHaveLength(1);
    expect(codes).toEqual([]);
  });

  test('is tried again only once', async () => {
    const { server, fund } = await open();
    server.behave('cut-before');
    const before = server.requests.length;
    await expect(fund.read(iin)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(server.requests).toHaveLength(before + 2);
  });
});

describe('the health check', () => {
  test('says at once that the fund works, or why not', async () => {
    const { server, fund } = await open();
    expect(await fund.checkHealth()).toBe('works');
    server.alter(() => ({ status: 401, body: { error: 'unauthorized' } }));
    await expect(fund.checkHealth()).rejects.toMatchObject({ code: 'FUND_HTTP_401' });
  });

  test('recognises a server that does not know this request', async () => {
    const { server, fund } = await open();
    server.alter(() => ({ status: 404, body: 'no such page' }));
    expect(await fund.checkHealth()).toBe('reached');
  });
});
