import type { AppliedChange } from '../../fund/port.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import { assignments } from '../requisites/column-store.ts';
import type { FieldName } from '../requisites/fields/fields.ts';
import type { ChangeEntry } from './change.ts';

/** Of these changes, the ids of those that the database does not have. */
export async function findUnknown(
  database: Queryable,
  changeIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await database.rows<{ changeId: string }>(sql`
    select asked.id as "changeId" from unnest(${changeIds}::uuid[]) as asked (id)
    where not exists (select from cabinet.change c where c.change_id = asked.id)`);
  return new Set(rows.map(({ changeId }) => changeId));
}

/** The holder of an IIN, and whether our copy of the requisites exists. */
export function findHolderOf(
  database: Queryable,
  iin: string,
): Promise<{ readonly holderId: string; readonly hasRequisites: boolean } | undefined> {
  return database.first(sql`
    select holder_id as "holderId",
      exists (select from cabinet.requisites r where r.holder_id = h.holder_id) as "hasRequisites"
    from cabinet.holder h where iin = ${iin}`);
}

/**
 * For each field, what it was before the first change that was made after this time. A field that
 * nobody has changed since is missing. The time of a change that was recorded again is when its
 * holder made it.
 */
export async function valuesBeforeLater(
  tx: Queryable,
  holderId: string,
  after: Date,
): Promise<ReadonlyMap<FieldName, string | null>> {
  const rows = await tx.rows<{ field: FieldName; old: string | null }>(sql`
    select distinct on (field) entry ->> 'field' as field, entry ->> 'old' as old
    from cabinet.change c left join cabinet.restored_change r using (change_id)
      cross join lateral jsonb_array_elements(c.entries) as entry
    where c.holder_id = ${holderId} and coalesce(r.made_at, c.made_at) > ${after}::timestamptz
    order by field, coalesce(r.made_at, c.made_at), c.revision`);
  return new Map(rows.map(({ field, old }) => [field, old]));
}

/** What is written of a change that is recorded again. */
export interface RestoredChange {
  readonly holderId: string;
  readonly number: string;
  readonly revision: number;
  /** Every field of the change. */
  readonly entries: readonly ChangeEntry[];
  /** Those that no later change has replaced. Only these become the values on file. */
  readonly current: readonly ChangeEntry[];
  readonly reason: string;
  readonly requestId: string;
}

/** Sets the values, and raises the revision when there are any. */
export async function writeCurrent(
  tx: Queryable,
  { holderId, revision, current }: RestoredChange,
): Promise<void> {
  if (current.length === 0) return;
  const source = current.some(({ field }) => field === 'address') ? sql`address_source = null,` : sql``;
  await tx.run(sql`
    update cabinet.requisites set ${assignments(current)} ${source} revision = ${revision}, updated_at = now()
    where holder_id = ${holderId}`);
}

/**
 * Records a change of the fund's list again, with an event, and with its delivery, which has
 * happened. It keeps its id, so it is recorded only once.
 */
export async function writeRestored(
  tx: Queryable,
  change: AppliedChange,
  { holderId, number, revision, entries, reason, requestId }: RestoredChange,
): Promise<void> {
  const { changeId, iin, fields, madeAt, appliedAt } = change;
  await tx.run(sql`
    with saved as (
      insert into cabinet.change (change_id, holder_id, number, revision, made_by, proof, entries, request_id)
      values (${changeId}::uuid, ${holderId}, ${number}, ${revision}, 'holder', 'restored',
        ${json(entries)}::jsonb, ${requestId})),
    kept as (
      insert into cabinet.restored_change (change_id, holder_id, made_at, applied_at)
      values (${changeId}::uuid, ${holderId}, ${madeAt}::timestamptz, ${appliedAt}::timestamptz)),
    recorded as (
      insert into cabinet.security_event (holder_id, kind, detail, request_id)
      values (${holderId}, 'change-restored', ${json({ number, reason, madeAt: madeAt.toISOString() })}::jsonb,
        ${requestId}))
    insert into cabinet.outbox (holder_id, lane, change_id, payload, delivered_at, request_id)
    values (${holderId}, 'fund', ${changeId}::uuid, ${json({ iin, fields, madeAt })}::jsonb, ${appliedAt}::timestamptz,
      ${requestId})`);
}

/** The most numbers that are passed over at once. More would be a fault of the fund's list. */
const mostPassed = 10_000_000;

/**
 * Passes over the numbers of outbox messages that the fund has seen. After a loss the database
 * would give them out again, and the fund refuses a change whose number is not higher than the last
 * one's.
 */
export async function passNumbers(database: Queryable, highest: number): Promise<void> {
  await database.run(sql`
    select max(nextval('cabinet.outbox_outbox_id_seq'))
    from generate_series(1, least(${mostPassed}::bigint,
      ${highest}::bigint - (select last_value from cabinet.outbox_outbox_id_seq)))`);
}
