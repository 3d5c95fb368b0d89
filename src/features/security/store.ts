import type { Database } from '../../platform/postgres/database.ts';
import { lockHolder, lockInSession } from '../../platform/postgres/locks.ts';
import { json, sql } from '../../platform/postgres/sql.ts';
import { notifyHolder } from '../notices/security-notices.ts';
import { refuseUnderMaintenance } from '../operations/maintenance-store.ts';
import type { FailureLimits } from '../sign-in/ports.ts';
import { rotateSession } from '../sign-in/session-rotation.ts';
import type { SecurityEvent, SecurityOverview, SecurityStore } from './ports.ts';

/** What a holder sees and does about the safety of their own cabinet. `failures` delays guesses, as at sign-in. */
export function securityStore(database: Database, failures: FailureLimits): SecurityStore {
  return {
    attempt: (limit) => failures.attempt(limit),

    async overview(holderId, { idleMinutes, maxHours, contactWaitHours, events }) {
      const wait = sql`make_interval(hours => ${contactWaitHours}::int)`;
      const state = await database.first<{
        passwordSince: Date | null;
        recoveredAt: Date | null;
        recoveredUntil: Date | null;
        frozenSince: Date | null;
        lastEdsAt: Date | null;
        lastEdsSerial: string | null;
      }>(sql`
        select c.set_at as "passwordSince", f.frozen_at as "frozenSince",
          case when c.recovered_at > now() - ${wait} then c.recovered_at end as "recoveredAt",
          c.recovered_at + ${wait} as "recoveredUntil", e.verified_at as "lastEdsAt", e.certificate_serial as "lastEdsSerial"
        from cabinet.holder h left join cabinet.credential c using (holder_id) left join cabinet.freeze f using (holder_id)
          left join lateral (
            select verified_at, certificate_serial from cabinet.eds_evidence where holder_id = h.holder_id
            order by evidence_id desc limit 1) e on true
        where h.holder_id = ${holderId}`);
      const sessions = await database.rows<SecurityOverview['sessions'][number]>(sql`
        select session_hash as hash, method, device, started_at as "startedAt", seen_at as "seenAt"
        from cabinet.session
        where holder_id = ${holderId} and ended_at is null
          and seen_at > now() - make_interval(mins => ${idleMinutes}::int)
          and started_at > now() - make_interval(hours => ${maxHours}::int)
        order by seen_at desc, started_at desc`);
      const latest = await database.rows<SecurityEvent>(sql`
        select 'e' || event_id as id, made_at as at, kind as event, detail ->> 'device' as device
        from cabinet.security_event where holder_id = ${holderId} order by made_at desc, event_id desc limit ${events}`);
      const { recoveredAt, recoveredUntil, lastEdsAt, lastEdsSerial } = state ?? {};
      return {
        passwordSince: state?.passwordSince ?? null,
        recovered: recoveredAt && recoveredUntil ? { at: recoveredAt, until: recoveredUntil } : null,
        frozenSince: state?.frozenSince ?? null,
        lastEds: lastEdsAt && lastEdsSerial ? { at: lastEdsAt, serial: lastEdsSerial } : null,
        sessions,
        events: latest,
      };
    },

    async findPassword(holderId) {
      const row = await database.first<{ hash: string }>(
        sql`select password_hash as hash from cabinet.credential where holder_id = ${holderId}`,
      );
      return row?.hash;
    },

    changePassword: ({ holderId, passwordHash, former, keep, next, requestId, forget }) =>
      database.transaction(async (transaction) => {
        await lockInSession(transaction, { holderId, sessionHash: keep });
        await refuseUnderMaintenance(transaction);
        const changed = await transaction.run(
          former === undefined
            ? sql`
                insert into cabinet.credential (holder_id, password_hash) values (${holderId}, ${passwordHash})
                on conflict (holder_id) do nothing`
            : sql`
                update cabinet.credential set password_hash = ${passwordHash}, set_at = now()
                where holder_id = ${holderId} and password_hash = ${former}`,
        );
        if (changed === 0) return false;
        await transaction.run(sql`
          update cabinet.session set ended_at = now(), end_reason = 'password-changed'
          where holder_id = ${holderId} and ended_at is null and session_hash <> ${keep}`);
        await rotateSession(transaction, keep, next);
        await transaction.run(sql`
          update cabinet.code set dead_at = now() where holder_id = ${holderId} and used_at is null and dead_at is null`);
        await transaction.run(sql`
          update cabinet.entry set done_at = now() where holder_id = ${holderId} and done_at is null`);
        await transaction.run(sql`delete from cabinet.failure where key = any(${forget})`);
        await transaction.run(sql`
          insert into cabinet.security_event (holder_id, kind, request_id)
          values (${holderId}, 'password-changed', ${requestId})`);
        await transaction.run(notifyHolder(holderId, 'password-changed'));
        return true;
      }),

    async endSession(holderId, hash, requestId) {
      await database.run(sql`
        with ended as (
          update cabinet.session set ended_at = now(), end_reason = 'ended-by-holder'
          where holder_id = ${holderId} and session_hash = ${hash} and ended_at is null returning device)
        insert into cabinet.security_event (holder_id, kind, detail, request_id)
        select ${holderId}::uuid, 'session-ended', jsonb_build_object('device', device), ${requestId} from ended`);
    },

    async endOthers(holderId, keep, requestId) {
      await database.transaction(async (transaction) => {
        await lockHolder(transaction, holderId);
        await transaction.run(sql`
        with ended as (
          update cabinet.session set ended_at = now(), end_reason = 'ended-by-holder'
          where holder_id = ${holderId} and session_hash <> ${keep} and ended_at is null returning session_hash)
        insert into cabinet.security_event (holder_id, kind, detail, request_id)
        select ${holderId}::uuid, 'other-sessions-ended', ${json({})}::jsonb, ${requestId} where exists (select from ended)`);
      });
    },
  };
}
