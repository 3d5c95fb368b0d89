import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import { currentValues } from '../requisites/column-store.ts';

/** A change that did not reach the fund. It contains nothing about the person who made it. */
export interface StuckChange {
  readonly number: string;
  readonly error: string;
  readonly attempts: number;
  readonly queuedAt: Date;
  readonly deadAt: Date;
}

/** What an operator sees of one change on its way. */
export interface ShownDelivery {
  readonly number: string;
  readonly changeId: string;
  readonly iin: string;
  readonly fields: readonly string[];
  readonly attempts: number;
  readonly error: string | null;
  readonly queuedAt: Date;
  readonly nextAttemptAt: Date;
  readonly deliveredAt: Date | null;
  readonly deadAt: Date | null;
}

/*
 * The operator's view of changes for the fund. Looking at one and sending it again are events that
 * the person sees in their history.
 */

/** Changes that were given up, the newest first. */
export function findDeadChanges(database: Queryable, most: number): Promise<readonly StuckChange[]> {
  return database.rows<StuckChange>(sql`
    select c.number, coalesce(o.last_error, '') as error, o.attempts, o.created_at as "queuedAt", o.dead_at as "deadAt"
    from cabinet.outbox o join cabinet.change c using (change_id)
    where o.lane = 'fund' and o.dead_at is not null order by o.dead_at desc, o.outbox_id desc limit ${most}`);
}

/** One change on its way, by the number of its receipt. */
export function showDelivery(
  database: Queryable,
  number: string,
  reason: string,
): Promise<ShownDelivery | undefined> {
  return database.first<ShownDelivery>(sql`
    with shown as (
      select c.number, o.change_id, c.holder_id, o.payload, o.attempts, o.last_error, o.created_at, o.next_attempt_at,
        o.delivered_at, o.dead_at
      from cabinet.change c join cabinet.outbox o on o.change_id = c.change_id and o.lane = 'fund'
      where c.number = ${number}),
    recorded as (
      insert into cabinet.security_event (holder_id, kind, detail)
      select holder_id, 'change-looked-at', ${json({ reason })}::jsonb from shown)
    select number, change_id as "changeId", h.iin, attempts, last_error as error, shown.created_at as "queuedAt",
      next_attempt_at as "nextAttemptAt", delivered_at as "deliveredAt", dead_at as "deadAt",
      array(select jsonb_object_keys(payload -> 'fields')) as fields
    from shown join cabinet.holder h using (holder_id)`);
}

/**
 * Puts changes that were given up back into the queue, behind the other messages of their holders.
 * Undefined `numbers` means all of them. Only fields that still have the value the change gave them
 * are sent. Fields changed since are left out, and a change with no such field is not sent at all.
 * Returns the numbers that were put back.
 */
export async function requeueChanges(
  database: Queryable,
  numbers: readonly string[] | undefined,
  reason: string,
): Promise<readonly string[]> {
  const which = numbers === undefined ? sql`` : sql`and c.number = any(${numbers}::text[])`;
  // Written as a new row, because its number must be higher than those of the person's later
  // changes, as the fund requires. The attempts continue to count, so the fund is asked before
  // anything is sent again.
  const rows = await database.rows<{ number: string }>(sql`
    with dead as (
      select o.outbox_id, c.number, o.holder_id, o.change_id, o.payload, o.attempts, o.created_at, o.request_id,
        o.traceparent, r.elsewhere_version,
        (select jsonb_object_agg(key, value) from jsonb_each(o.payload -> 'fields')
         where value = ${currentValues} -> key) as fields
      from cabinet.outbox o join cabinet.change c using (change_id) join cabinet.requisites r on r.holder_id = o.holder_id
      where o.lane = 'fund' and o.dead_at is not null ${which}
      for update of o, r),
    taken as (
      delete from cabinet.outbox o using dead
      where o.outbox_id = dead.outbox_id and dead.fields is not null returning o.outbox_id),
    again as (
      insert into cabinet.outbox (holder_id, lane, change_id, payload, attempts, forgiven, created_at, request_id,
        traceparent)
      select holder_id, 'fund', change_id,
        payload || jsonb_build_object('fields', fields, 'expectedVersion', elsewhere_version), attempts, attempts,
        created_at, request_id, traceparent
      from dead join taken using (outbox_id) order by outbox_id
      returning holder_id, change_id),
    recorded as (
      insert into cabinet.security_event (holder_id, kind, detail)
      select holder_id, 'change-requeued', ${json({ reason })}::jsonb from again)
    select number from dead join again using (change_id) order by number`);
  return rows.map(({ number }) => number);
}
