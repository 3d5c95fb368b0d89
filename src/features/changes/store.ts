import type { IdentityDocument } from '../../fund/port.ts';
import { deliveryRefusal } from '../../fund/refusals.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { json, type Sql, sql } from '../../platform/postgres/sql.ts';
import type { Iin } from '../../values/iin.ts';
import type { StoredAddress } from '../addresses/addresses.ts';
import { maintenanceOpen } from '../operations/maintenance-store.ts';
import { assignments } from '../requisites/column-store.ts';
import type { StoredRequisites } from '../requisites/store.ts';
import type { ChangeEntry, Proof, SavedChange } from './change.ts';

/** A change ready to be saved. */
export interface NewChange {
  readonly holderId: string;
  readonly iin: Iin;
  readonly formId: string;
  /** SHA-256 of everything relevant that the form sent. */
  readonly formHash: Buffer;
  /** The revision that the person saw. */
  readonly revision: number;
  readonly number: string;
  readonly proof: Proof;
  /** Null when the fund could not say which documents exist. */
  readonly document: IdentityDocument | null;
  readonly entries: readonly ChangeEntry[];
  /** Only with a new address. */
  readonly addressSource: StoredAddress | null;
  readonly requestId: string;
  /** The trace of that request; undefined when it is not traced. */
  readonly traceparent?: string | undefined;
  /** The session in which it is made. Nothing is saved once the session has ended. */
  readonly sessionHash: Buffer;
}

export type SaveOutcome =
  | { readonly kind: 'saved'; readonly number: string }
  /** Another change was saved first. Nothing was written. */
  | { readonly kind: 'conflict'; readonly stored: StoredRequisites }
  /** This form was saved before with other values. Nothing was written. */
  | { readonly kind: 'form-reused' };

/**
 * The outcome of an earlier save of this form. A receipt only when the form sent the same values.
 */
export async function savedBefore(
  database: Queryable,
  holderId: string | Sql,
  formId: string,
  formHash: Buffer,
): Promise<Exclude<SaveOutcome, { kind: 'conflict' }> | undefined> {
  const row = await database.first<{ number: string; formHash: Buffer }>(sql`
    select number, form_hash as "formHash" from cabinet.change where holder_id = ${holderId} and form_id = ${formId}`);
  return (
    row && (row.formHash.equals(formHash) ? { kind: 'saved', number: row.number } : { kind: 'form-reused' })
  );
}

/**
 * Writes a change after everything was checked under the lock.
 * @throws when the revision is not the one that was checked
 */
export async function writeChange(transaction: Queryable, change: NewChange): Promise<void> {
  const written = await transaction.run(writing(change, sql``));
  if (written !== 1) throw new Error('the requisites were changed under the lock');
}

/**
 * The statement that writes a change in a session. It touches no row unless the session is valid,
 * no maintenance window is open, and the revision is the one that the person saw. The transaction
 * must have locked the holder. A form that was saved before has raised the revision, so it cannot
 * be saved twice.
 */
export function writeInSession(change: NewChange): Sql {
  return writing(
    change,
    sql`and not ${maintenanceOpen} and exists (
        select from cabinet.session
        where session_hash = ${change.sessionHash} and holder_id = ${change.holderId} and ended_at is null
        for share)`,
  );
}

/**
 * Writes the new values, the change, its receipt number, the security event and the message for the
 * fund in one statement. It touches one row, or none when a condition does not hold.
 */
