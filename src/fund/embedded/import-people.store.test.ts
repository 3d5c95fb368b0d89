import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import {
  identityCard,
  inventIin,
  inventIinAmong,
  inventPerson,
  type PersonLine,
} from '../../../test/support/people.ts';
import type { Requisites } from '../../features/requisites/fields/fields.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { type Iin, parseIin } from '../../values/iin.ts';
import type { ChangeForFund } from '../port.ts';
import { createEmbeddedFund } from './embedded-fund-store.ts';
import { type ImportOptions, importPeople } from './import-people.ts';
import { readLines } from './people-file.ts';

let fresh: FreshDatabase;
let database: Database;

beforeEach(async () => {
  fresh = await freshDatabase();
  database = fresh.database;
});

afterEach(() => fresh.drop());

const options: ImportOptions = {
  demo: true,
  hashPassword: (password) => Promise.resolve(`hash of ${password}`),
};

function load(people: readonly (PersonLine | string)[], different: Partial<ImportOptions> = {}) {
  return importPeople(database, () => asLines(people), { ...options, ...different });
}

async function* asLines(people: readonly (PersonLine | string)[]): AsyncGenerator<string> {
  for (const person of people) yield typeof person === 'string' ? person : JSON.stringify(person);
}

const withRequisites = (person: PersonLine, different: Partial<PersonLine['requisites']>): PersonLine => ({
  ...person,
  requisites: { ...person.requisites, ...different },
});

function read(person: PersonLine, since = 0) {
  return createEmbeddedFund(database).read(iinOf(person), since);
}

