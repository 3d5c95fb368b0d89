import type { Queryable } from '../../platform/postgres/database.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import type { Channel } from '../notices/channel.ts';
import { contactProof } from '../reachability/store.ts';
import type { ContactProof, PendingChange, ProposedChange } from './pending-change.ts';
import type { ContactStanding } from './standing.ts';

/** Reads the facts that decide about a change of mobile or e-mail. */
export async function readStanding(
  database: Queryable,
  holderId: string,
  waitHours: number,
): Promise<ContactStanding> {
  const wait = sql`make_interval(hours => ${waitHours}::int)`;
  const row = await database.first<{
    mobile: string | null;
    email: string | null;
    mobileStood: boolean;
    emailStood: boolean;
    changed: Channel | null;
    changedUntil: Date | null;
    recoveredAt: Date | null;
    recoveredUntil: Date | null;
    frozen: boolean;
  }>(sql`
    select r.mobile_phone as mobile, r.email, r.mobile_since <= now() - coalesce(make_interval(hours => r.mobile_wait_hours), ${wait}) as "mobileStood",
      r.email_since <= now() - coalesce(make_interval(hours => r.email_wait_hours), ${wait}) as "emailStood",
      case when r.contact_changed_at > now() - ${wait} then r.contact_changed end as changed,
      r.contact_changed_at + ${wait} as "changedUntil",
      case when c.recovered_at > now() - ${wait} then c.recovered_at end as "recoveredAt",
      c.recovered_at + ${wait} as "recoveredUntil",
      exists (select from cabinet.freeze f where f.holder_id = r.holder_id) as frozen
    from cabinet.requisites r left join cabinet.credential c using (holder_id)
    where r.holder_id = ${holderId}`);
  if (!row) throw new Error('the holder has no requisites row');
  const { mobile, email, changed, changedUntil, recoveredAt, recoveredUntil } = row;
  return {
    onFile: [
      ...(mobile === null ? [] : [{ channel: 'mobile' as const, value: mobile, stood: row.mobileStood }]),
      ...(email === null ? [] : [{ channel: 'email' as const, value: email, stood: row.emailStood }]),
    ],
    changed: changed && changedUntil ? { channel: changed, until: changedUntil } : undefined,
    recovered: recoveredAt && recoveredUntil ? { at: recoveredAt, until: recoveredUntil } : undefined,
    frozen: row.frozen,
  };
}

/** Finds the pending change of a holder, and which of its proofs are at most `proofMinutes` old. */
export function findPendingChange(
  database: Queryable,
  holderId: string,
  proofMinutes: number,
): Promise<PendingChange | undefined> {
  const fresh = sql`now() - make_interval(mins => ${proofMinutes}::int)`;
  return database.first<PendingChange>(sql`
    select change_id as "changeId", form_id as "formId", form_hash as "formHash", revision, document, entries,
      address_source as "addressSource", via,
      coalesce(current_proved_at > ${fresh}, false) as "currentProved",
      coalesce(current_passkey_at = current_proved_at, false) as "byPasskey",
      coalesce(new_proved_at > ${fresh}, false) as "newProved",
      coalesce(least(current_proved_at, new_proved_at) <= ${fresh}, false) as lapsed,
      by_eds as "byEds"
    from cabinet.pending_change where holder_id = ${holderId} and expires_at > now()`);
}

/** Whether this same form has proposed the pending change. */
export async function isProposed(
  transaction: Queryable,
  holderId: string,
  { formId, formHash, revision }: ProposedChange,
): Promise<boolean> {
  const row = await transaction.first(sql`
    select from cabinet.pending_change where holder_id = ${holderId} and form_id = ${formId}
      and form_hash = ${formHash} and revision = ${revision} and expires_at > now()`);
  return row !== undefined;
}

const unproved = { currentProved: false, byPasskey: false, newProved: false, lapsed: false };

/**
 * Writes the pending change of a holder in place of the former one. It expires after the given
 * minutes.
 */