function writing(change: NewChange, condition: Sql): Sql {
  const fields = Object.fromEntries(change.entries.map((entry) => [entry.field, entry.new]));
  return sql`
    with updated as (
      update cabinet.requisites set ${assignments(change.entries)} ${addressSource(change)} revision = revision + 1, updated_at = now()
      where holder_id = ${change.holderId} and revision = ${change.revision} ${condition}
      returning revision, elsewhere_version),
    saved as (
      insert into cabinet.change (holder_id, number, form_id, form_hash, revision, made_by, proof, document, entries, request_id)
      select ${change.holderId}, ${change.number}, ${change.formId}::uuid, ${change.formHash}, revision, 'holder',
        ${change.proof}, ${json(change.document)}::jsonb, ${json(change.entries)}::jsonb, ${change.requestId} from updated
      returning change_id, made_at),
    recorded as (
      insert into cabinet.security_event (holder_id, kind, detail, request_id)
      select ${change.holderId}, 'requisites-saved', ${json({ number: change.number })}::jsonb, ${change.requestId} from saved),
    discarded as (
      delete from cabinet.draft where holder_id = ${change.holderId} and form = 'requisites' and exists (select from saved))
    insert into cabinet.outbox (holder_id, lane, change_id, payload, request_id, traceparent)
    select ${change.holderId}, 'fund', change_id, ${json({ iin: change.iin, fields })}::jsonb
      || jsonb_build_object('expectedVersion', elsewhere_version, 'madeAt', made_at),
      ${change.requestId}, ${change.traceparent ?? null}
    from saved, updated`;
}

/** A changed address loses its former source. An unchanged one keeps it. */
function addressSource({
  entries,
  addressSource: source,
}: Pick<NewChange, 'entries' | 'addressSource'>): Sql {
  const changed = entries.some(({ field }) => field === 'address');
  return changed ? sql`address_source = ${source === null ? null : json(source)}::jsonb,` : sql``;
}

/** Records what a branch of the fund changed. The caller sets the new values. */
export async function writeBranchChange(
  transaction: Queryable,
  change: Pick<NewChange, 'holderId' | 'number' | 'revision' | 'entries' | 'requestId'>,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id)
    values (${change.holderId}, ${change.number}, ${change.revision}, 'fund', 'branch', ${json(change.entries)}, ${change.requestId})`);
}

/** The changes made after a revision, newest first, each with the revision that it created. */
export function changesAfter(
  database: Queryable,
  holderId: string,
  revision: number,
): Promise<readonly { readonly revision: number; readonly entries: readonly ChangeEntry[] }[]> {
  return database.rows(sql`
    select revision, entries from cabinet.change
    where holder_id = ${holderId} and revision > ${revision} order by revision desc`);
}

/** The receipt number of the change that this form made, whatever the form sent. */
export async function findNumber(
  database: Queryable,
  holderId: string,
  formId: string,
): Promise<string | undefined> {
  const row = await database.first<{ number: string }>(sql`
    select number from cabinet.change where holder_id = ${holderId} and form_id = ${formId}`);
  return row?.number;
}

/** Seconds after which a change that has not reached the fund is shown as late. */
const lateAfterSeconds = 60;

/** A change that the holder made, with its state of delivery. */
export async function findReceipt(
  database: Queryable,
  holderId: string,
  number: string,
): Promise<SavedChange | undefined> {
  const row = await database.first<{
    changeId: string;
    number: string;
    madeAt: Date;
    proof: Proof;
    document: IdentityDocument | null;
    entries: ChangeEntry[];
    firstMadeAt: Date | null;
    deliveredAt: Date | null;
    dead: boolean | null;
    late: boolean | null;
    code: string | null;
  }>(sql`
    select c.change_id as "changeId", c.number, c.made_at as "madeAt", c.proof, c.document, c.entries,
      (select r.made_at from cabinet.restored_change r where r.change_id = c.change_id) as "firstMadeAt",
      o.delivered_at as "deliveredAt", o.dead_at is not null as dead, o.last_error as code,
      o.created_at < now() - make_interval(secs => ${lateAfterSeconds}::int) as late
    from cabinet.change c left join cabinet.outbox o on o.change_id = c.change_id and o.lane = 'fund'
    where c.holder_id = ${holderId} and c.number = ${number} and c.made_by = 'holder'`);
  if (!row) return undefined;
  const { deliveredAt, dead, late, code, ...change } = row;
  return {
    ...change,
    delivery: dead
      ? { state: 'refused', reason: deliveryRefusal(code) }
      : deliveredAt
        ? { state: 'applied', at: deliveredAt }
        : { state: 'sending', late: late === true },
  };
}
