import { afterEach, expect, it } from 'vitest';
import { freshDatabase } from '../../../test/support/database.ts';
import { openDatabase } from './database.ts';
import { databaseReady } from './readiness.ts';
import { sql } from './sql.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it('is ready when it can be written and is up to date, and not when it only reads or is behind', async () => {
  const { database, connection, drop } = await freshDatabase();
  closers.push(drop);
  expect(await databaseReady(database)).toBe(true);

  // As a standby before it is promoted.
  const reader = openDatabase({
    ...connection,
    options: '-c default_transaction_read_only=on',
  } as typeof connection);
  closers.push(() => reader.close());
  expect(await databaseReady(reader)).toBe(false);

  await database.run(sql`delete from public.migration where name = '001-cabinet-and-fund'`);
  expect(await databaseReady(database)).toBe(false);
});
