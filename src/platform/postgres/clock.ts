import type { Queryable } from './database.ts';
import { sql } from './sql.ts';

/** The database's time, which decides every expiry. Inside a transaction: the time of its start. */
export async function readNow(database: Queryable): Promise<Date> {
  const row = await database.first<{ now: Date }>(sql`select now()`);
  if (!row) throw new Error('the database gave no time');
  return row.now;
}
