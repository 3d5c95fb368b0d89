import type { Queryable } from './database.ts';
import { sql } from './sql.ts';

/** The database's time, by which every expiry is decided. In a transaction: when it began. */
export async function readNow(database: Queryable): Promise<Date> {
  const row = await database.first<{ now: Date }>(sql`select now()`);
  if (!row) throw new Error('the database gave no time');
  return row.now;
}
