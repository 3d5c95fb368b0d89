import type { KnownPerson } from '../../fund/known-person.ts';
import type { Fund, FundHolder } from '../../fund/port.ts';
import { deliveryRefusal } from '../../fund/refusals.ts';
import { UnderMaintenance } from '../../platform/outage.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { todayInAstana } from '../../platform/postgres/day.ts';
import { type Sql, sql } from '../../platform/postgres/sql.ts';
import { SessionGone } from '../../platform/session.ts';
import type { Language } from '../../values/language.ts';
import type { ChangeEntry, UndeliveredChange } from '../changes/change.ts';
import type { Channel } from '../notices/channel.ts';
import { maintenanceOpen } from '../operations/maintenance-store.ts';
import { assignments, columnValues, currentValues, fieldColumns } from './column-store.ts';
import type { Requisites } from './fields/fields.ts';

/** Our copy of a holder's requisites. */
export interface StoredRequisites {
  readonly revision: number;
  readonly values: Requisites;
  readonly elsewhereVersion: number;
  /** Today's date in Kazakhstan by the database's clock. */
  readonly today: string;
}

/** Our copy, and what the form shows in addition. */
export interface LoadedRequisites extends StoredRequisites {
  readonly undelivered: UndeliveredChange | null;
  /** When something was last changed, here or at a branch. Null when nothing was. */
  readonly changedAt: Date | null;
  /**
   * Whether there may be a change waiting for its proofs, and a draft. False when there is
   * certainly none.
   */
  readonly begun: { readonly change: boolean; readonly draft: boolean };
}

const stored = sql`
  revision, elsewhere_version as "elsewhereVersion",
  ${todayInAstana}::text as today,
  ${currentValues} as values`;

/** Reads our copy of a holder's requisites. Undefined before the first one exists. */
export function loadRequisites(database: Queryable, holderId: string): Promise<LoadedRequisites | undefined> {
  return loadOf(database, sql`${holderId}`);
}

/** What is read with the session of its holder. */
export interface SessionReading {
  readonly known: LoadedRequisites | undefined;
  /** What the fund says; undefined where it must be asked by itself. */
  readonly asked: KnownPerson | undefined;
}

/**
 * Reads our copy, and the person at a fund that lies in the same database, of whom a session
 * belongs to. The statements travel together.
 */
export async function readOfSession(
  connection: Queryable,
  { readBySession }: Pick<Fund, 'readBySession'>,
  sessionHash: Buffer,
): Promise<SessionReading> {
  const [known, person] = await Promise.all([
    loadOf(connection, holderOf(sessionHash)),
    readBySession?.(connection, sessionHash),
  ]);
  return { known, asked: readBySession && { person, asOf: undefined } };
}

/** The holder of a session, as an expression. */
export function holderOf(sessionHash: Buffer): Sql {
  return sql`(select holder_id from cabinet.session where session_hash = ${sessionHash})`;
}

async function loadOf(database: Queryable, holder: Sql): Promise<LoadedRequisites | undefined> {
  const row = await database.first<
    Omit<LoadedRequisites, 'undelivered'> & { refused: { number: string; code: string } | null }
  >(sql`
    select ${stored},
      (select max(made_at) from cabinet.change c where c.holder_id = r.holder_id) as "changedAt",
      jsonb_build_object(
        'change', exists (select from cabinet.pending_change p where p.holder_id = r.holder_id),
        'draft', exists (select from cabinet.draft d where d.holder_id = r.holder_id)) as begun,
      (select jsonb_build_object('number', c.number, 'code', o.last_error)
       from (select change_id, last_error, dead_at from cabinet.outbox
             where holder_id = r.holder_id and lane = 'fund' order by outbox_id desc limit 1) o
         join cabinet.change c using (change_id)
       where o.dead_at is not null) as refused
    from cabinet.requisites r where holder_id = ${holder}`);
  if (!row) return undefined;
  const { refused, ...requisites } = row;
  return {
    ...requisites,
    undelivered: refused && { number: refused.number, reason: deliveryRefusal(refused.code) },
  };
}

