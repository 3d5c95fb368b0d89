import type { Queryable } from '../../platform/postgres/database.ts';
import { dayInAstana, todayInAstana } from '../../platform/postgres/day.ts';
import { tryAdvisoryLock } from '../../platform/postgres/locks.ts';
import { listed, type Sql, sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import { isMarked } from '../reachability/store.ts';
import { type ReminderKind, reminderDays, reminderKinds } from './kinds.ts';

/** The stages of all kinds, as rows. */
const stages = sql`(values ${listed(
  reminderKinds.flatMap((kind) => reminderDays[kind].map((days) => sql`(${kind}::text, ${days}::int)`)),
)}) as stage (of_kind, days)`;

/** The next day on which a message is due, or null. Both parameters are expressions. */
function nextOn(kind: Sql, endsOn: Sql): Sql {
  return sql`(select min(${endsOn} - days) from ${stages}
    where of_kind = ${kind} and ${endsOn} - days > ${todayInAstana})`;
}

/**
 * A statement that keeps the last day of a key which its holder has just used. The latest one
 * counts, whichever key is used. The caller has locked the holder's row.
 */
export function keyReminder(holderId: string, until: Date): Sql {
  const endsOn = dayInAstana(sql`${until}::timestamptz`);
  return sql`
    insert into cabinet.reminder as r (holder_id, kind, ends_on, next_on)
    values (${holderId}, 'key', ${endsOn}, ${nextOn(sql`'key'`, endsOn)})
    on conflict (holder_id, kind) do update set ends_on = excluded.ends_on, next_on = excluded.next_on
    where r.ends_on < excluded.ends_on`;
}

/**
 * Keeps the last day of a holder's documents. Null: there is none, or one that does not end.
 * @param endsOn `2029-09-05`
 */
export async function writeDocumentEnd(
  database: Queryable,
  holderId: string,
  endsOn: string | null,
): Promise<void> {
  if (endsOn === null) {
    await database.run(sql`delete from cabinet.reminder where holder_id = ${holderId} and kind = 'document'`);
    return;
  }
  const day = sql`${endsOn}::date`;
  await database.run(sql`
    insert into cabinet.reminder as r (holder_id, kind, ends_on, next_on)
    values (${holderId}, 'document', ${day}, ${nextOn(sql`'document'`, day)})
    on conflict (holder_id, kind) do update set ends_on = excluded.ends_on, next_on = excluded.next_on
    where r.ends_on <> excluded.ends_on`);
}

/** Any number that nothing else uses. Held until the transaction ends. */
const runLock = 0x72_65_6d_69;

/** True when no other process queues reminders. The lock lasts until the transaction ends. */
export function lockRun(tx: Queryable): Promise<boolean> {
  return tryAdvisoryLock(tx, runLock);
}

/**
 * Queues the messages that are due, of at most `most` holders, and moves each to its next day. A
 * message that a long pause has made late is left out when the next one of its kind is due, or the
 * end is over. Whoever has no wish for them gets none.
 * @returns how many rows were due, and how many messages were queued
 */
export async function queueDue(
  tx: Queryable,
  most: number,
): Promise<{ readonly taken: number; readonly queued: number }> {
  // Rows by their place: a join of a thousand with all would read the whole table.
  const row = await tx.first<{ taken: number; queued: number }>(sql`
    with due as materialized (
      select ctid from cabinet.reminder where next_on <= ${todayInAstana} order by next_on, holder_id limit ${most}
      for update skip locked),
    moved as (
      update cabinet.reminder r set next_on = ${nextOn(sql`r.kind`, sql`r.ends_on`)}
      where ctid = any (array(select ctid from due)) returning holder_id, kind, ends_on),
    planned as (
      select holder_id, kind, ends_on,
        (select min(days) from ${stages} where of_kind = kind and ends_on - days <= ${todayInAstana}) as days
      from moved
      where ends_on >= ${todayInAstana} and (
        select true from cabinet.reminder_off o
        where o.holder_id = moved.holder_id and o.kind = moved.kind limit 1) is null),
    queued as (
      insert into cabinet.outbox (holder_id, lane, payload, idempotency_key)
      select holder_id, 'reminder', jsonb_build_object('kind', kind || '-ends', 'endsOn', ends_on, 'days', days),
        concat_ws(':', 'reminder', holder_id, kind, ends_on - days)
      from planned
      on conflict (idempotency_key) where idempotency_key is not null do nothing
      returning outbox_id)
    select (select count(*) from moved)::int as taken, (select count(*) from queued)::int as queued`);
  return row ?? { taken: 0, queued: 0 };
}

/** What is known here of somebody who is to be reminded, when the message is about to leave. */
export interface ReminderRecipient {
  readonly iin: Iin;
  readonly language: Language;
  /** The end that is on file now. Null when nothing ends any more. */
  readonly endsOn: string | null;
  /** The end is over, the reminder was switched off, or the cabinet is locked or frozen. */
  readonly silent: boolean;
  /** Null also when something sent there did not arrive. */
  readonly mobile: string | null;
  readonly email: string | null;
  /** Today's date in Kazakhstan by the database's clock. */
  readonly today: string;
}

/** Reads it. Undefined when nothing of this kind ends any more. */
export function readReminderRecipient(
  database: Queryable,
  holderId: string,
  kind: ReminderKind,
): Promise<ReminderRecipient | undefined> {
  return database.first<ReminderRecipient>(sql`
    select h.iin, h.language, r.ends_on::text as "endsOn",
      case when not ${isMarked('mobile', sql`q`)} then q.mobile_phone end as mobile,
      case when not ${isMarked('email', sql`q`)} then q.email end as email,
      ${todayInAstana}::text as today, r.ends_on < ${todayInAstana}
        or exists (select from cabinet.reminder_off o where o.holder_id = h.holder_id and o.kind = r.kind)
        or exists (select from cabinet.freeze f where f.holder_id = h.holder_id) as silent
    from cabinet.reminder r join cabinet.holder h using (holder_id)
      left join cabinet.requisites q using (holder_id)
    where r.holder_id = ${holderId} and r.kind = ${kind}`);
}

/** What the home says about ends, as far as the session's holder is known. */
export interface EndsReading {
  /** The last day of the key, if that is near. */
  readonly keyEnds: string | null;
  /** The last day of the documents that was kept. */
  readonly documentEnds: string | null;
}

/** The columns of a reading. @param session the name of the row of `cabinet.session` */
export function endsColumns(session: Sql): Sql {
  const [days] = reminderDays.key;
  return sql`
    (select ends_on::text from cabinet.reminder e where e.holder_id = ${session}.holder_id and kind = 'key'
      and ends_on between ${todayInAstana} and ${todayInAstana} + ${days}::int) as "keyEnds",
    (select ends_on::text from cabinet.reminder e
      where e.holder_id = ${session}.holder_id and kind = 'document') as "documentEnds"`;
}

/** The last day of something of a holder, if there is one. */
export async function findEnd(
  database: Queryable,
  holderId: string,
  kind: ReminderKind,
): Promise<string | undefined> {
  const row = await database.first<{ endsOn: string }>(sql`
    select ends_on::text as "endsOn" from cabinet.reminder
    where holder_id = ${holderId} and kind = ${kind} and ends_on >= ${todayInAstana}`);
  return row?.endsOn;
}

/** The reminders that a holder has switched off. */
export async function listSwitchedOff(
  database: Queryable,
  holderId: string,
): Promise<readonly ReminderKind[]> {
  const rows = await database.rows<{ kind: ReminderKind }>(sql`
    select kind from cabinet.reminder_off where holder_id = ${holderId} order by kind`);
  return rows.map(({ kind }) => kind);
}

/** Switches reminders of a kind on or off, and records it if that changes anything. */
export async function switchReminder(
  database: Queryable,
  { holderId, requestId }: { readonly holderId: string; readonly requestId: string },
  kind: ReminderKind,
  isOn: boolean,
): Promise<void> {
  const switched = isOn
    ? sql`delete from cabinet.reminder_off where holder_id = ${holderId} and kind = ${kind} returning holder_id`
    : sql`insert into cabinet.reminder_off (holder_id, kind) values (${holderId}, ${kind})
        on conflict do nothing returning holder_id`;
  const event = isOn ? 'reminder-on' : 'reminder-off';
  await database.run(sql`
    with switched as (${switched})
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    select holder_id, ${event}, jsonb_build_object('about', ${kind}::text), ${requestId} from switched`);
}
