import type { Queryable } from '../../platform/postgres/database.ts';
import { tryAdvisoryLock } from '../../platform/postgres/locks.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { SavedChange } from '../changes/change.ts';

/** How late a change of a day may commit. Its day is not closed before. */
const grace = sql`interval '15 minutes'`;
const dayOf = sql`(c.made_at at time zone 'UTC')::date`;

/** Any number that nothing else uses. Held until the transaction ends. */
const closingLock = 0x6c_65_61_66;

/** True when no other process closes a day. The lock lasts until the transaction ends. */
export function lockClosing(tx: Queryable): Promise<boolean> {
  return tryAdvisoryLock(tx, closingLock);
}

/** A change that has no leaf yet. */
export type UnloggedChange = Omit<SavedChange, 'delivery' | 'firstMadeAt'>;

/**
 * Changes of holders without a leaf, of days that are not closed, oldest first. Leaves are looked up
 * one by one: the planner would turn "not exists" into a join and read every leaf.
 */
export function readUnlogged(database: Queryable, most: number): Promise<readonly UnloggedChange[]> {
  return database.rows<UnloggedChange>(sql`
    select change_id as "changeId", number, made_at as "madeAt", proof, document, entries
    from cabinet.change c
    where made_by = 'holder' and made_at >= coalesce(
        (select max(day) + 1 from cabinet.receipt_day)::timestamp at time zone 'UTC', now() - interval '7 days')
      and (select true from cabinet.receipt_leaf l where l.change_id = c.change_id limit 1) is null
    order by made_at limit ${most}`);
}

/** A leaf as it is stored. */
export interface StoredLeaf {
  readonly salt: Buffer;
  readonly leaf: Buffer;
  /** ISO 8601, in UTC. */
  readonly day: string;
  /** Null until the day is closed. */
  readonly place: number | null;
}

/** Stores the leaf of a change, unless it has one or its day is closed. */
export async function insertLeaf(
  database: Queryable,
  changeId: string,
  { salt, leaf }: Pick<StoredLeaf, 'salt' | 'leaf'>,
): Promise<void> {
  await database.run(sql`
    insert into cabinet.receipt_leaf (change_id, salt, leaf, day)
    select change_id, ${salt}, ${leaf}, ${dayOf} from cabinet.change c
    where change_id = ${changeId} and not exists (select from cabinet.receipt_day d where d.day >= ${dayOf})
    on conflict (change_id) do nothing`);
}

/** The leaf of a receipt, and the head of its day if that is closed. */
export function findLeaf(
  database: Queryable,
  number: string,
): Promise<(StoredLeaf & { readonly size: number | null; readonly head: string | null }) | undefined> {
  return database.first(sql`
    select l.salt, l.leaf, l.day::text as day, l.place, d.size, d.head
    from cabinet.change c join cabinet.receipt_leaf l using (change_id) left join cabinet.receipt_day d using (day)
    where c.number = ${number}`);
}

/** The days with leaves that can be closed now, oldest first, and the days between them. */
export async function readDaysToClose(database: Queryable): Promise<readonly string[]> {
  const rows = await database.rows<{ day: string }>(sql`
    select day::date::text as day from generate_series(
      coalesce((select max(day) + 1 from cabinet.receipt_day), (select min(day) from cabinet.receipt_leaf)),
      ((now() - ${grace}) at time zone 'UTC')::date - 1, interval '1 day') as day
    order by 1 limit 400`);
  return rows.map(({ day }) => day);
}

/** The leaves of a day that is about to be closed, by the time of their changes. */
export function readOpenLeaves(
  database: Queryable,
  day: string,
): Promise<readonly { readonly changeId: string; readonly leaf: Buffer }[]> {
  return database.rows(sql`
    select l.change_id as "changeId", l.leaf from cabinet.receipt_leaf l join cabinet.change c using (change_id)
    where l.day = ${day}::date order by c.made_at, l.change_id`);
}

/** The leaves of a closed day, by their places. */
export async function readLeaves(database: Queryable, day: string): Promise<readonly Buffer[]> {
  const rows = await database.rows<{ leaf: Buffer }>(sql`
    select leaf from cabinet.receipt_leaf where day = ${day}::date and place is not null order by place`);
  return rows.map(({ leaf }) => leaf);
}

/** A closed day. */
export interface ClosedDay {
  readonly day: string;
  readonly size: number;
  readonly root: Buffer;
  /** The signed head. */
  readonly head: string;
}

/** Closes a day: gives each leaf its place, and stores the head. */
export async function writeDay(
  tx: Queryable,
  { day, size, root, head }: ClosedDay,
  changeIds: readonly string[],
): Promise<void> {
  await tx.run(sql`
    update cabinet.receipt_leaf l set place = p.place - 1
    from unnest(${changeIds}::uuid[]) with ordinality as p (change_id, place) where l.change_id = p.change_id`);
  await tx.run(sql`
    insert into cabinet.receipt_day (day, size, root, head) values (${day}::date, ${size}, ${root}, ${head})`);
}

/** The last closed day. */
export function findLastDay(database: Queryable): Promise<ClosedDay | undefined> {
  return database.first<ClosedDay>(sql`
    select day::text as day, size, root, head from cabinet.receipt_day order by day desc limit 1`);
}

/** The closed days from one on, in order. */
export function readDays(database: Queryable, from: string): Promise<readonly ClosedDay[]> {
  return database.rows<ClosedDay>(sql`
    select d.day::text as day, size, root, head from cabinet.receipt_day d
    where d.day >= ${from}::date order by d.day`);
}

/** The last closed days, in order. */
export async function readLastDays(database: Queryable, most: number): Promise<readonly ClosedDay[]> {
  const rows = await database.rows<ClosedDay>(sql`
    select d.day::text as day, size, root, head from cabinet.receipt_day d order by d.day desc limit ${most}`);
  return rows.toReversed();
}
