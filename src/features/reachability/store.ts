import type { Queryable } from '../../platform/postgres/database.ts';
import { type Sql, sql } from '../../platform/postgres/sql.ts';
import type { Channel } from '../notices/channel.ts';

/** Where somebody can be reached: a channel of messages, or the post. */
export type ContactChannel = Channel | 'post';

/** Why a contact is marked, as in `cabinet.contact_state`. */
export type MarkReason = 'refused' | 'undelivered' | 'returned';

/** The hash of a text, as `contactHash` makes it. */
const textHash = (value: Sql): Sql => sql`sha256(convert_to(${value}, 'UTF8'))`;

/**
 * The hash of what is on file for a channel, as an expression. Null where there is nothing.
 * @param requisites the name of the row of `cabinet.requisites`
 */
function onFileHash(channel: Sql, requisites: Sql): Sql {
  const r = requisites;
  return sql`case ${channel}
    when 'mobile' then ${textHash(sql`${r}.mobile_phone`)}
    when 'email' then ${textHash(sql`${r}.email`)}
    when 'post' then case when ${r}.address is not null
      then ${textHash(sql`concat_ws(E'\\n', ${r}.address, ${r}.apartment, ${r}.postcode)`)} end end`;
}

/**
 * Whether a row of `cabinet.contact_state` is about what is on file now, as a condition.
 * @param state and requisites the names of the rows
 */
export function isOnFile(state: Sql, requisites: Sql): Sql {
  return sql`${state}.holder_id = ${requisites}.holder_id
    and ${state}.value_hash = ${onFileHash(sql`${state}.channel`, requisites)}`;
}

/**
 * A statement that records that holders have entered a code which was sent to a contact. It ends a
 * mark, too. It touches a row for each row of `used`.
 * @param used rows with `holder_id`, `channel` and `destination`
 */
export function contactProof(used: Sql): Sql {
  return sql`
    insert into cabinet.contact_state (holder_id, channel, value_hash, proved_at)
    select holder_id, channel, ${textHash(sql`destination`)}, now() from ${used}
    on conflict (holder_id, channel, value_hash)
    do update set proved_at = now(), marked_at = null, reason = null`;
}

/**
 * Marks a contact that something sent did not reach, and records it, unless it is marked already or
 * no longer on file.
 */
export async function markContact(
  database: Queryable,
  contact: { readonly holderId: string; readonly channel: ContactChannel; readonly hash: Buffer },
  reason: MarkReason,
): Promise<void> {
  const { holderId, channel, hash } = contact;
  await database.run(sql`
    with ${marking(
      sql`(select holder_id, ${channel}::text as channel from cabinet.requisites r
      where holder_id = ${holderId} and ${onFileHash(sql`${channel}::text`, sql`r`)} = ${hash})`,
      reason,
    )}
    select from marked`);
}

/**
 * Common table expressions that mark what is on file for holders, and record it. The last but one
 * is named `marked` and has the holders whose contact was not marked before.
 * @param found rows with `holder_id` and `channel`, each once
 */
export function marking(found: Sql, reason: MarkReason): Sql {
  return sql`
    found as materialized ${found},
    marked as (
      insert into cabinet.contact_state as s (holder_id, channel, value_hash, marked_at, reason)
      select holder_id, channel, hash, now(), ${reason}
      from found join lateral (
        select ${onFileHash(sql`found.channel`, sql`r`)} as hash from cabinet.requisites r
        where r.holder_id = found.holder_id offset 0) as on_file on hash is not null
      order by holder_id
      on conflict (holder_id, channel, value_hash)
      do update set marked_at = now(), reason = excluded.reason where s.marked_at is null
      returning holder_id, channel),
    recorded as (
      insert into cabinet.security_event (holder_id, kind, detail)
      select holder_id, 'contact-marked', jsonb_build_object('about', channel, 'reason', ${reason}::text) from marked)`;
}

/** Whether the present contact of a channel is marked, as an expression. */
export function isMarked(channel: ContactChannel, requisites: Sql): Sql {
  return sql`exists (select from cabinet.contact_state s
    where s.channel = ${channel} and s.marked_at is not null and ${isOnFile(sql`s`, requisites)})`;
}

/** What the home asks, as far as the session's holder is known. */
export interface ConfirmationReading {
  /** When the holder last said that everything is right. */
  readonly confirmedAt: Date | null;
  /** The channels whose contact on file is marked. */
  readonly marks: readonly ContactChannel[];
  /** Whether it is time to ask: once in each session, after a year or while there is a mark. */
  readonly due: boolean;
}

/** A row with the channels whose contact on file is marked, as `marks`. For a lateral join. */
export function marksOnFile(requisites: Sql): Sql {
  return sql`(
    select coalesce(jsonb_agg(s.channel order by s.channel), '[]') as marks from cabinet.contact_state s
    where s.marked_at is not null and ${isOnFile(sql`s`, requisites)})`;
}

/**
 * The columns of a reading. Nobody is asked in the session of their first visit, nor after
 * something was changed in it.
 * @param session, requisites and marked the names of the rows, the last one of `marksOnFile`. The
 * requisites have nulls before the first visit.
 */
export function confirmationColumns(session: Sql, requisites: Sql, marked: Sql): Sql {
  const [n, r] = [session, requisites];
  const marks = sql`${marked}.marks`;
  const lastWord = sql`greatest(${r}.confirmed_at,
    (select max(made_at) from cabinet.change c where c.holder_id = ${r}.holder_id))`;
  return sql`${r}.confirmed_at as "confirmedAt", ${marks},
    coalesce(${n}.asked_at is null and ${n}.restricted is null and ${r}.updated_at < ${n}.started_at
      and (${marks} <> '[]' or coalesce(${lastWord}, '-infinity') < now() - interval '1 year'), false) as due`;
}

/** Notes that the question is shown in a session. Returns true for exactly one caller. */
export async function noteAsked(database: Queryable, sessionHash: Buffer): Promise<boolean> {
  const noted = await database.run(sql`
    update cabinet.session set asked_at = now() where session_hash = ${sessionHash} and asked_at is null`);
  return noted === 1;
}

/**
 * Notes that everything on file is right, ends the marks of what is on file, and queues the message
 * for the fund. The caller has locked the holder's row.
 * @returns false when something was changed since it was shown
 */
export async function writeConfirmation(
  transaction: Queryable,
  {
    holderId,
    iin,
    requestId,
  }: { readonly holderId: string; readonly iin: string; readonly requestId: string },
  revision: number,
): Promise<boolean> {
  const written = await transaction.run(sql`
    with confirmed as (
      update cabinet.requisites set confirmed_at = now()
      where holder_id = ${holderId} and revision = ${revision} returning *),
    cleared as (
      update cabinet.contact_state s set marked_at = null, reason = null from confirmed r
      where s.marked_at is not null and ${isOnFile(sql`s`, sql`r`)}),
    recorded as (
      insert into cabinet.security_event (holder_id, kind, request_id)
      select holder_id, 'contacts-confirmed', ${requestId} from confirmed)
    insert into cabinet.outbox (holder_id, lane, payload)
    select holder_id, 'confirmation', jsonb_build_object('iin', ${iin}::text, 'confirmedAt', confirmed_at)
    from confirmed`);
  return written === 1;
}
