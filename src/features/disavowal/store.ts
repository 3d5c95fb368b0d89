import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import type { NewEvent } from '../history/event-store.ts';

const stands = (linkDays: number) =>
  sql`ended_at is null and created_at > now() - make_interval(days => ${linkDays}::int)`;

/** Whether a link has not expired. A used link counts too, and has no further effect. */
export async function disavowalStands(
  database: Queryable,
  disavowalId: string,
  linkDays: number,
): Promise<boolean> {
  const row = await database.first(sql`
    select from cabinet.disavowal where disavowal_id = ${disavowalId} and ${stands(linkDays)}`);
  return row !== undefined;
}

/** Creates the link of one notice. */
export async function insertDisavowal(transaction: Queryable, holderId: string): Promise<string> {
  const row = await transaction.first<{ disavowalId: string }>(sql`
    insert into cabinet.disavowal (holder_id) values (${holderId}) returning disavowal_id as "disavowalId"`);
  if (!row) throw new Error('no link was created');
  return row.disavowalId;
}

/** The holder to whom the link was sent. */
export async function findDisavowalHolder(
  database: Queryable,
  disavowalId: string,
): Promise<string | undefined> {
  const row = await database.first<{ holderId: string }>(sql`
    select holder_id as "holderId" from cabinet.disavowal where disavowal_id = ${disavowalId}`);
  return row?.holderId;
}

/** Uses a link. Returns true for the first use of a valid one. */
export async function consumeDisavowal(
  transaction: Queryable,
  disavowalId: string,
  linkDays: number,
): Promise<boolean> {
  return (
    (await transaction.run(sql`
      update cabinet.disavowal set used_at = now()
      where disavowal_id = ${disavowalId} and used_at is null and ${stands(linkDays)}`)) === 1
  );
}

/**
 * Whether "this wasn't me" or a lock has frozen a holder's cabinet. Under the lock of the holder's
 * row the answer holds until the transaction ends.
 */
export async function isFrozen(transaction: Queryable, holderId: string): Promise<boolean> {
  return (
    (await transaction.first(sql`select from cabinet.freeze where holder_id = ${holderId}`)) !== undefined
  );
}

/**
 * Whether the holder has locked their cabinet, so that a password does not open it. Under the lock
 * of the holder's row the answer holds until the transaction ends.
 */
export async function isLocked(transaction: Queryable, holderId: string): Promise<boolean> {
  const locked = await transaction.first(sql`
    select from cabinet.freeze where holder_id = ${holderId} and locked_at is not null`);
  return locked !== undefined;
}

/**
 * Stops recovery and changes of mobile and e-mail.
 * @param locked also stops sign-ins by password
 */
export async function insertFreeze(transaction: Queryable, holderId: string, locked: boolean): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.freeze as f (holder_id, locked_at)
    values (${holderId}, case when ${locked}::boolean then now() end)
    on conflict (holder_id) do update set locked_at = coalesce(f.locked_at, excluded.locked_at)`);
}

/**
 * Lifts the freeze after "this wasn't me" or a lock, and records who lifted it. Returns false when
 * there was none. Every link sent before ends too, because somebody who still has one could freeze
 * the cabinet again and again. The caller has locked the holder.
 */
export async function liftFreeze(
  transaction: Queryable,
  { holderId, kind, detail, requestId }: NewEvent & { readonly kind: 'unfrozen' | 'unfrozen-by-eds' },
): Promise<boolean> {
  const lifted = await transaction.run(sql`
    with ended as (delete from cabinet.freeze where holder_id = ${holderId} returning holder_id),
    links as (
      update cabinet.disavowal d set ended_at = now() from ended e
      where d.holder_id = e.holder_id and d.ended_at is null)
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    select holder_id, ${kind}, ${json(detail ?? {})}::jsonb, ${requestId ?? null} from ended`);
  return lifted === 1;
}