/** Whether there is a copy of the holder's requisites. */
export async function hasRequisites(transaction: Queryable, holderId: string): Promise<boolean> {
  const row = await transaction.first(sql`select 1 from cabinet.requisites where holder_id = ${holderId}`);
  return row !== undefined;
}

/**
 * Locks the copy until the transaction ends, so that changes of one person run one after another.
 */
export async function lockRequisites(transaction: Queryable, holderId: string): Promise<StoredRequisites> {
  const row = await transaction.first<StoredRequisites>(
    sql`select ${stored} from cabinet.requisites where holder_id = ${holderId} for update`,
  );
  if (!row) throw new Error('the holder has no requisites row');
  return row;
}

/**
 * The same for a change that the holder makes in a session. Takes its locks in the order of
 * `locks.ts`.
 * @throws SessionGone when the session has ended in the meantime
 * @throws UnderMaintenance while a maintenance window is open
 */
export async function lockForChange(
  transaction: Queryable,
  { holderId, sessionHash }: { readonly holderId: string; readonly sessionHash: Buffer },
): Promise<StoredRequisites> {
  // One statement for three locks. PostgreSQL takes them row by row in this order, and returns the
  // rows as they are then.
  const row = await transaction.first<StoredRequisites & { underMaintenance: boolean }>(sql`
    select ${stored}, ${maintenanceOpen} as "underMaintenance"
    from cabinet.holder h join cabinet.requisites r using (holder_id) join cabinet.session s using (holder_id)
    where h.holder_id = ${holderId} and s.session_hash = ${sessionHash} and s.ended_at is null
    for no key update of h for update of r for share of s`);
  if (!row) throw new SessionGone();
  const { underMaintenance, ...current } = row;
  if (underMaintenance) throw new UnderMaintenance();
  return current;
}

/** Creates our copy from the fund's data, unless there is one. Returns true when it did. */
export async function insertRequisites(
  transaction: Queryable,
  holderId: string,
  requisites: Requisites,
  { mobileSince, emailSince, elsewhereVersion }: FundHolder,
): Promise<boolean> {
  const inserted = await transaction.run(sql`
    insert into cabinet.requisites (holder_id, ${fieldColumns}, mobile_since, email_since, elsewhere_version)
    values (${holderId}, ${columnValues(requisites)}, coalesce(${mobileSince}::timestamptz, to_timestamp(0)),
      coalesce(${emailSince}::timestamptz, to_timestamp(0)), ${elsewhereVersion})
    on conflict (holder_id) do nothing`);
  return inserted === 1;
}

/**
 * Makes a contact of the first copy a recovery contact. It works at once when the fund has had it
 * for long (`since` is null). Otherwise it waits like a contact that was changed here.
 */
export async function insertRecoveryContact(
  transaction: Queryable,
  holderId: string,
  contact: { readonly channel: Channel; readonly value: string; readonly since: Date | null },
  waitHours: number,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.recovery_contact (holder_id, channel, value, usable_from)
    values (${holderId}, ${contact.channel}, ${contact.value},
      coalesce(${contact.since}::timestamptz + make_interval(hours => ${waitHours}::int), '-infinity'))
    on conflict do nothing`);
}

/** Writes what a branch changed into our copy, and up to which of its changes we have read. */
export async function writeFromBranch(
  transaction: Queryable,
  holderId: string,
  entries: readonly ChangeEntry[],
  { revision, elsewhereVersion }: Pick<StoredRequisites, 'revision' | 'elsewhereVersion'>,
): Promise<void> {
  await transaction.run(sql`
    update cabinet.requisites set ${assignments(entries)} revision = ${revision},
      elsewhere_version = ${elsewhereVersion}, updated_at = now()
    where holder_id = ${holderId}`);
}

/** The language of messages to a holder. */
export async function languageOf(transaction: Queryable, holderId: string): Promise<Language> {
  const holder = await transaction.first<{ language: Language }>(sql`
    select language from cabinet.holder where holder_id = ${holderId}`);
  return holder?.language ?? 'kk';
}