export async function writePendingChange(
  transaction: Queryable,
  holderId: string,
  change: ProposedChange,
  { byEds, minutes }: { readonly byEds: boolean; readonly minutes: number },
): Promise<PendingChange> {
  const row = await transaction.first<{ changeId: string }>(sql`
    insert into cabinet.pending_change (holder_id, form_id, form_hash, revision, document, entries, address_source, by_eds, expires_at)
    values (${holderId}, ${change.formId}, ${change.formHash}, ${change.revision}, ${json(change.document)},
      ${json(change.entries)}, ${change.addressSource === null ? null : json(change.addressSource)}, ${byEds}, now() + make_interval(mins => ${minutes}::int))
    on conflict (holder_id) do update set change_id = gen_random_uuid(), form_id = excluded.form_id,
      form_hash = excluded.form_hash, revision = excluded.revision, document = excluded.document,
      entries = excluded.entries, address_source = excluded.address_source, by_eds = excluded.by_eds, via = null,
      current_proved_at = null, new_proved_at = null, created_at = now(), expires_at = excluded.expires_at
    returning change_id as "changeId"`);
  if (!row) throw new Error('no pending change was written');
  const { changeId } = row;
  return { ...change, changeId, via: null, ...unproved, byEds };
}

/**
 * Stores the channel on file that was chosen to confirm. A proof by another channel no longer
 * counts.
 */
export async function writeVia(
  database: Queryable,
  holderId: string,
  changeId: string,
  via: Channel,
): Promise<void> {
  await database.run(sql`
    update cabinet.pending_change set via = ${via}, current_proved_at = null
    where holder_id = ${holderId} and change_id = ${changeId}`);
}

/**
 * Uses a valid code of this change and stores the proof: both or neither. Returns true for exactly
 * one caller.
 */
export async function proveByCode(
  database: Queryable,
  holderId: string,
  changeId: string,
  proof: ContactProof,
  codeId: string,
): Promise<boolean> {
  const column = proof === 'current' ? sql`current_proved_at` : sql`new_proved_at`;
  // One statement, so that a used code always has its proof.
  const proved = await database.run(sql`
    with held as materialized (
      select holder_id from cabinet.holder where holder_id = ${holderId} for no key update),
    used as (
      update cabinet.code c set used_at = now() from held
      where code_id = ${codeId} and c.holder_id = held.holder_id and change_id = ${changeId}
        and used_at is null and dead_at is null and expires_at > now()
      returning c.holder_id, change_id, channel, destination),
    contact as (${contactProof(sql`used`)})
    update cabinet.pending_change p set ${column} = now() from used
    where p.holder_id = used.holder_id and p.change_id = used.change_id`);
  return proved === 1;
}

/**
 * Stores that a passkey agreed in place of a contact on file, if it may: it was added after a
 * signature by EDS, or is older than the waiting time.
 * @returns false when it may not, or the change is no longer pending
 */
export async function proveByPasskeyInstead(
  database: Queryable,
  holderId: string,
  changeId: string,
  { credentialId, waitHours }: { readonly credentialId: Buffer; readonly waitHours: number },
): Promise<boolean> {
  const proved = await database.run(sql`
    with held as materialized (
      select holder_id from cabinet.holder where holder_id = ${holderId} for no key update)
    update cabinet.pending_change p set current_proved_at = now(), current_passkey_at = now() from held
    where p.holder_id = held.holder_id and change_id = ${changeId} and expires_at > now()
      and exists (
        select from cabinet.passkey k where k.holder_id = held.holder_id and credential_id = ${credentialId}
          and (by_eds or created_at <= now() - make_interval(hours => ${waitHours}::int)))`);
  return proved === 1;
}

/** Deletes the pending change of a holder. The caller has locked the holder's row. */
export async function deletePendingChange(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`delete from cabinet.pending_change where holder_id = ${holderId}`);
}

/**
 * Locks a mobile number until the transaction ends. It is one of the last locks in the order
 * (`locks.ts`).
 */
export async function lockMobile(transaction: Queryable, mobile: string): Promise<void> {
  await transaction.run(sql`select pg_advisory_xact_lock(hashtextextended(${mobile}, 0))`);
}

/** How many other people have this mobile on file. */
export async function countOthersWithMobile(
  database: Queryable,
  holderId: string,
  mobile: string,
): Promise<number> {
  const row = await database.first<{ others: number }>(sql`
    select count(*)::int as others from cabinet.requisites where mobile_phone = ${mobile} and holder_id <> ${holderId}`);
  return row?.others ?? 0;
}
