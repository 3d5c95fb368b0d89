import { afterEach, expect, it } from 'vitest';
import { countStatements } from '../../../test/support/counted-database.ts';
import { freshDatabase } from '../../../test/support/database.ts';
import { openDatabase } from './database.ts';
import { migrationNames } from './migrate.ts';
import { databaseReady } from './readiness.ts';
import { sql } from './sql.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it('is ready when it is writable and up to date, and not when it is read-only or behind', async () => {
  const { database, connection, drop } = await freshDatabase();
  closers.push(drop);
  const names = await migrationNames();
  expect(await databaseReady(database, names)).toBe(true);

  // Read-only, like a standby before it is promoted.
  const reader = openDatabase({
    ...connection,
    options: '-c default_transaction_read_only=on',
  } as typeof connection);
  closers.push(() => reader.close());
  expect(await databaseReady(reader, names)).toBe(false);

  await database.run(sql`delete from public.migration where name = '001-cabinet-and-fund'`);
  expect(await databaseReady(database, names)).toBe(false);
});

it('asks the database once, and is not ready when it was never migrated', async () => {
  const { database, drop } = await freshDatabase();
  closers.push(drop);
  const counted = countStatements(database);
  const names = await migrationNames();
  expect(await databaseReady(counted, names)).toBe(true);
  expect(counted.take()).toBe(1);
  await database.run(sql`drop table public.migration`);
  await expect(databaseReady(database, names)).rejects.toThrow('does not exist');
});
