import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inventPerson } from '../../../test/support/people.ts';
import { fields, type Requisites } from '../../features/requisites/fields/fields.ts';
import { root } from '../../platform/root.ts';
import { hashPersonLine, type PersonLine, parsePersonLine } from './people-file.ts';

/** The example of the contract, with its omissions filled in. */
const example = {
  iin: '900101300007',
  surname: 'Серікбаев',
  name: 'Айдар',
  patronymic: 'Нұрланұлы',
  language: 'kk',
  documents: [
    {
      id: 'd1',
      type: 'identity-card',
      series: null,
      number: '041234567',
      issuedOn: '2019-09-06',
      validUntil: '2029-09-05',
      issuedBy: 'МВД РК',
    },
  ],
  accounts: [
    { kind: 'opv', number: '111111111111111111', notification: 'internet-eds' },
    { kind: 'opvr', number: '444444444444444444', notification: null },
  ],
  requisites: {
    address: 'Алматы қ., Достық даңғылы, 97',
    apartment: '12',
    postcode: 'A25A2B8',
    homePhone: '+77272501234',
    contactPhone: null,
    mobilePhone: '+77011234567',
    email: 'a@example.kz',
  } satisfies Requisites,
};

const read = (value: unknown, demo = false) =>
  parsePersonLine(typeof value === 'string' ? value : JSON.stringify(value), { demo });

function accept(value: unknown): PersonLine {
  const parsed = read(value, true);
  if (!parsed.ok) throw new Error(`${parsed.reason} ${parsed.detail ?? ''}`);
  return parsed.value;
}

describe('parsePersonLine', () => {
  it('reads the line of the contract', () => {
    expect(accept(example)).toEqual({
      ...example,
      status: 'active',
      mobileSince: null,
      emailSince: null,
      password: null,
    });
  });

  it('treats a missing value, null and an empty text as the same', () => {
    const { patronymic: _, ...bare } = example;
    const documents = [{ ...example.documents[0], series: '' }];
    const requisites = { address: 'Алматы', email: '' };
    const line = accept({ ...bare, documents, requisites });
    expect(line).toMatchObject({ patronymic: null, documents: [{ series: null }] });
    expect(line.requisites).toEqual({
      address: 'Алматы',
      apartment: null,
      postcode: null,
      homePhone: null,
      contactPhone: null,
      mobilePhone: null,
      email: null,
    } satisfies Requisites);
  });

  it('accepts old values, whatever today’s rules say', () => {
    const requisites = { ...example.requisites, address: 'Dostyk 97', homePhone: '2-12-34', email: 'нет' };
    expect(accept({ ...example, requisites }).requisites).toEqual(requisites);
  });

  it('reads the dates since when mobile and e-mail are on file, a day from midnight in Astana', () => {
    const line = accept({ ...example, mobileSince: '2026-11-20', emailSince: '2026-11-20T10:00:00Z' });
    expect(line).toMatchObject({
      mobileSince: '2026-11-20T00:00:00+05:00',
      emailSince: '2026-11-20T10:00:00Z',
    });
  });

  it.each([
    ['another encoding', Buffer.from('{"surname":"\xd1\xe5\xf0}', 'latin1').toString('utf8'), 'lineNotUtf8'],
    ['no JSON', '{"iin":', 'lineNotJson'],
    ['two lines in one', `${JSON.stringify(example)}${JSON.stringify(example)}`, 'lineNotJson'],
    ['no person', 'null', 'lineShape'],
    ['a list', '[]', 'lineShape'],
    ['a wrong check digit', { ...example, iin: '900101300006' }, 'lineIin'],
    ['an IIN with spaces', { ...example, iin: '900101 300007' }, 'lineIin'],
    ['a password of a real person', { ...example, password: 'secret-secret' }, 'linePassword'],
  ])('refuses %s', (_, value, reason) => {
    expect(read(value)).toMatchObject({ ok: false, reason });
  });

  it.each([
    ['an unknown key', { ...example, phone: '+77011234567' }, 'Unrecognized key: "phone"'],
    ['an IIN as a number', { ...example, iin: 900101300007 }, 'iin: '],
    ['no surname', { ...example, surname: undefined }, 'surname: '],
    ['an empty name', { ...example, name: '' }, 'name: '],
    ['no documents', { ...example, documents: undefined }, 'documents: '],
    ['no requisites', { ...example, requisites: undefined }, 'requisites: '],
    ['another language', { ...example, language: 'de' }, 'language: '],
    ['another status', { ...example, status: 'gone' }, 'status: '],
    ['a moment before 1900', { ...example, mobileSince: '0001-01-01' }, 'mobileSince: '],
    ['a time without a zone', { ...example, emailSince: '2026-11-20T10:00:00' }, 'emailSince: '],
    ['a text that is too long', { ...example, surname: 'Ә'.repeat(1001) }, 'surname: '],
    ['U+0000', { ...example, surname: 'Ә\u0000' }, 'surname: has a character that cannot be stored'],
    [
      'half of a surrogate pair',
      { ...example, surname: 'Ә\ud800' },
      'surname: has a character that cannot be stored',
    ],
    ['an unknown requisite', withRequisites({ fax: '1' }), 'requisites: '],
    ['a number for a phone', withRequisites({ homePhone: 77272501234 }), 'requisites.homePhone: '],
    ['an unknown document', withDocument({ type: 'library-card' }), 'documents.0.type: '],
    ['a day that does not exist', withDocument({ issuedOn: '2025-02-29' }), 'documents.0.issuedOn: '],
    ['a date as people write it', withDocument({ validUntil: '05.09.2029' }), 'documents.0.validUntil: '],
    [
      'a document twice',
      { ...example, documents: [...example.documents, ...example.documents] },
      'documents: ',
    ],
    ['an unknown account', { ...example, accounts: [{ kind: 'x', number: '1' }] }, 'accounts.0.kind: '],
    ['an unknown method', withNotification('pigeon'), 'accounts.0.notification: '],
  ])('refuses %s and says where', (_, value, detail) => {
    const result = read(value);
    expect(result).toMatchObject({ ok: false, reason: 'lineShape' });
    if (!result.ok) expect(result.detail).toContain(detail);
  });

  it('repeats no value in its message', () => {
    const secret = 'Құпиямен';
    for (const key of ['iin', 'language', 'status', 'mobileSince', 'documents', 'accounts', 'requisites']) {
      const result = read({ ...example, [key]: secret });
      expect(JSON.stringify(result), key).toContain('"ok":false');
      expect(JSON.stringify(result), key).not.toContain(secret);
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), (line) => {
        expect(parsePersonLine(line, { demo: true }).ok).toBe(false);
      }),
    );
  });

  it('reads the people that the tests invent', () => {
    expect(read(inventPerson(7), true)).toMatchObject({ ok: true });
  });
});

