import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';

/** A message that was given up. It contains nothing about its recipient. */
export interface DeadLetter {
  readonly id: number;
  /**
   * The kind of message, with the purpose for a code. `requisites` means that the fund was only to
   * be asked for them.
   */
  readonly kind: string;
  /** Empty when it is not known. */
  readonly channel: string;
  readonly error: string;
  readonly attempts: number;
  readonly queuedAt: Date;
  readonly deadAt: Date;
}

/** What an operator sees of one message. It has no code, because codes are not stored anywhere. */
export interface ShownMessage {
  readonly id: number;
  readonly iin: string;
  readonly kind: string;
  readonly channel: string;
  readonly to: string;
  readonly language: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly queuedAt: Date;
  readonly deliveredAt: Date | null;
  readonly deadAt: Date | null;
  /** What the SMS gateway reported about each part. The reports are not reliable. */
  readonly parts: readonly {
    readonly part: number;
    readonly state: string | null;
    readonly at: string | null;
  }[];
}

const isMessage = sql`o.lane in ('code', 'notice', 'reminder', 'unaddressed')`;
const kind = sql`coalesce(o.payload ->> 'purpose', o.payload ->> 'kind', 'requisites')`;

/** Dead letters, newest first. */
export function listDeadMessages(database: Queryable, most: number): Promise<readonly DeadLetter[]> {
  return database.rows<DeadLetter>(sql`
    select o.outbox_id as id, ${kind} as kind, coalesce(o.payload ->> 'channel', '') as channel, coalesce(o.last_error, '') as error,
      o.attempts, o.created_at as "queuedAt", o.dead_at as "deadAt"
    from cabinet.outbox o where o.dead_at is not null and ${isMessage} order by o.dead_at desc, o.outbox_id desc limit ${most}`);
}

/**
 * One message. Looking at it is an event that its person sees.
 * @param messageId the id that gateways know
 */
export function showMessage(
  database: Queryable,
  id: number,
  messageId: string,
  reason: string,
): Promise<ShownMessage | undefined> {
  return database.first<ShownMessage>(sql`
    with noted as (
      insert into cabinet.security_event (holder_id, kind, detail)
      select o.holder_id, 'message-looked-at', ${json({ reason })}::jsonb
      from cabinet.outbox o where o.outbox_id = ${id} and ${isMessage} returning holder_id)
    select o.outbox_id as id, h.iin, ${kind} as kind, coalesce(o.payload ->> 'channel', '') as channel, coalesce(o.payload ->> 'to', '') as to,
      coalesce(o.payload ->> 'language', h.language) as language, o.attempts, o.last_error as error, o.created_at as "queuedAt",
      o.delivered_at as "deliveredAt", o.dead_at as "deadAt",
      (select coalesce(jsonb_agg(jsonb_build_object('part', p.part, 'state', p.state, 'at', p.state_at) order by p.part), '[]')
        from cabinet.sms_part p where p.message_id = ${messageId}) as parts
    from cabinet.outbox o join noted using (holder_id) join cabinet.holder h using (holder_id)
    where o.outbox_id = ${id}`);
}

/**
 * Puts dead notices back into the queue, all of them when `ids` is undefined. Their people see this
 * as an event. Codes are not put back, because they have expired.
 * @returns the ids that were put back
 */
export async function retryMessages(
  database: Queryable,
  ids: readonly number[] | undefined,
  reason: string,
): Promise<readonly number[]> {
  const which = ids === undefined ? sql`` : sql`and o.outbox_id = any(${ids}::bigint[])`;
  const rows = await database.rows<{ id: number }>(sql`
    with again as (
      update cabinet.outbox o
      set dead_at = null, leased_until = null, next_attempt_at = now(), forgiven = attempts
      where o.dead_at is not null and o.lane in ('notice', 'reminder', 'unaddressed') ${which}
      returning o.outbox_id, o.holder_id),
    noted as (
      insert into cabinet.security_event (holder_id, kind, detail)
      select holder_id, 'message-retried', ${json({ reason })}::jsonb from again)
    select outbox_id as id from again order by outbox_id`);
  return rows.map(({ id }) => id);
}
