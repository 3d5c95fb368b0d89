import { afterAll, beforeAll, expect, test } from 'vitest';
import { countStatements } from '../../../test/support/counted-database.ts';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { type Database, openDatabase } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { createPublishedHeads, dayLine } from './published-heads.ts';
import { readDays } from './store.ts';

let fresh: FreshDatabase;
let own: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  own = openDatabase(fresh.connection, { max: 2 });
  await fresh.database.run(sql`
    insert into cabinet.receipt_day (day, size, root, head)
    select date '2025-01-01' + n, n, decode(repeat('0f', 32), 'hex'), 'head' || n from generate_series(0, 449) as n`);
});

afterAll(() => fresh.drop());

test('has the last days in order, asks once a minute for all, and survives a lost database', async () => {
  const counted = countStatements(own);
  let now = 0;
  const heads = createPublishedHeads(counted, () => now);
  const all = (await readDays(fresh.database, '2000-01-01')).map(dayLine);
  expect(all).toHaveLength(450);
  const asked = await Promise.all([heads.lines(), heads.lines(62), heads.lines()]);
  expect(asked).toEqual([all.slice(-400), all.slice(-62), all.slice(-400)]);
  expect(counted.take()).toBe(1);
  await fresh.database.run(sql`
    insert into cabinet.receipt_day (day, size, root, head)
    values ('2026-06-01', 1, decode(repeat('0e', 32), 'hex'), 'new')`);
  expect((await heads.lines(1))[0]).toBe(all.at(-1));
  now += 60_001;
  expect((await heads.lines(1))[0]).toMatch(/^2026-06-01 1 (?:0e){32} new$/);
  await own.close();
  now += 60_001;
  expect((await heads.lines(1))[0]).toContain('2026-06-01');
  await expect(createPublishedHeads(own).lines()).rejects.toThrow();
});
