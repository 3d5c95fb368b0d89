import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { kabinet, type Outcome } from '../support/kabinet.ts';

// `kabinet addresses import`, called as an operator does. It loads the example of data/README.md.

let fresh: FreshDatabase;
let folder: string;

beforeAll(async () => {
  fresh = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'kabinet-cli-'));
});

afterAll(async () => {
  await fresh.drop();
  await rm(folder, { recursive: true });
});

async function importFile(text: string): Promise<Outcome> {
  const file = join(folder, 'streets.csv');
  await writeFile(file, text);
  return await kabinet(fresh.connection, ['addresses', 'import', file]);
}

async function stored(): Promise<{ streets: number; houses: number } | undefined> {
  return await fresh.database.first<{ streets: number; houses: number }>(sql`
    select count(*)::int as streets, coalesce(sum(jsonb_array_length(houses)), 0)::int as houses from cabinet.street`);
}

const example = `kato;kind;name_kk;name_ru;houses
750000000;avenue;Абай;Абая;1|3/1=A11B2C1|10=050010
195259100;street;Бірлік;;
`;

test('an operator’s streets replace the former ones, and are counted', async () => {
  expect(await importFile(example)).toMatchObject({
    code: 0,
    out: 'loaded: streets 2, houses 3, places 2\n',
  });
  expect(await stored()).toEqual({ streets: 2, houses: 3 });
  const other = 'kato;kind;name_kk;name_ru;houses\n710000000;street;Тұлпар;Тулпар;7\n';
  expect(await importFile(other)).toMatchObject({ code: 0, out: 'loaded: streets 1, houses 1, places 1\n' });
  expect(await stored()).toEqual({ streets: 1, houses: 1 });
});

test('a bad line is named on stderr with its number, and nothing of the file is loaded', async () => {
  const before = await stored();
  const outcome = await importFile(`${example}999999999;street;Жоқ;;\n`);
  expect(outcome).toEqual({ code: 1, out: '', err: 'line 4: no place 999999999\nnothing was loaded\n' });
  expect(await stored()).toEqual(before);
});

test('a missing file is reported in one line', async () => {
  const outcome = await kabinet(fresh.connection, ['addresses', 'import', join(folder, 'none.csv')]);
  expect(outcome).toEqual({ code: 1, out: '', err: `${join(folder, 'none.csv')}: no such file\n` });
});
