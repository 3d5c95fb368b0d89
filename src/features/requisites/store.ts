import { SenselessAnswer } from '../../fund/errors.ts';
import type { FundHolder, IdentityDocument } from '../../fund/port.ts';
import { deliveryRefusal } from '../../fund/refusals.ts';
import { randomName } from '../../platform/keys.ts';
import { UnderMaintenance } from '../../platform/outage.ts';
import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { json, type Sql, sql } from '../../platform/postgres/sql.ts';
import { SessionGone } from '../../platform/session.ts';
import type { Language } from '../../values/language.ts';
import type { ChangeEntry, NewChange, Proof, SaveOutcome } from '../changes/ports.ts';
import { newContact, touchedChannels } from '../contact-change/contact.ts';
import {
  formerRecipients,
  moveRecoveryContact,
  notifyChanged,
  type Recipient,
  restOtherChannel,
} from '../contact-change/contact-notices.ts';
import type { ContactActor } from '../contact-change/ports.ts';
import { maintenanceOpen } from '../operations/maintenance-store.ts';
import type {
  DraftStore,
  FieldName,
  LoadedRequisites,
  Requisites,
  RequisitesStore,
  StoredRequisites,
} from './ports.ts';

/** The column of each field; a new field is one entry here and one migration. */
const columns = {
  address: sql`address`,
  apartment: sql`apartment`,
  postcode: sql`postcode`,
  homePhone: sql`home_phone`,
  contactPhone: sql`contact_phone`,
  mobilePhone: sql`mobile_phone`,
  email: sql`email`,
} as const satisfies Record<FieldName, Sql>;

/** The requisites of a row of `cabinet.requisites`, named as in the code. */
export const currentValues = sql`jsonb_build_object('address', address, 'apartment', apartment, 'postcode', postcode,
  'homePhone', home_phone, 'contactPhone', contact_phone, 'mobilePhone', mobile_phone, 'email', email)`;

const stored = sql`
  revision, elsewhere_version as "elsewhereVersion",
  ((now() at time zone 'UTC') + interval '5 hours')::date::text as today,
  ${currentValues} as values`;

/** A change that has not reached the fund within this time is shown as late. */
const lateAfterSeconds = 60;

