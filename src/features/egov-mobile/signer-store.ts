import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** The receipt of a change that was made by a signature over these bytes. */
export async function findSignedChange(
  database: Queryable,
  holderId: string,
  content: Buffer,
): Promise<string | undefined> {
  const row = await database.first<{ number: string }>(sql`
    select number from cabinet.eds_evidence
    where holder_id = ${holderId} and purpose = 'change' and content = ${content} limit 1`);
  return row?.number;
}

/** The IIN of the holder who has signed. */
export async function findSignerIin(database: Queryable, holderId: string): Promise<string | undefined> {
  const row = await database.first<{ iin: string }>(sql`
    select iin from cabinet.holder where holder_id = ${holderId}`);
  return row?.iin;
}
