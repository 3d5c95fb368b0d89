import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import { savedBefore, writeChange } from '../changes/store.ts';
import { takeQuotas } from '../codes/quota-store.ts';
import { endCodes } from '../codes/store.ts';
import { liftFreeze } from '../disavowal/store.ts';
import { keepEvidence } from '../eds/store.ts';
import type { Channel } from '../notices/channel.ts';
import { lockForChange } from '../requisites/store.ts';
import { newContact, refuseContact, touchedChannels } from './contact.ts';
import {
  formerRecipients,
  moveRecoveryContact,
  notifyChanged,
  notifyRecipients,
  restOtherChannel,
} from './contact-notices.ts';
import type { ContactActor, ContactStanding, ContactStore, PendingChange } from './ports.ts';

/** What the codes of a change are for. */
const proofPurposes = ['prove-new', 'confirm-current'] as const;

/** Changes of mobile and e-mail with their proofs, in the service's own tables. */
export function contactStore(database: Database): ContactStore {
  return {
    standing: (holderId, waitHours) => readStanding(database, holderId, waitHours),

    propose: (actor, change, about, { minutes, telling, byEds = false }) =>
      database.transaction(async (transaction) => {
        const current = await lockForChange(transaction, actor);
        // Two posts of one form propose one change: its codes are on their way, and a second set would kill them.
        const waiting = await transaction.first(sql`
          select from cabinet.pending_change where holder_id = ${actor.holderId} and form_id = ${change.formId}
            and form_hash = ${change.formHash} and revision = ${change.revision} and expires_at > now()`);
        if (waiting) return undefined;
        await endCodes(transaction, actor.holderId, proofPurposes);
        const row = await transaction.first<{ changeId: string }>(sql`
          insert into cabinet.pending_change (holder_id, form_id, form_hash, revision, document, entries, address_source, by_eds, expires_at)
          values (${actor.holderId}, ${change.formId}, ${change.formHash}, ${change.revision}, ${json(change.document)},
            ${json(change.entries)}, ${change.addressSource === null ? null : json(change.addressSource)}, ${byEds}, now() + make_interval(mins => ${minutes}::int))
          on conflict (holder_id) do update set change_id = gen_random_uuid(), form_id = excluded.form_id,
            form_hash = excluded.form_hash, revision = excluded.revision, document = excluded.document,
            entries = excluded.entries, address_source = excluded.address_source, by_eds = excluded.by_eds, via = null, current_proved_at = null, new_proved_at = null, created_at = now(),
            expires_at = excluded.expires_at
          returning change_id as "changeId"`);
        if (!row) throw new Error('no pending change was written');
        for (const one of touchedChannels(change.entries))
          await recordEvent(transaction, actor, 'contact-proposed', one);
        if (await takeQuotas(transaction, telling)) {
          const reached = await formerRecipients(transaction, actor.holderId, current.values);
          if (about !== undefined)
            await notifyRecipients(transaction, actor, 'contact-proposed', about, reached);
        }
        return {
          ...change,
          changeId: row.changeId,
          via: null,
          currentProved: false,
          newProved: false,
          lapsed: false,
          byEds,
        };
      }),

    findPending: (holderId, proofMinutes) => findPending(database, holderId, proofMinutes),

    async chooseVia(holderId, changeId, via) {
      await database.run(sql`
        update cabinet.pending_change set via = ${via}, current_proved_at = null
        where holder_id = ${holderId} and change_id = ${changeId}`);
    },

    async proveWith(holderId, changeId, proof, codeId) {
      const column = proof === 'current' ? sql`current_proved_at` : sql`new_proved_at`;
      // One statement: whoever finds the code used finds the proof given.
      const proved = await database.run(sql`
        with held as materialized (
          select holder_id from cabinet.holder where holder_id = ${holderId} for no key update),
        used as (
          update cabinet.code c set used_at = now() from held
          where code_id = ${codeId} and c.holder_id = held.holder_id and change_id = ${changeId}
            and used_at is null and dead_at is null and expires_at > now()
          returning c.holder_id, change_id)
        update cabinet.pending_change p set ${column} = now() from used
        where p.holder_id = used.holder_id and p.change_id = used.change_id`);
      return proved === 1;
    },

    drop: (holderId) =>
      database.transaction(async (transaction) => {
        await lockHolder(transaction, holderId);
        await drop(transaction, holderId);
      }),

    othersWith: (holderId, mobile) => othersWith(database, holderId, mobile),

    complete: (actor, pending, how) =>
      database.transaction(async (transaction) => {
        const { holderId } = actor;
        const current = await lockForChange(transaction, actor);
        const earlier = await savedBefore(transaction, holderId, pending.formId, pending.formHash);
        if (earlier) return earlier;
        // All is looked at again under the lock: proofs grow old, and a change may be cancelled, stopped or overtaken.
        const still = await findPending(transaction, holderId, how.proofMinutes);
        const added = newContact(pending.entries, 'mobile');
        const newValue = how.channels.some((channel) => newContact(pending.entries, channel) !== null);
        const byCodes = !still?.byEds && still?.currentProved && (still.newProved || !newValue);
        const proved = how.proof === 'eds' || byCodes;
        if (still?.changeId !== pending.changeId || !proved) return { kind: 'proof-gone' };
        if (current.revision !== pending.revision) return { kind: 'conflict', stored: current };
        const standing = await readStanding(transaction, holderId, how.waitHours);
        if (how.proof !== 'eds' && refuseContact(standing, how.channels)) return { kind: 'refused' };
        if (added !== null) {
          // Held until the end, so that two people cannot take the last place of one number.
          await transaction.run(sql`select pg_advisory_xact_lock(hashtextextended(${added}, 0))`);
          if ((await othersWith(transaction, holderId, added)) >= how.personsPerMobile)
            return { kind: 'refused' };
        }

        const before = await formerRecipients(transaction, holderId, current.values);
        await writeChange(transaction, { ...pending, ...actor, number: how.number, proof: how.proof });
        if (how.evidence) {
          await keepEvidence(transaction, actor, how.evidence, how.number);
          await liftFreeze(transaction, { holderId, kind: 'unfrozen-by-eds', requestId: actor.requestId });
        }
        for (const channel of how.channels) {
          await moveRecoveryContact(transaction, holderId, channel, how.waitHours);
          if (how.proof === 'eds') await shortenWait(transaction, holderId, channel, how.waitHours);
          else await restOtherChannel(transaction, holderId, channel);
        }
        await drop(transaction, holderId);
        // An address that was signed for is no key to the account.
        if (how.channels.length > 0) {
          await transaction.run(sql`
            update cabinet.session set ended_at = now(), end_reason = 'contact-changed'
            where holder_id = ${holderId} and ended_at is null and session_hash <> ${actor.sessionHash}`);
        }
        for (const channel of how.channels) {
          await recordEvent(transaction, actor, 'contact-changed', channel);
          await notifyChanged(transaction, actor, channel, before, newContact(pending.entries, channel));
        }
        return { kind: 'saved', number: how.number };
      }),
  };
}

