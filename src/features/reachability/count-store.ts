import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import { isOnFile } from './store.ts';

/** How many holders can be reached, and by what. */
export interface Reachability {
  /** Those whose requisites are here. */
  readonly holders: number;
  readonly mobileProved: number;
  readonly emailProved: number;
  /** Neither of them. */
  readonly neitherProved: number;
  /** Who has said within a year that everything on file is right. */
  readonly confirmed: number;
  /** Who has a contact on file to which something did not arrive. */
  readonly marked: number;
}

/** The sums before anybody was counted. */
export const nobodyCounted: Reachability = {
  holders: 0,
  mobileProved: 0,
  emailProved: 0,
  neitherProved: 0,
  confirmed: 0,
  marked: 0,
};

/** Adds two sums. */
export function addCounts(one: Reachability, other: Reachability): Reachability {
  const names = Object.keys(nobodyCounted) as (keyof Reachability)[];
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as unknown as Reachability;
}

/** The sums of some holders, and the last of them. Null: nobody is left after them. */
export interface CountedPortion extends Reachability {
  readonly next: string | null;
}

/** Counts the next holders after one, in the order of their ids. Null begins with the first. */
export async function countPortion(
  database: Queryable,
  after: string | null,
  most: number,
): Promise<CountedPortion> {
  const row = await database.first<CountedPortion>(sql`
    with portion as materialized (
      select holder_id, mobile_phone, email, address, apartment, postcode, confirmed_at from cabinet.requisites
      where holder_id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')
      order by holder_id limit ${most}),
    known as (
      select p.holder_id, coalesce(mobile, false) as mobile, coalesce(mail, false) as mail,
        coalesce(marked, false) as marked, confirmed_at > now() - interval '1 year' as confirmed
      from portion p cross join lateral (
        select bool_or(channel = 'mobile' and proved_at is not null) as mobile,
          bool_or(channel = 'email' and proved_at is not null) as mail, bool_or(marked_at is not null) as marked
        from cabinet.contact_state s
        where ${isOnFile(sql`s`, sql`p`)} offset 0) as state)
    select count(*)::int as holders, count(*) filter (where mobile)::int as "mobileProved",
      count(*) filter (where mail)::int as "emailProved",
      count(*) filter (where not mobile and not mail)::int as "neitherProved",
      count(*) filter (where confirmed)::int as confirmed, count(*) filter (where marked)::int as marked,
      case when count(*) = ${most}
        then (select holder_id from portion order by holder_id desc limit 1) end as next
    from known`);
  return row ?? { ...nobodyCounted, next: null };
}

/** How far the count of a day is. */
export interface CountProgress {
  readonly after: string | null;
  readonly partial: Reachability;
}

/**
 * Locks the count until the transaction ends. Undefined when another process is at it, or when
 * everybody was counted within the last day.
 */
export async function lockCount(tx: Queryable): Promise<CountProgress | undefined> {
  const row = await tx.first<{ after: string | null; partial: Partial<Reachability> }>(sql`
    select after, partial from cabinet.reachability
    where after is not null or coalesce(counted_at, '-infinity') < now() - interval '1 day'
    for update skip locked`);
  return row && { after: row.after, partial: { ...nobodyCounted, ...row.partial } };
}

/** Keeps how far the count is. */
export async function keepProgress(tx: Queryable, { after, partial }: CountProgress): Promise<void> {
  await tx.run(
    sql`update cabinet.reachability set after = ${after}::uuid, partial = ${json(partial)}::jsonb`,
  );
}

/** Keeps the sums of everybody. The next count begins after a day. */
export async function keepCounted(tx: Queryable, counted: Reachability): Promise<void> {
  await tx.run(sql`
    update cabinet.reachability
    set after = null, partial = '{}', counted = ${json(counted)}::jsonb, counted_at = now()`);
}