describe('hashPersonLine', () => {
  const hash = (value: unknown) => hashPersonLine(accept(value));

  it('does not depend on the order of keys or on the form of a missing value', () => {
    const turned = Object.fromEntries(Object.entries(example).reverse());
    const { contactPhone: _, ...requisites } = example.requisites;
    expect(hash(turned)).toEqual(hash(example));
    expect(hash({ ...example, requisites, status: 'active', mobileSince: null })).toEqual(hash(example));
  });

  it.each([
    ['a name', { ...example, name: 'Айдана' }],
    ['a status', { ...example, status: 'blocked' }],
    ['a requisite', withRequisites({ apartment: '13' })],
    ['a document', withDocument({ validUntil: '2029-09-06' })],
    ['a method', withNotification(null)],
    ['a date', { ...example, emailSince: '2026-11-20' }],
  ])('differs with %s', (_, value) => {
    expect(hash(value).person).not.toEqual(hash(example).person);
    expect(hash(value).password).toEqual(hash(example).password);
  });

  it('hashes the password separately', () => {
    const changed = hash({ ...example, password: 'another-password' });
    expect(changed.person).toEqual(hash(example).person);
    expect(changed.password).not.toEqual(hash(example).password);
  });
});

describe('data/demo-people.jsonl', () => {
  const lines = readFileSync(join(root, 'data/demo-people.jsonl'), 'utf8').trimEnd().split('\n');
  const people = lines.map((line) => accept(line));
  const farAway = '2040-01-01';
  const validThen = (person: PersonLine) =>
    person.documents.filter(({ validUntil }) => String(validUntil) > farAway);
  const longExpired = (person: PersonLine) =>
    person.documents.filter(({ validUntil }) => String(validUntil) < '2020-01-01');

  it('has at least ten people, each with a password of their own, and is accepted only in a demonstration', () => {
    expect(people.length).toBeGreaterThanOrEqual(10);
    expect(new Set(people.map(({ iin }) => iin)).size).toBe(people.length);
    expect(new Set(people.map(({ password }) => password)).size).toBe(people.length);
    for (const { password } of people) expect(password).toMatch(/^[a-z0-9-]{12,}$/);
    for (const line of lines) expect(read(line)).toEqual({ ok: false, reason: 'linePassword' });
  });

  it('begins with the person of the memo’s screen', () => {
    expect(people[0]).toMatchObject({
      iin: '900101300007',
      documents: [
        { number: '041234567', issuedOn: '2019-09-06', validUntil: '2029-09-05', issuedBy: 'МВД РК' },
      ],
      accounts: [
        { kind: 'opv', number: '111111111111111111', notification: 'internet-eds' },
        { kind: 'dpv', number: '222222222222222222', notification: 'internet-eds' },
        { kind: 'opvr', number: '444444444444444444', notification: null },
      ],
    });
  });

  it.each<[string, (person: PersonLine) => boolean]>([
    ['one document', (one) => one.documents.length === 1 && validThen(one).length === 1],
    [
      'a card and a passport with a series',
      (one) =>
        validThen(one).some(({ type }) => type === 'identity-card') &&
        validThen(one).some(({ type, series }) => type === 'passport' && series !== null),
    ],
    ['one expired and one valid', (one) => longExpired(one).length === 1 && validThen(one).length === 1],
    ['none valid', (one) => one.documents.length > 0 && longExpired(one).length === one.documents.length],
    ['no mobile', (one) => one.requisites.mobilePhone === null && one.requisites.email !== null],
    ['no e-mail', (one) => one.requisites.email === null && one.requisites.mobilePhone !== null],
    ['neither', (one) => one.requisites.email === null && one.requisites.mobilePhone === null],
    ['an account without a method', (one) => one.accounts.some(({ notification }) => notification === null)],
    ['four accounts', (one) => one.accounts.length === 4],
    ['a long name', (one) => `${one.surname} ${one.name} ${one.patronymic}`.length > 60],
    ['Kazakh', (one) => one.language === 'kk'],
    ['Russian', (one) => one.language === 'ru'],
    ['English', (one) => one.language === 'en'],
    ['a blocked person', (one) => one.status === 'blocked'],
    [
      'a foreigner’s IIN and residence permit',
      (one) => one.documents.some(({ type }) => type === 'residence-permit'),
    ],
  ])('shows %s', (_, fits) => {
    expect(people.filter(fits).length).toBeGreaterThan(0);
  });

  it('has requisites that pass today’s rules and are canonical, except for one person with old values', () => {
    const rules = { mobilePrefixes: ['701', '702', '705', '707', '708', '747', '775', '777', '778'] };
    const breaking = people.filter(({ requisites }) =>
      Object.entries(requisites).some(([name, value]) => {
        const parsed =
          value === null ? undefined : fields.find((field) => field.name === name)?.parse(value, rules);
        return parsed !== undefined && !(parsed.ok && parsed.value === value);
      }),
    );
    expect(breaking.map(({ iin }) => iin)).toEqual(['580312300015']);
  });

  it('can reach nobody: reserved mail domains, and subscriber numbers that begin with 0', () => {
    for (const { requisites } of people) {
      const { email, mobilePhone, homePhone, contactPhone } = requisites;
      if (email !== null) expect(email).toMatch(/@example\.(kz|com)$/);
      if (mobilePhone !== null) expect(mobilePhone).toMatch(/^\+77[0-9]{2}0{5}[0-9]{2}$/);
      for (const phone of [homePhone, contactPhone]) {
        if (phone?.startsWith('+')) expect(phone).toMatch(/0{3}[0-9]{2}(;ext=[0-9]+)?$/);
      }
    }
  });
});

function withRequisites(different: object): object {
  return { ...example, requisites: { ...example.requisites, ...different } };
}

function withDocument(different: object): object {
  return { ...example, documents: [{ ...example.documents[0], ...different }] };
}

function withNotification(notification: string | null): object {
  return { ...example, accounts: [{ ...example.accounts[0], notification }] };
}
