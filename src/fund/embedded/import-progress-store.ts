import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** How many lines of a file an interrupted import has loaded; 0 when there was none. */
export async function findLoadedLines(database: Queryable, file: Buffer): Promise<number> {
  const row = await database.first<{ lines: number }>(
    sql`select lines from fund.people_import where file = ${file}`,
  );
  return row?.lines ?? 0;
}

/**
 * Keeps how far a file was loaded, in the transaction that loads it. Nothing is kept of a file that
 * is loaded at once, nor after the last portion.
 * @returns false when the file is not where this import has left it
 */
export async function keepLoadedLines(
  tx: Queryable,
  file: Buffer,
  { from, to, isLast }: { readonly from: number; readonly to: number; readonly isLast: boolean },
): Promise<boolean> {
  if (from === 0 && isLast) return true;
  const statement = isLast
    ? sql`delete from fund.people_import where file = ${file} and lines = ${from}`
    : from === 0
      ? sql`insert into fund.people_import (file, lines) values (${file}, ${to}) on conflict do nothing`
      : sql`update fund.people_import set lines = ${to}, updated_at = now() where file = ${file} and lines = ${from}`;
  return (await tx.run(statement)) === 1;
}
