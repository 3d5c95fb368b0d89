import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts';
import { sql } from './sql.ts';

let fresh: FreshDatabase;

beforeAll(async () => {
  fresh = await freshDatabase();
});

afterAll(() => fresh.drop());

test('a session that dies between two statements fails its transaction, and neither the process nor the next one', async () => {
  const { database } = fresh;
  const transaction = database.transaction(async (inside) => {
    const mine = await inside.first<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    await database.run(sql`select pg_terminate_backend(${mine?.pid})`);
    await vi.waitFor(async () => {
      const left = await database.run(sql`select from pg_stat_activity where pid = ${mine?.pid}`);
      expect(left).toBe(0);
    });
    // The bad news is on its way to this process; a round trip on another connection lets it arrive.
    await database.run(sql`select`);
    await inside.run(sql`select`);
  });
  await expect(transaction).rejects.toThrow(/connection|terminat/i);

  const value = await database.transaction((inside) => inside.first(sql`select 1 as one`));
  expect(value).toEqual({ one: 1 });
});