/** A channel that was signed for may vouch for others, too, after the shorter time. */
async function shortenWait(
  transaction: Queryable,
  holderId: string,
  channel: Channel,
  hours: number,
): Promise<void> {
  const column = channel === 'mobile' ? sql`mobile_wait_hours` : sql`email_wait_hours`;
  await transaction.run(sql`
    update cabinet.requisites set ${column} = ${hours} where holder_id = ${holderId}`);
}

async function readStanding(
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

function findPending(
  database: Queryable,
  holderId: string,
  proofMinutes: number,
): Promise<PendingChange | undefined> {
  const fresh = sql`now() - make_interval(mins => ${proofMinutes}::int)`;
  return database.first<PendingChange>(sql`
    select change_id as "changeId", form_id as "formId", form_hash as "formHash", revision, document, entries,
      address_source as "addressSource", via,
      coalesce(current_proved_at > ${fresh}, false) as "currentProved",
      coalesce(new_proved_at > ${fresh}, false) as "newProved",
      coalesce(least(current_proved_at, new_proved_at) <= ${fresh}, false) as lapsed,
      by_eds as "byEds"
    from cabinet.pending_change where holder_id = ${holderId} and expires_at > now()`);
}

async function othersWith(database: Queryable, holderId: string, mobile: string): Promise<number> {
  const row = await database.first<{ others: number }>(sql`
    select count(*)::int as others from cabinet.requisites where mobile_phone = ${mobile} and holder_id <> ${holderId}`);
  return row?.others ?? 0;
}

async function drop(transaction: Queryable, holderId: string): Promise<void> {
  await endCodes(transaction, holderId, proofPurposes);
  await deletePendingChange(transaction, holderId);
}

/** Forgets the pending change of a holder, whose row the caller has locked. */
export async function deletePendingChange(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`delete from cabinet.pending_change where holder_id = ${holderId}`);
}

async function recordEvent(
  transaction: Queryable,
  actor: ContactActor,
  kind: string,
  about: Channel,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    values (${actor.holderId}, ${kind}, ${json({ about })}, ${actor.requestId})`);
}
