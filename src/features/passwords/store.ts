import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Channel } from '../notices/channel.ts';

/** The hash on file, or undefined. */
export async function findPassword(database: Queryable, holderId: string): Promise<string | undefined> {
  const row = await database.first<{ hash: string }>(
    sql`select password_hash as hash from cabinet.credential where holder_id = ${holderId}`,
  );
  return row?.hash;
}

/**
 * Replaces a hash made with older parameters. Does nothing when the password was changed in the
 * meantime.
 */
export async function upgradeHash(
  database: Queryable,
  holderId: string,
  former: string,
  hash: string,
): Promise<void> {
  await database.run(sql`
    update cabinet.credential set password_hash = ${hash} where holder_id = ${holderId} and password_hash = ${former}`);
}

/** A hashed password, and whether it is long enough without a strong step. */
export interface StoredPassword {
  readonly hash: string;
  readonly sufficesAlone: boolean;
}

/** Notes whether the password on file is long enough, unless it was changed in the meantime. */
export async function noteSufficesAlone(
  database: Queryable,
  holderId: string,
  { hash, sufficesAlone }: StoredPassword,
): Promise<void> {
  await database.run(sql`
    update cabinet.credential set suffices_alone = ${sufficesAlone}
    where holder_id = ${holderId} and password_hash = ${hash}`);
}

/** Sets the first password of a holder. Returns false when one was set in the meantime. */
export async function setFirstPassword(
  transaction: Queryable,
  holderId: string,
  { hash, sufficesAlone }: StoredPassword,
): Promise<boolean> {
  const set = await transaction.run(sql`
    insert into cabinet.credential (holder_id, password_hash, suffices_alone)
    values (${holderId}, ${hash}, ${sufficesAlone})
    on conflict (holder_id) do nothing`);
  return set > 0;
}

/**
 * Replaces a password that its holder has entered. Returns false when it was changed in the
 * meantime.
 */
export async function replacePassword(
  transaction: Queryable,
  holderId: string,
  former: string,
  { hash, sufficesAlone }: StoredPassword,
): Promise<boolean> {
  const replaced = await transaction.run(sql`
    update cabinet.credential set password_hash = ${hash}, suffices_alone = ${sufficesAlone}, set_at = now()
    where holder_id = ${holderId} and password_hash = ${former}`);
  return replaced > 0;
}

/**
 * Sets the password of a holder who proved one contact. A first password starts the same waiting
 * times as a new one. Without them, somebody with a stolen number could take over a person who has
 * no cabinet yet.
 * @param via the contact that was proved; null when that is not known
 */
export async function setProvedPassword(
  transaction: Queryable,
  holderId: string,
  { hash, sufficesAlone }: StoredPassword,
  via: Channel | null,
): Promise<{ readonly isFirst: boolean }> {
  const row = await transaction.first<{ isFirst: boolean }>(sql`
    insert into cabinet.credential (holder_id, password_hash, suffices_alone, recovered_at, recovered_via)
    values (${holderId}, ${hash}, ${sufficesAlone}, now(), ${via})
    on conflict (holder_id) do update
      set password_hash = excluded.password_hash, suffices_alone = excluded.suffices_alone, set_at = now(),
        recovered_at = now(), recovered_via = ${via}
    returning xmax = 0 as "isFirst"`);
  return { isFirst: row?.isFirst ?? false };
}
