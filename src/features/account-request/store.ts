import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { lockHolder, lockHolderOfRequest } from '../../platform/postgres/locks.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { endCodes } from '../codes/store.ts';
import { notifyHolder } from '../notices/security-notices.ts';
import { refuseUnderMaintenance } from '../operations/maintenance-store.ts';
import type {
  AccountRequestStore,
  AccountRequestTables,
  CodeAttempt,
  LeasedAccountRequest,
  RecoveryStanding,
} from './ports.ts';

const live = sql`done_at is null and expires_at > now()`;
const unproved = sql`proved_at is null and ${live}`;

const after = (ms: number) => sql`now() + ${ms}::int * interval '1 millisecond'`;

/** Ends every account request of a holder, also those whose code was right. */
export async function endAccountRequests(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`
    update cabinet.entry set done_at = now() where holder_id = ${holderId} and done_at is null`);
}

/** Registrations and recoveries in the service's own tables. */
export function accountRequestTables(database: Database): AccountRequestTables {
  return {
    requests: accountRequestStore(database, (work) => database.transaction(work)),
    database,
    together: (work) =>
      database.transaction((transaction) =>
        work({
          requests: accountRequestStore(transaction, (inner) => inner(transaction)),
          database: transaction,
        }),
      ),
  };
}

