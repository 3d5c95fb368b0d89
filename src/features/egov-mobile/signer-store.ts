import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** The IIN of the holder who has signed. */
export async function findSignerIin(database: Queryable, holderId: string): Promise<string | undefined> {
  const row = await database.first<{ iin: string }>(sql`
    select iin from cabinet.holder where holder_id = ${holderId}`);
  return row?.iin;
}
