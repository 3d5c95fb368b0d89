import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** The set of backup codes of a holder. */
export interface BackupCodeSet {
  /** Codes that were not used yet. */
  readonly left: number;
  /** When the set was made, as the database writes it. Null when there is none. */
  readonly since: string | null;
}

/** Reads how many codes a holder has left. */
export async function readCodeSet(database: Queryable, holderId: string): Promise<BackupCodeSet> {
  const row = await database.first<BackupCodeSet>(sql`
    select (count(*) filter (where used_at is null))::int as left, max(created_at)::text as since
    from cabinet.backup_code where holder_id = ${holderId}`);
  return row ?? { left: 0, since: null };
}

/** A stored code. */
export interface StoredBackupCode {
  readonly label: string;
  readonly hash: string;
}

/** Replaces the set of a holder. The caller has locked the holder's row. */
export async function replaceCodeSet(
  transaction: Queryable,
  holderId: string,
  codes: readonly StoredBackupCode[],
): Promise<void> {
  await deleteBackupCodes(transaction, holderId);
  await transaction.run(sql`
    insert into cabinet.backup_code (holder_id, label, code_hash)
    select ${holderId}, label, hash
    from unnest(${codes.map(({ label }) => label)}::text[],
      ${codes.map(({ hash }) => hash)}::text[]) as c (label, hash)`);
}

/** Ends the set of a holder. The caller has locked the holder's row. */
export async function deleteBackupCodes(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`delete from cabinet.backup_code where holder_id = ${holderId}`);
}

/** The first unused code of a holder that has one of these labels. */
export function findBackupCode(
  database: Queryable,
  holderId: string,
  labels: readonly string[],
): Promise<StoredBackupCode | undefined> {
  return database.first<StoredBackupCode>(sql`
    select label, code_hash as hash from cabinet.backup_code
    where holder_id = ${holderId} and label = any(${labels}::text[]) and used_at is null
    order by array_position(${labels}::text[], label) limit 1`);
}

/** Uses a code. Returns true for exactly one caller. The caller has locked the holder's row. */
export async function markBackupCodeUsed(
  transaction: Queryable,
  holderId: string,
  { label, hash }: StoredBackupCode,
): Promise<boolean> {
  const used = await transaction.run(sql`
    update cabinet.backup_code set used_at = now()
    where holder_id = ${holderId} and label = ${label} and code_hash = ${hash} and used_at is null`);
  return used === 1;
}
