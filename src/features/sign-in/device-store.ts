import type { Queryable } from '../../platform/postgres/database.ts';
import { type Sql, sql } from '../../platform/postgres/sql.ts';
import type { LiveSession } from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import { notifyEverywhere, queueIntroduction } from '../notices/store.ts';

// The marks of browsers (`device-marks.ts`) in which people have signed in. Only their hashes are
// stored.

/** How long no second step is asked in a browser, if its holder wants that. */
const trusted = sql`interval '30 days'`;

/** Matches a mark of the holder `h` that the browser sent and that has not ended. */
export function knownBy(marks: readonly Buffer[]): Sql {
  return sql`d.holder_id = h.holder_id and d.device_hash = any(${marks}::bytea[]) and coalesce(d.ends_at, 'infinity') > now()`;
}

/**
 * Whether one of these marks was given to a browser in which this person signed in. One statement,
 * whoever is named.
 */
export async function knowsDevice(database: Queryable, iin: Iin, marks: readonly Buffer[]): Promise<boolean> {
  const known = await database.first(sql`
    select from cabinet.known_device d join cabinet.holder h using (holder_id)
    where h.iin = ${iin} and d.device_hash = any(${marks}::bytea[]) and coalesce(d.ends_at, 'infinity') > now() limit 1`);
  return known !== undefined;
}

/**
 * Ends the marks of this person that the browser sent, because it gets a new one, and removes those
 * that ended before. A copied mark therefore works only until its owner signs in again. The five
 * minutes allow for a second click and for a lost answer.
 * @returns the marks that end
 */
export async function endMarks(
  transaction: Queryable,
  holderId: string,
  marks: readonly Buffer[],
): Promise<readonly Buffer[]> {
  const ended = await transaction.rows<{ mark: Buffer }>(sql`
    with over as (delete from cabinet.known_device where holder_id = ${holderId} and ends_at <= now())
    update cabinet.known_device set ends_at = least(coalesce(ends_at, 'infinity'), now() + interval '5 minutes')
    where holder_id = ${holderId} and device_hash = any(${marks}::bytea[]) and coalesce(ends_at, 'infinity') > now()
    returning device_hash as mark`);
  return ended.map(({ mark }) => mark);
}

/**
 * Stores the mark of a browser in which a session begins, and notifies the holder when it is `new`
 * to them. The first sign-in after choosing a password sends no notice. A sign-in by EDS may open a
 * cabinet that its owner does not know about, so it always sends one.
 */
export async function keepDevice(
  transaction: Queryable,
  mark: {
    readonly holderId: string;
    readonly hash: Buffer;
    readonly device: string;
    readonly method: LiveSession['method'];
    readonly isNew: boolean;
    /** The marks that the browser had before. Where one of them is trusted, the new one is too. */
    readonly replaces: readonly Buffer[];
    /** Whether no second step is to be asked in this browser for some time. */
    readonly trust: boolean;
  },
): Promise<void> {
  const seen = sql`
    seen as (
      insert into cabinet.known_device (holder_id, device_hash, device, trusted_until)
      values (${mark.holderId}, ${mark.hash}, ${mark.device}, case when ${mark.trust}::boolean
        then now() + ${trusted} else (
          select max(trusted_until) from cabinet.known_device
          where holder_id = ${mark.holderId} and device_hash = any(${mark.replaces}::bytea[])
            and trusted_until > now()) end)
      returning holder_id),
    ${queueIntroduction(sql`seen`)},
    told as (
      select holder_id from seen
      where ${mark.isNew}::boolean
        and (${mark.method === 'eds' || mark.method === 'phone'}::boolean or exists (
          select from cabinet.known_device d where d.holder_id = seen.holder_id)))`;
  await notifyEverywhere(transaction, seen, 'new-device', { device: mark.device });
}

/**
 * Notifies a holder of a session in a browser that has no mark of theirs, and gets none: a stranger
 * may have made them sign with their phone. In a browser that has one, nothing is new.
 */
export async function notifyOfUnmarked(
  transaction: Queryable,
  holderId: string,
  { device, marks }: { readonly device: string; readonly marks: readonly Buffer[] },
): Promise<undefined> {
  const unmarked = sql`
    unmarked as (
      select h.holder_id from cabinet.holder h
      where h.holder_id = ${holderId} and not exists (select from cabinet.known_device d where ${knownBy(marks)})),
    ${queueIntroduction(sql`unmarked`)},
    told as (select holder_id from unmarked)`;
  await notifyEverywhere(transaction, unmarked, 'new-device', { device });
}

/** The mark, among those that a browser sent, of a holder who has signed in there before. */
export async function findKnownMark(
  database: Queryable,
  holderId: string,
  marks: readonly Buffer[],
): Promise<Buffer | undefined> {
  const row = await database.first<{ mark: Buffer }>(sql`
    select d.device_hash as mark from cabinet.known_device d, cabinet.holder h
    where h.holder_id = ${holderId} and ${knownBy(marks)} order by d.seen_at desc limit 1`);
  return row?.mark;
}
