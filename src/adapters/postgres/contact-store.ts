import type { Channel } from '../../modules/notices/ports.ts';
import { channelFields } from '../../modules/requisites/contact.ts';
import type {
  ContactActor,
  ContactStanding,
  ContactStore,
  PendingChange,
} from '../../modules/requisites/ports.ts';
import { channelsOf, moveRecoveryContact, tell } from './contact-notices.ts';
import type { Database, Queryable } from './database.ts';
import { lockRequisites, savedBefore, writeChange } from './requisites-store.ts';
import { json, sql } from './sql.ts';

/** Changes of mobile and e-mail with their proofs, in the service's own tables. */
export function contactStore(database: Database): ContactStore {
  return {
    async standing(holderId, waitHours) {
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
        select r.mobile_phone as mobile, r.email, r.mobile_since <= now() - ${wait} as "mobileStood",
          r.email_since <= now() - ${wait} as "emailStood",
          case when r.contact_changed_at > now() - ${wait} then r.contact_changed end as changed,
          r.contact_changed_at + ${wait} as "changedUntil",
          case when c.recovered_at > now() - ${wait} then c.recovered_at end as "recoveredAt",
          c.recovered_at + ${wait} as "recoveredUntil",
          exists (select from cabinet.freeze f where f.holder_id = r.holder_id) as frozen
        from cabinet.requisites r left join cabinet.credential c using (holder_id)
        where r.holder_id = ${holderId}`);
      if (!row) throw new Error('the holder has no requisites row');
      const { mobile, email, changed, changedUntil, recoveredAt, recoveredUntil } = row;
      const standing: ContactStanding = {
        onFile: [
          ...(mobile === null ? [] : [{ channel: 'mobile' as const, value: mobile, stood: row.mobileStood }]),
          ...(email === null ? [] : [{ channel: 'email' as const, value: email, stood: row.emailStood }]),
        ],
        changed: changed && changedUntil ? { channel: changed, until: changedUntil } : undefined,
        recovered: recoveredAt && recoveredUntil ? { at: recoveredAt, until: recoveredUntil } : undefined,
        frozen: row.frozen,
      };
      return standing;
    },

    propose: (actor, change, about, minutes) =>
      database.transaction(async (transaction) => {
        const current = await lockRequisites(transaction, actor.holderId);
        await transaction.run(sql`
          update cabinet.code set dead_at = now()
          where holder_id = ${actor.holderId} and change_id is not null and used_at is null and dead_at is null`);
        const row = await transaction.first<{ changeId: string }>(sql`
          insert into cabinet.pending_change (holder_id, form_id, form_hash, revision, document, entries, expires_at)
          values (${actor.holderId}, ${change.formId}, ${change.formHash}, ${change.revision}, ${json(change.document)},
            ${json(change.entries)}, now() + make_interval(mins => ${minutes}::int))
          on conflict (holder_id) do update set change_id = gen_random_uuid(), form_id = excluded.form_id,
            form_hash = excluded.form_hash, revision = excluded.revision, document = excluded.document,
            entries = excluded.entries, via = null, current_proved_at = null, new_proved_at = null, created_at = now(),
            expires_at = excluded.expires_at
          returning change_id as "changeId"`);
        if (!row) throw new Error('no pending change was written');
        await note(transaction, actor, 'contact-proposed', about);
        await tell(transaction, actor, 'contact-proposed', about, channelsOf(current.values));
        return { ...change, changeId: row.changeId, via: null, currentProved: false, newProved: false };
      }),

    findPending: (holderId, proofMinutes) => findPending(database, holderId, proofMinutes),

    async chooseVia(holderId, changeId, via) {
      await database.run(sql`
        update cabinet.pending_change set via = ${via}, current_proved_at = null
        where holder_id = ${holderId} and change_id = ${changeId}`);
    },

    async markProved(holderId, changeId, proof) {
      const column = proof === 'current' ? sql`current_proved_at` : sql`new_proved_at`;
      await database.run(sql`
        update cabinet.pending_change set ${column} = now() where holder_id = ${holderId} and change_id = ${changeId}`);
    },

    drop: (holderId) => database.transaction((transaction) => drop(transaction, holderId)),

    complete: (actor, pending, how) =>
      database.transaction(async (transaction) => {
        const current = await lockRequisites(transaction, actor.holderId);
        const earlier = await savedBefore(transaction, actor.holderId, pending.formId, pending.formHash);
        if (earlier) return earlier;
        // The proofs are looked at again under the lock: they may have grown old, or the change been cancelled.
        const still = await findPending(transaction, actor.holderId, how.proofMinutes);
        const proved =
          how.proof === 'eds' || (still?.currentProved && (still.newProved || removes(pending, how.about)));
        if (still?.changeId !== pending.changeId || !proved) return { kind: 'proof-gone' };
        if (current.revision !== pending.revision) return { kind: 'conflict', stored: current };

        await writeChange(transaction, { ...pending, ...actor, number: how.number, proof: how.proof });
        await moveRecoveryContact(transaction, actor.holderId, how.about, how.waitHours);
        if (how.proof !== 'eds') {
          await transaction.run(sql`
            update cabinet.requisites set contact_changed = ${how.about}, contact_changed_at = now()
            where holder_id = ${actor.holderId}`);
        }
        await drop(transaction, actor.holderId);
        await transaction.run(sql`
          update cabinet.session set ended_at = now(), end_reason = 'contact-changed'
          where holder_id = ${actor.holderId} and ended_at is null and session_hash <> ${actor.sessionHash}`);
        await note(transaction, actor, 'contact-changed', how.about);
        const before = channelsOf(current.values);
        await tell(transaction, actor, 'contact-changed', how.about, before);
        const added = pending.entries.find(({ field }) => field === channelFields[how.about])?.new;
        if (added != null)
          await tell(transaction, actor, 'contact-added', how.about, [{ channel: how.about, to: added }]);
        return { kind: 'saved', number: how.number };
      }),
  };
}

function findPending(
  database: Queryable,
  holderId: string,
  proofMinutes: number,
): Promise<PendingChange | undefined> {
  const fresh = sql`now() - make_interval(mins => ${proofMinutes}::int)`;
  return database.first<PendingChange>(sql`
    select change_id as "changeId", form_id as "formId", form_hash as "formHash", revision, document, entries, via,
      coalesce(current_proved_at > ${fresh}, false) as "currentProved",
      coalesce(new_proved_at > ${fresh}, false) as "newProved"
    from cabinet.pending_change where holder_id = ${holderId} and expires_at > now()`);
}

async function drop(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`delete from cabinet.pending_change where holder_id = ${holderId}`);
  await transaction.run(sql`
    update cabinet.code set dead_at = now()
    where holder_id = ${holderId} and change_id is not null and used_at is null and dead_at is null`);
}

async function note(
  transaction: Queryable,
  actor: ContactActor,
  kind: string,
  about: Channel,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    values (${actor.holderId}, ${kind}, ${json({ about })}, ${actor.requestId})`);
}

function removes(pending: PendingChange, about: Channel): boolean {
  return pending.entries.some(({ field, new: value }) => field === channelFields[about] && value === null);
}