/** On the pool or in a transaction; `together` begins one where there is none. */
function accountRequestStore(
  database: Queryable,
  together: <Value>(work: (transaction: Queryable) => Promise<Value>) => Promise<Value>,
): AccountRequestStore {
  return {
    async begin(entry, { minutes, restMs }) {
      await database.run(sql`
        with replaced as (update cabinet.entry set done_at = now() where entry_hash = ${entry.replaces ?? null} and done_at is null)
        insert into cabinet.entry (entry_hash, kind, asked, language, network, leased_until, expires_at)
        values (${entry.hash}, ${entry.kind}, ${entry.asked}, ${entry.language}, ${entry.network},
          ${after(restMs)}, now() + make_interval(mins => ${minutes}::int))`);
    },

    async find(hash, kind) {
      const row = await database.first<{ asked: Buffer; holderId: string | null; iin: string | null }>(sql`
        select e.asked, h.holder_id as "holderId", h.iin
        from cabinet.entry e left join cabinet.holder h on h.holder_id = e.holder_id and e.proved_at is not null
        where e.entry_hash = ${hash} and e.kind = ${kind} and ${live}`);
      if (!row) return undefined;
      const { asked, holderId, iin } = row;
      return { asked, proved: holderId === null || iin === null ? undefined : { holderId, iin } };
    },

    async askAgain(hash, kind, { language, maxTries, restMs }) {
      const isOver = sql`(tries >= ${maxTries}::int or code_until <= now())`;
      const asked = await database.run(sql`
        update cabinet.entry set language = ${language}, examined_at = null,
          leased_until = case when examined_at is null then leased_until else ${after(restMs)} end,
          tries = case when ${isOver} then 0 else tries end,
          code_until = case when ${isOver} then null else code_until end
        where entry_hash = ${hash} and kind = ${kind} and ${unproved}`);
      return asked === 1;
    },

    // The row lock makes parallel tries count one after another: of any number, so many are compared.
    async countAttempt(hash, kind, maxTries) {
      await lockHolderOfRequest(database, hash);
      const row = await database.first<{
        counted: boolean;
        codeId: string | null;
        holderId: string | null;
        early: boolean;
        usedUp: boolean;
      }>(sql`
        with tried as (
          update cabinet.entry set tries = tries + 1
          where entry_hash = ${hash} and kind = ${kind} and ${unproved} and code_until > now() and tries < ${maxTries}::int
          returning entry_hash, code_id, holder_id)
        select t.entry_hash is not null as counted, t.code_id as "codeId", t.holder_id as "holderId",
          e.code_until is null as early, e.tries >= ${maxTries}::int or e.code_until > now() as "usedUp"
        from cabinet.entry e left join tried t using (entry_hash)
        where e.entry_hash = ${hash} and e.kind = ${kind} and ${unproved}`);
      return row && tryOf(row);
    },

    async markProved(hash, minutes) {
      await database.run(sql`
        update cabinet.entry set proved_at = now(), expires_at = now() + make_interval(mins => ${minutes}::int)
        where entry_hash = ${hash} and ${unproved}`);
    },

    lease: (size) =>
      database.rows<LeasedAccountRequest>(sql`
        with due as (
          select entry_hash from cabinet.entry
          where examined_at is null and ${unproved} and (leased_until is null or leased_until < now())
          order by created_at limit ${size} for update skip locked)
        update cabinet.entry e set leased_until = now() + interval '30 seconds'
        from due where e.entry_hash = due.entry_hash
        returning e.entry_hash as hash, entry_id as "entryId", kind, asked, language, holder_id is not null as again`),

    async putBack(hash, seconds) {
      await database.run(sql`
        update cabinet.entry set leased_until = now() + make_interval(secs => ${seconds}::int)
        where entry_hash = ${hash} and examined_at is null`);
    },

    async holderOf(iin, language) {
      const known = await database.first<{ holderId: string }>(
        sql`select holder_id as "holderId" from cabinet.holder where iin = ${iin}`,
      );
      if (known) return known.holderId;
      const made = await database.first<{ holderId: string }>(sql`
        insert into cabinet.holder as h (iin, language) values (${iin}, ${language})
        on conflict (iin) do update set iin = h.iin returning holder_id as "holderId"`);
      if (!made) throw new Error('no holder was made');
      return made.holderId;
    },

    async standing(holderId) {
      const row = await database.first<RecoveryStanding>(sql`
        select h.language, exists (select from cabinet.credential c where c.holder_id = h.holder_id) as "hasPassword",
          exists (select from cabinet.freeze f where f.holder_id = h.holder_id) as frozen,
          (select coalesce(jsonb_agg(jsonb_build_object('channel', channel, 'value', value)), '[]')
           from cabinet.recovery_contact r
           where r.holder_id = h.holder_id and usable_from <= now() and (usable_until is null or usable_until > now())) as contacts
        from cabinet.holder h where h.holder_id = ${holderId}`);
      if (!row) throw new Error('there is no such holder');
      return row;
    },

    async knowsDevice(iin, marks) {
      const known = await database.first(sql`
        select from cabinet.known_device d join cabinet.holder h using (holder_id)
        where h.iin = ${iin} and d.device_hash = any(${marks}::bytea[]) and coalesce(d.ends_at, 'infinity') > now() limit 1`);
      return known !== undefined;
    },

    async conclude(hash, found, minutes) {
      await database.run(sql`
        update cabinet.entry set examined_at = now(), holder_id = ${found?.holderId ?? null},
          code_id = coalesce(${found?.codeId ?? null}::uuid, code_id),
          code_until = case when code_until > now() then code_until else now() + make_interval(mins => ${minutes}::int) end
        where entry_hash = ${hash} and examined_at is null`);
    },

    async lockUnlessFrozen(holderId) {
      await lockHolder(database, holderId);
      return (
        (await database.first(sql`select from cabinet.freeze where holder_id = ${holderId}`)) === undefined
      );
    },

    async recordRequest(holderId, kind) {
      await database.run(sql`
        insert into cabinet.security_event (holder_id, kind)
        values (${holderId}, ${kind === 'register' ? 'registration-asked' : 'recovery-asked'})`);
    },

    complete: (hash, kind, chosen) =>
      together(async (transaction) => {
        await lockHolderOfRequest(transaction, hash);
        const entry = await transaction.first<{ holderId: string; language: string }>(sql`
          select holder_id as "holderId", language from cabinet.entry
          where entry_hash = ${hash} and kind = ${kind} and proved_at is not null and ${live} for update`);
        if (!entry) return undefined;
        await refuseUnderMaintenance(transaction);
        const { holderId } = entry;
        // Looked at under the lock: "this wasn't me" may have been answered since the code was right.
        if (await transaction.first(sql`select from cabinet.freeze where holder_id = ${holderId}`))
          return undefined;
        // A first password by a code of one channel starts the same waits: without them a stolen number would take over a
        // person who has no cabinet yet.
        const credential = await transaction.first<{ isFirst: boolean }>(sql`
          insert into cabinet.credential (holder_id, password_hash, recovered_at) values (${holderId}, ${chosen.passwordHash}, now())
          on conflict (holder_id) do update
            set password_hash = excluded.password_hash, set_at = now(), recovered_at = now()
          returning xmax = 0 as "isFirst"`);
        const isFirst = credential?.isFirst ?? false;
        const event = isFirst ? 'registered' : 'password-recovered';
        await transaction.run(sql`
          update cabinet.session set ended_at = now(), end_reason = ${event} where holder_id = ${holderId} and ended_at is null`);
        await endCodes(transaction, holderId);
        await endAccountRequests(transaction, holderId);
        await transaction.run(sql`delete from cabinet.failure where key = any(${chosen.forget})`);
        if (isFirst) {
          await transaction.run(
            sql`update cabinet.holder set language = ${entry.language} where holder_id = ${holderId}`,
          );
        }
        await transaction.run(sql`
          insert into cabinet.security_event (holder_id, kind, request_id) values (${holderId}, ${event}, ${chosen.requestId})`);
        await transaction.run(notifyHolder(holderId, isFirst ? 'registered' : 'recovered'));
        return isFirst ? 'registered' : 'recovered';
      }),
  };
}

function tryOf(row: {
  readonly counted: boolean;
  readonly codeId: string | null;
  readonly holderId: string | null;
  readonly early: boolean;
  readonly usedUp: boolean;
}): CodeAttempt {
  if (!row.counted)
    return row.early ? { kind: 'early' } : { kind: 'over', why: row.usedUp ? 'tries' : 'time' };
  const { codeId, holderId } = row;
  return { kind: 'counted', sent: codeId === null || holderId === null ? undefined : { codeId, holderId } };
}