function iinOf({ iin }: PersonLine): Iin {
  const parsed = parseIin(iin);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

/** One of more people than `inventPerson` knows. */
const among = (n: number, different: Partial<PersonLine> = {}) =>
  inventPerson(n % 10_000, { iin: inventIinAmong(n), ...different });

const interrupted = () => database.rows(sql`select lines from fund.people_import`);

async function count(
  table: 'fund.person' | 'fund.change_elsewhere' | 'cabinet.holder' | 'cabinet.credential',
) {
  const tables = {
    'fund.person': sql`select count(*) as n from fund.person`,
    'fund.change_elsewhere': sql`select count(*) as n from fund.change_elsewhere`,
    'cabinet.holder': sql`select count(*) as n from cabinet.holder`,
    'cabinet.credential': sql`select count(*) as n from cabinet.credential`,
  };
  return (await database.first<{ n: number }>(tables[table]))?.n;
}

describe('importPeople', () => {
  it('loads people into the fund as the lines describe them', async () => {
    const person = inventPerson(1, { status: 'blocked', patronymic: null });
    expect(await load([person, inventPerson(2)])).toEqual({
      ok: true,
      read: 2,
      added: 2,
      changed: 0,
      unchanged: 0,
    });
    expect(await read(person)).toMatchObject({
      iin: person.iin,
      surname: person.surname,
      name: person.name,
      patronymic: null,
      status: 'blocked',
      documents: person.documents,
      accounts: person.accounts,
      requisites: person.requisites,
      mobileSince: null,
      emailSince: null,
      elsewhereVersion: 0,
      changesElsewhere: [],
    });
  });

  it('keeps letters, quotes, backslashes and text that looks like SQL byte for byte', async () => {
    const address = `Әл-Фараби "даңғылы", 77/7 \\ {a,b} NULL ' ; drop table fund.person; --\u2028`;
    const person = withRequisites(inventPerson(1, { surname: '{"Ұлы"}', name: 'NULL' }), { address });
    await load([person]);
    expect(await read(person)).toMatchObject({ surname: '{"Ұлы"}', name: 'NULL', requisites: { address } });
  });

  it('gives a cabinet and a password to demonstration people only', async () => {
    const { password: _, ...real } = inventPerson(2);
    await load([inventPerson(1, { language: 'ru', password: 'one-of-them' }), real]);
    const rows = await database.rows(sql`
      select iin, language, password_hash as hash from cabinet.holder join cabinet.credential using (holder_id)`);
    expect(rows).toEqual([{ iin: inventIin(1), language: 'ru', hash: 'hash of one-of-them' }]);
    expect(await count('cabinet.holder')).toBe(1);
  });

  it('does nothing for a line that equals the last import, and hashes no password', async () => {
    const people = [inventPerson(1), inventPerson(2)];
    await load(people);
    const before = await database.rows(sql`select * from fund.person order by iin`);
    const hashPassword = () => Promise.reject(new Error('hashed'));
    expect(await load(people, { hashPassword })).toEqual({
      ok: true,
      read: 2,
      added: 0,
      changed: 0,
      unchanged: 2,
    });
    expect(await database.rows(sql`select * from fund.person order by iin`)).toEqual(before);
    expect(await count('fund.change_elsewhere')).toBe(0);
  });

  it('treats a different value as a change at a branch: only the differing fields, with the next version', async () => {
    const person = inventPerson(1);
    await load([person]);
    const moved = withRequisites(person, { address: 'Астана қ., 1', apartment: null });
    expect(await load([moved])).toMatchObject({ added: 0, changed: 1, unchanged: 0 });
    const again = withRequisites(moved, { homePhone: '+77272000009' });
    await load([again]);

    expect(await read(person)).toMatchObject({
      requisites: again.requisites,
      elsewhereVersion: 2,
      changesElsewhere: [
        { version: 1, fields: { address: 'Астана қ., 1', apartment: null } },
        { version: 2, fields: { homePhone: '+77272000009' } },
      ],
    });
    expect((await read(person, 1))?.changesElsewhere).toHaveLength(1);
  });

  it('keeps a change from the cabinet when the branch did not touch that field', async () => {
    const person = inventPerson(1);
    await load([person]);
    const fund = createEmbeddedFund(database);
    const fields = { address: 'Шымкент қ., 5', apartment: '7' };
    await fund.apply(changeOf(person, fields));

    await load([withRequisites(person, { apartment: '8', postcode: '160000' })]);
    const after = await read(person);
    expect(after?.requisites).toMatchObject({ address: 'Шымкент қ., 5', apartment: '8', postcode: '160000' });
    expect(after?.changesElsewhere).toEqual([{ version: 1, fields: { apartment: '8', postcode: '160000' } }]);
  });

  it('records no change of requisites when the branch writes a value that the cabinet has already sent', async () => {
    const person = inventPerson(1);
    await load([person]);
    const fields = { address: 'Шымкент қ., 5' };
    await createEmbeddedFund(database).apply(changeOf(person, fields));
    expect(await load([withRequisites(person, fields)])).toMatchObject({ changed: 1 });
    expect(await read(person)).toMatchObject({ elsewhereVersion: 0, requisites: fields });
  });

  it('replaces documents, accounts, name and status without a change of requisites', async () => {
    const person = inventPerson(1);
    await load([person]);
    const documents = [identityCard(1), identityCard(2, { id: 'd2', type: 'passport', series: 'N' })];
    const married = { ...person, surname: 'Жаңаева', status: 'deceased', documents, accounts: [] } as const;
    await load([married]);
    expect(await read(person)).toMatchObject({
      surname: 'Жаңаева',
      status: 'deceased',
      documents,
      accounts: [],
      elsewhereVersion: 0,
    });
  });

  it('treats mobile and e-mail as long-standing at first, and as new when a branch changes them', async () => {
    const person = inventPerson(1);
    const dated = { ...inventPerson(2), mobileSince: '2026-11-20', emailSince: '2026-11-20T10:00:00Z' };
    await load([person, dated]);
    expect(await read(person)).toMatchObject({ mobileSince: null, emailSince: null });
    expect(await read(dated)).toMatchObject({
      mobileSince: new Date('2026-11-19T19:00:00Z'),
      emailSince: new Date('2026-11-20T10:00:00Z'),
    });

    await load([
      withRequisites(person, { mobilePhone: '+77020000001' }),
      withRequisites(dated, { apartment: '9' }),
    ]);
    const recent = await database.first(sql`
      select mobile_since > now() - interval '1 minute' as mobile, email_since from fund.person where iin = ${person.iin}`);
    expect(recent).toEqual({ mobile: true, email_since: null });
    expect(await read(dated)).toMatchObject({ emailSince: new Date('2026-11-20T10:00:00Z') });
  });

  it('sets the password again only when the line has another one', async () => {
    const person = inventPerson(1, { password: 'the-first-one' });
    await load([person]);
    await database.run(sql`update cabinet.credential set password_hash = 'chosen by the person'`);
    const stored = () => database.first(sql`select password_hash as hash from cabinet.credential`);

    await load([withRequisites(person, { apartment: '9' })]);
    expect(await stored()).toEqual({ hash: 'chosen by the person' });
    await load([{ ...person, password: 'the-second-one' }]);
    expect(await stored()).toEqual({ hash: 'hash of the-second-one' });
  });

  it('loads nothing of a file with bad lines, and names the first ten', async () => {
    const { password: _, ...real } = inventPerson(1);
    const bad = Array.from({ length: 12 }, () => '{"iin":');
    const outcome = await load([real, '', { ...real, iin: '900101300006' }, inventPerson(2), ...bad], {
      demo: false,
    });
    expect(outcome).toEqual({
      ok: false,
      problems: [
        { line: 3, reason: 'lineIin' },
        { line: 4, reason: 'linePassword' },
        ...Array.from({ length: 8 }, (_, index) => ({ line: index + 5, reason: 'lineNotJson' })),
      ],
    });
    expect(await count('fund.person')).toBe(0);
  });

  it('loads nobody when a later line is bad', async () => {
    await load([inventPerson(0)]);
    const many = Array.from({ length: 2_500 }, (_, n) => inventPerson(n, { language: 'ru' }));
    const outcome = await load([...many, '{"iin":1}']);
    expect(outcome).toMatchObject({ ok: false, problems: [{ line: 2_501, reason: 'lineShape' }] });
    expect(await count('fund.person')).toBe(1);
    expect(await count('cabinet.credential')).toBe(1);
    expect(await database.first(sql`select language from fund.person`)).toEqual({ language: 'kk' });
  });

  it('processes a person who occurs twice in order, also within one batch', async () => {
    const person = inventPerson(1);
    const moved = withRequisites(person, { apartment: '9' });
    expect(await load([person, moved, moved])).toEqual({
      ok: true,
      read: 3,
      added: 1,
      changed: 1,
      unchanged: 1,
    });
    expect(await read(person)).toMatchObject({ requisites: { apartment: '9' }, elsewhereVersion: 1 });
  });

  it('skips empty lines, a byte order mark and carriage returns', async () => {
    const text = `\ufeff${JSON.stringify(inventPerson(1))}\r`;
    expect(await load([text, '', '  \r', JSON.stringify(inventPerson(2))])).toMatchObject({
      ok: true,
      read: 2,
      added: 2,
    });
    expect(await load([])).toEqual({ ok: true, read: 0, added: 0, changed: 0, unchanged: 0 });
  });

  it('reports its progress, and hashes a shared password once', async () => {
    const shown: unknown[] = [];
    let hashed = 0;
    const hashPassword = (password: string) => {
      hashed++;
      return Promise.resolve(password);
    };
    const people = Array.from({ length: 12_100 }, (_, n) => among(n));
    await load(people, { onProgress: (done) => shown.push(done), hashPassword });
    expect(shown).toEqual([
      { phase: 'checked', lines: 10_000 },
      { phase: 'checked', lines: 12_100 },
      { phase: 'loaded', lines: 10_000, of: 12_100 },
      { phase: 'loaded', lines: 12_100, of: 12_100 },
    ]);
    expect(hashed).toBe(1);
    expect(await count('cabinet.credential')).toBe(12_100);
    expect(await interrupted()).toEqual([]);
  });

  it('goes on where it was interrupted, and loads nothing twice', async () => {
    const people = Array.from({ length: 25_000 }, (_, n) => among(n, { password: undefined }));
    await expect(
      load(people, {
        onProgress({ phase, lines }) {
          if (phase === 'loaded' && lines === 20_000) throw new Error('the machine goes down');
        },
      }),
    ).rejects.toThrow('goes down');
    expect(await count('fund.person')).toBe(20_000);
    expect(await interrupted()).toEqual([{ lines: 20_000 }]);
    // Another file in between does not disturb it.
    await load([inventPerson(1)]);
    expect(await load(people)).toEqual({
      ok: true,
      read: 5_000,
      added: 5_000,
      changed: 0,
      unchanged: 0,
      resumedAfter: 20_000,
    });
    expect(await count('fund.person')).toBe(25_001);
    expect(await interrupted()).toEqual([]);
  });

  it('begins anew with a file that differs in one line', async () => {
    const people = Array.from({ length: 10_001 }, (_, n) => among(n, { password: undefined }));
    const stop = () => {
      throw new Error('stopped');
    };
    await expect(
      load(people, { onProgress: ({ phase }) => (phase === 'loaded' ? stop() : undefined) }),
    ).rejects.toThrow('stopped');
    expect(await load([...people.slice(0, -1), among(10_001)])).toMatchObject({
      read: 10_001,
      added: 1,
      unchanged: 10_000,
    });
  });

  it('ends when another process loads the same lines, or when they change between both readings', async () => {
    const people = Array.from({ length: 10_001 }, (_, n) => among(n, { password: undefined }));
    const both = await Promise.allSettled([load(people), load(people)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await count('fund.person')).toBe(10_001);
    let opened = 0;
    const changing = () => asLines(opened++ === 0 ? [inventPerson(1)] : [inventPerson(1), inventPerson(2)]);
    await expect(importPeople(database, changing, options)).rejects.toThrow('2 came to be loaded');
  });

  it('two imports at once wait for each other', async () => {
    const people = Array.from({ length: 300 }, (_, n) => inventPerson(n));
    const outcomes = await Promise.all([load(people), load([...people].reverse())]);
    const added = outcomes.map((outcome) => outcome.ok && outcome.added);
    expect(added.sort()).toEqual([0, 300]);
  });

  it('throws an unexpected error and rolls back', async () => {
    const hashPassword = () => Promise.reject(new Error('no memory'));
    await expect(load([inventPerson(1)], { hashPassword })).rejects.toThrow('no memory');
    expect(await count('fund.person')).toBe(0);
  });
});

describe('readLines', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'people-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (text: string) => {
    const file = join(folder, 'people.jsonl');
    await writeFile(file, text);
    return file;
  };

  it.each([
    ['', []],
    ['a', ['a']],
    ['a\nb', ['a', 'b']],
    ['a\nb\n', ['a', 'b']],
    ['\n\na\r\n', ['', '', 'a\r']],
    ['a\u2028b\n', ['a\u2028b']],
    [`${'ә'.repeat(300_000)}\nb`, ['ә'.repeat(300_000), 'b']],
  ])('splits %j', async (text, lines) => {
    expect(await gather(readLines(await write(text)))).toEqual(lines);
  });

  it('does not collect an endless line', async () => {
    const lines = await gather(readLines(await write('x'.repeat(5_000_000))));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(1_300_000);
  });

  it('rejects when there is no such file', async () => {
    await expect(importPeople(database, () => readLines(join(folder, 'none')), options)).rejects.toThrow(
      'ENOENT',
    );
  });

  it('loses no line, also with a readline interface', async () => {
    const people = Array.from({ length: 1_000 }, (_, n) => JSON.stringify(inventPerson(n)));
    const file = await write(people.join('\n'));
    expect(await importPeople(database, () => readLines(file), options)).toMatchObject({
      read: 1_000,
      added: 1_000,
    });
    const lines = () =>
      createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
    expect(await importPeople(database, lines, options)).toMatchObject({ read: 1_000, unchanged: 1_000 });
  });
});

async function gather(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** The person's first change from the cabinet. */
function changeOf(person: PersonLine, fields: Partial<Requisites>): ChangeForFund {
  const changeId = '00000000-0000-4000-8000-000000000001';
  return { changeId, iin: iinOf(person), fields, sequence: 1, expectedVersion: 0, madeAt: new Date() };
}
