import { SenselessAnswer } from '../../fund/errors.ts';
import type { FundHolder } from '../../fund/port.ts';
import { deliveryRefusal } from '../../fund/refusals.ts';
import { randomName } from '../../platform/keys.ts';
import { UnderMaintenance } from '../../platform/outage.ts';
import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { SessionGone } from '../../platform/session.ts';
import type { Language } from '../../values/language.ts';
import type { ChangeEntry } from '../changes/change.ts';
import { savedBefore, writeBranchChange, writeChange } from '../changes/store.ts';
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
import { assignments, columnValues, currentValues, differences, fieldColumns } from './column-store.ts';
import { channelFields, channels, type Requisites } from './fields/fields.ts';
import type { DraftStore, LoadedRequisites, RequisitesStore, StoredRequisites } from './ports.ts';

const stored = sql`
  revision, elsewhere_version as "elsewhereVersion",
  ((now() at time zone 'UTC') + interval '5 hours')::date::text as today,
  ${currentValues} as values`;

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
          await writeBranchChange(transaction, {
            holderId,
            number: randomName(12),
            revision,
            entries,
            requestId,
          });
          await followBranch(transaction, holderId, before, entries, waitHours);
        }
        return {
          ...current,
          revision,
          elsewhereVersion: last.version,
          values: { ...current.values, ...fields },
        };
      }),

    save: (change) =>
      database.transaction(async (transaction) => {
        const current = await lockForChange(transaction, change);
        const earlier = await savedBefore(transaction, change.holderId, change.formId, change.formHash);
        if (earlier) return earlier;
        if (current.revision !== change.revision) return { kind: 'conflict', stored: current };
        await writeChange(transaction, change);
        return { kind: 'saved', number: change.number };
      }),
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
    insert into cabinet.requisites (holder_id, ${fieldColumns}, mobile_since, email_since, elsewhere_version)
    values (${holderId}, ${columnValues(requisites)}, coalesce(${mobileSince}::timestamptz, to_timestamp(0)),
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
  const since = { mobile: mobileSince, email: emailSince };
  for (const channel of channels) {
    const value = requisites[channelFields[channel]];
    if (value === null) continue;
    await transaction.run(sql`
      insert into cabinet.recovery_contact (holder_id, channel, value, usable_from)
      values (${holderId}, ${channel}, ${value},
        coalesce(${since[channel]}::timestamptz + make_interval(hours => ${waitHours}::int), '-infinity'))
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