/** Requisites, changes and receipts in the service's own tables. */
export function requisitesStore(database: Database, waitHours: number): RequisitesStore {
  return {
    async load(holderId) {
      const row = await database.first<
        Omit<LoadedRequisites, 'undelivered'> & { refused: { number: string; code: string } | null }
      >(sql`
        select ${stored},
          jsonb_build_object(
            'change', exists (select from cabinet.pending_change p where p.holder_id = r.holder_id),
            'draft', exists (select from cabinet.draft d where d.holder_id = r.holder_id)) as begun,
          (select jsonb_build_object('number', c.number, 'code', o.last_error)
           from (select change_id, last_error, dead_at from cabinet.outbox
                 where holder_id = r.holder_id and lane = 'fund' order by outbox_id desc limit 1) o
             join cabinet.change c using (change_id)
           where o.dead_at is not null) as refused
        from cabinet.requisites r where holder_id = ${holderId}`);
      if (!row) return undefined;
      const { refused, ...requisites } = row;
      return {
        ...requisites,
        undelivered: refused && { number: refused.number, reason: deliveryRefusal(refused.code) },
      };
    },

    takeOver: (holderId, fund, requestId) =>
      database.transaction(async (transaction) => {
        await lockHolder(transaction, holderId);
        const first = await firstCopy(transaction, holderId, fund, waitHours);
        const current = await lockRequisites(transaction, holderId);
        if (first) return current;

        const newer = fund.changesElsewhere.filter(({ version }) => version > current.elsewhereVersion);
        const last = newer.at(-1);
        if (!last) return current;
        const fields: Partial<Requisites> = Object.assign({}, ...newer.map((change) => change.fields));
        const entries = differences(current.values, fields);
        const revision = entries.length > 0 ? current.revision + 1 : current.revision;
        const before = await formerRecipients(transaction, holderId, current.values);
        await transaction.run(sql`
          update cabinet.requisites set ${assignments(entries)} revision = ${revision},
            elsewhere_version = ${last.version}, updated_at = now()
          where holder_id = ${holderId}`);
        if (entries.length > 0) {
          await transaction.run(sql`
            insert into cabinet.change (holder_id, number, revision, made_by, proof, entries, request_id)
            values (${holderId}, ${randomName(12)}, ${revision}, 'fund', 'branch', ${json(entries)}, ${requestId})`);
          await followBranch(transaction, holderId, before, entries, waitHours);
        }
        return {
          ...current,
          revision,
          elsewhereVersion: last.version,
          values: { ...current.values, ...fields },
        };
      }),

    findSaved: (holderId, formId, formHash) => savedBefore(database, holderId, formId, formHash),

    changesAfter: (holderId, revision) =>
      database.rows<{ revision: number; entries: ChangeEntry[] }>(sql`
        select revision, entries from cabinet.change
        where holder_id = ${holderId} and revision > ${revision} order by revision desc`),

    async findNumber(holderId, formId) {
      const row = await database.first<{ number: string }>(sql`
        select number from cabinet.change where holder_id = ${holderId} and form_id = ${formId}`);
      return row?.number;
    },

    save: (change) =>
      database.transaction(async (transaction) => {
        const current = await lockForChange(transaction, change);
        const earlier = await savedBefore(transaction, change.holderId, change.formId, change.formHash);
        if (earlier) return earlier;
        if (current.revision !== change.revision) return { kind: 'conflict', stored: current };
        await writeChange(transaction, change);
        return { kind: 'saved', number: change.number };
      }),

    async findReceipt(holderId, number) {
      const row = await database.first<{
        number: string;
        madeAt: Date;
        proof: Proof;
        document: IdentityDocument | null;
        entries: ChangeEntry[];
        deliveredAt: Date | null;
        dead: boolean | null;
        late: boolean | null;
        code: string | null;
      }>(sql`
        select c.number, c.made_at as "madeAt", c.proof, c.document, c.entries,
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
    },
  };
}

/**
 * Makes our copy where there is none; true when it did. Without requisites that can be read there is nothing to make it of, and an empty copy
 * would stay empty: `SenselessAnswer` then, unless there is a copy.
 */
async function firstCopy(
  transaction: Queryable,
  holderId: string,
  fund: FundHolder,
  waitHours: number,
): Promise<boolean> {
  const { requisites, mobileSince, emailSince } = fund;
  if (!requisites) {
    const copy = await transaction.first(sql`select 1 from cabinet.requisites where holder_id = ${holderId}`);
    if (!copy) throw new SenselessAnswer('FUND_ANSWER');
    return false;
  }
  const made = await transaction.run(sql`
    insert into cabinet.requisites (holder_id, address, apartment, postcode, home_phone, contact_phone, mobile_phone,
      email, mobile_since, email_since, elsewhere_version)
    values (${holderId}, ${requisites.address}, ${requisites.apartment}, ${requisites.postcode},
      ${requisites.homePhone}, ${requisites.contactPhone}, ${requisites.mobilePhone},
      ${requisites.email}, coalesce(${mobileSince}::timestamptz, to_timestamp(0)),
      coalesce(${emailSince}::timestamptz, to_timestamp(0)), ${fund.elsewhereVersion})
    on conflict (holder_id) do nothing`);
  if (made === 1) await firstRecoveryContacts(transaction, holderId, fund, requisites, waitHours);
  return made === 1;
}

/** What the fund has held for long restores a password at once; what is new there waits as if it had been changed here. */
async function firstRecoveryContacts(
  transaction: Queryable,
  holderId: string,
  { mobileSince, emailSince }: FundHolder,
  requisites: Requisites,
  waitHours: number,
): Promise<void> {
  const contacts = [
    ['mobile', requisites.mobilePhone, mobileSince],
    ['email', requisites.email, emailSince],
  ] as const;
  for (const [channel, value, since] of contacts) {
    if (value === null) continue;
    await transaction.run(sql`
      insert into cabinet.recovery_contact (holder_id, channel, value, usable_from)
      values (${holderId}, ${channel}, ${value},
        coalesce(${since}::timestamptz + make_interval(hours => ${waitHours}::int), '-infinity'))
      on conflict do nothing`);
  }
}

/** A contact changed at a branch starts the same waits and notices as one changed here: a branch can be deceived too. */
async function followBranch(
  transaction: Queryable,
  holderId: string,
  before: readonly Recipient[],
  entries: readonly ChangeEntry[],
  waitHours: number,
): Promise<void> {
  const holder = await transaction.first<{ language: Language }>(sql`
    select language from cabinet.holder where holder_id = ${holderId}`);
  for (const channel of touchedChannels(entries)) {
    await moveRecoveryContact(transaction, holderId, channel, waitHours);
    await restOtherChannel(transaction, holderId, channel);
    await notifyChanged(
      transaction,
      { holderId, language: holder?.language ?? 'kk' },
      channel,
      before,
      newContact(entries, channel),
    );
  }
}

/** Drafts in the service's own tables. */
export function draftStore(database: Database): DraftStore {
  return {
    async keep(holderId, form, sealed, hours) {
      await database.run(sql`
        insert into cabinet.draft (holder_id, form, sealed, expires_at)
        values (${holderId}, ${form}, ${sealed}, now() + make_interval(hours => ${hours}::int))
        on conflict (holder_id, form) do update set sealed = excluded.sealed, expires_at = excluded.expires_at`);
    },
    find: (holderId, form) =>
      database.first<{ sealed: Buffer; expiresAt: Date }>(sql`
        select sealed, expires_at as "expiresAt" from cabinet.draft
        where holder_id = ${holderId} and form = ${form} and expires_at > now()`),
    async discard(holderId, form) {
      await database.run(sql`delete from cabinet.draft where holder_id = ${holderId} and form = ${form}`);
    },
  };
}

/** The outcome of an earlier save of this form; a receipt only when it sent the same. */
export async function savedBefore(
  database: Queryable,
  holderId: string,
  formId: string,
  formHash: Buffer,
): Promise<SaveOutcome | undefined> {
  const row = await database.first<{ number: string; formHash: Buffer }>(sql`
    select number, form_hash as "formHash" from cabinet.change where holder_id = ${holderId} and form_id = ${formId}`);
  return (
    row && (row.formHash.equals(formHash) ? { kind: 'saved', number: row.number } : { kind: 'form-reused' })
  );
}

/** Holds the holder's row until the transaction ends, so that saves of one person follow one another. */
async function lockRequisites(transaction: Queryable, holderId: string): Promise<StoredRequisites> {
  const row = await transaction.first<StoredRequisites>(
    sql`select ${stored} from cabinet.requisites where holder_id = ${holderId} for update`,
  );
  if (!row) throw new Error('the holder has no requisites row');
  return row;
}

/**
 * The same for what the holder changes in a session: refused while a maintenance window is open. In the order of `locks.ts`.
 * @throws SessionGone when the session was ended meanwhile
 */
export async function lockForChange(
  transaction: Queryable,
  { holderId, sessionHash }: Pick<ContactActor, 'holderId' | 'sessionHash'>,
): Promise<StoredRequisites> {
  // One statement for three locks: PostgreSQL takes them row by row in this order, and gives the rows as they are then.
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

/** New values, change, receipt number, security event and the message for the fund, in one statement. */
export async function writeChange(transaction: Queryable, change: NewChange): Promise<void> {
  const fields = Object.fromEntries(change.entries.map((entry) => [entry.field, entry.new]));
  await transaction.run(sql`
    with updated as (
      update cabinet.requisites set ${assignments(change.entries)} ${addressSource(change)} revision = revision + 1, updated_at = now()
      where holder_id = ${change.holderId} returning revision, elsewhere_version),
    saved as (
      insert into cabinet.change (holder_id, number, form_id, form_hash, revision, made_by, proof, document, entries, request_id)
      select ${change.holderId}, ${change.number}, ${change.formId}::uuid, ${change.formHash}, revision, 'holder',
        ${change.proof}, ${json(change.document)}::jsonb, ${json(change.entries)}::jsonb, ${change.requestId} from updated
      returning change_id, made_at),
    noted as (
      insert into cabinet.security_event (holder_id, kind, detail, request_id)
      values (${change.holderId}, 'requisites-saved', ${json({ number: change.number })}::jsonb, ${change.requestId})),
    discarded as (delete from cabinet.draft where holder_id = ${change.holderId} and form = 'requisites')
    insert into cabinet.outbox (holder_id, lane, change_id, payload)
    select ${change.holderId}, 'fund', change_id, ${json({ iin: change.iin, fields })}::jsonb
      || jsonb_build_object('expectedVersion', elsewhere_version, 'madeAt', made_at)
    from saved, updated`);
}

/** A changed address loses its former source; an unchanged one keeps it. */
function addressSource({
  entries,
  addressSource: source,
}: Pick<NewChange, 'entries' | 'addressSource'>): Sql {
  const changed = entries.some(({ field }) => field === 'address');
  return changed ? sql`address_source = ${source === null ? null : json(source)}::jsonb,` : sql``;
}

function assignments(entries: readonly ChangeEntry[]): Sql {
  return entries.reduce(
    (all, { field, new: value }) => sql`${all}${columns[field]} = ${value}, ${since(field)}`,
    sql``,
  );
}

/** How long a mobile or e-mail has stood is known from the moment it was set. */
function since(field: FieldName): Sql {
  if (field === 'mobilePhone') return sql`mobile_since = now(), mobile_wait_hours = null, `;
  if (field === 'email') return sql`email_since = now(), email_wait_hours = null, `;
  return sql``;
}

function differences(current: Requisites, fields: Partial<Requisites>): ChangeEntry[] {
  return (Object.keys(columns) as FieldName[]).flatMap((field) => {
    const value = fields[field];
    return value === undefined || value === current[field]
      ? []
      : [{ field, old: current[field], new: value }];
  });
}
