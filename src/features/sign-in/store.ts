import type { Database, Queryable } from '../../platform/postgres/database.ts';
import { lockHolder } from '../../platform/postgres/locks.ts';
import { json, type Sql, sql } from '../../platform/postgres/sql.ts';
import type { FormerSession } from '../../platform/session.ts';
import type { Language } from '../../values/language.ts';
import { keepEvidence, unfreeze } from '../eds/store.ts';
import { notifyEverywhere, notifyHolder, queueIntroduction } from '../notices/security-notices.ts';
import type { EdsSignInStore } from './eds.ts';
import type { Credential, NewSession, SessionOpened, SessionStore, SignInStore } from './ports.ts';
import { rotated } from './session-rotation.ts';

/** How long what the fund said of a holder holds: a page is never served longer than twice this after a block. */
const statusHolds = sql`interval '25 seconds'`;

/** So many failed sign-ins within a day are told to the holder, once a day. */
const manyFailures = 10;

/** What is typed in the forms of session `s` is kept for its holder; not where it was ended for the sake of safety. */
const keepsTyped = sql`
  (now() < s.seen_at + interval '24 hours' and coalesce(s.end_reason, 'replaced') in ('signed-out', 'signed-in-again', 'replaced'))`;

/** Sign-in and sessions in the service's own tables; every expiry by the database's clock. */
export function signInStore(database: Database): SignInStore & EdsSignInStore & SessionStore {
  return {
    async attempt({ key, free, maxMinutes }) {
      // One statement, so that of many parallel attempts only the free ones pass: the attempt that uses up the last
      // free one starts the delay before its own outcome is known.
      const row = await database.first<{ allowed: boolean; wait: number }>(sql`
        insert into cabinet.failure as f (key, failures, blocked_until, allowed, expires_at)
        values (${key}, 1, case when ${free}::int <= 1 then now() + interval '1 minute' end, true, now() + interval '12 hours')
        on conflict (key) do update set
          allowed = coalesce(f.blocked_until, '-infinity') <= now(),
          failures = case
            when f.expires_at <= now() then 1
            when f.blocked_until > now() then f.failures
            else f.failures + 1 end,
          blocked_until = case
            when f.expires_at <= now() then null
            when f.blocked_until > now() then f.blocked_until
            when f.failures + 1 >= ${free}::int
              then now() + least(${maxMinutes}::int, power(2, least(f.failures + 1 - ${free}::int, 12))) * interval '1 minute'
            end,
          expires_at = case when f.blocked_until > now() then f.expires_at else now() + interval '12 hours' end
        returning allowed, ceil(extract(epoch from blocked_until - now()))::int as wait`);
      return { allowed: row?.allowed ?? false, waitSeconds: row?.wait ?? 0 };
    },

    async findCredential(iin, marks) {
      const row = await database.first<{
        holderId: string;
        passwordHash: string;
        language: Language;
        knownDevice: Buffer | null;
      }>(sql`
        select h.holder_id as "holderId", c.password_hash as "passwordHash", h.language,
          (select d.device_hash from cabinet.known_device d where ${knownBy(marks)} order by d.seen_at desc limit 1) as "knownDevice"
        from cabinet.holder h join cabinet.credential c using (holder_id)
        where h.iin = ${iin}`);
      const credential: Credential | undefined = row && {
        holderId: row.holderId,
        passwordHash: row.passwordHash,
        language: row.language,
      };
      return { credential, knownDevice: row?.knownDevice ?? undefined };
    },

    async recordFailure(iin, requestId) {
      const earlier = sql`
        select made_at from cabinet.security_event e
        where e.holder_id = c.holder_id and kind = 'sign-in-failed' order by made_at desc offset ${manyFailures - 2} limit 1`;
      const noted = sql`
        noted as (
          insert into cabinet.security_event (holder_id, kind, request_id)
          select holder_id, 'sign-in-failed', ${requestId} from cabinet.holder where iin = ${iin} returning holder_id),
        told as (
          update cabinet.credential c set failures_told_at = now() from noted
          where c.holder_id = noted.holder_id and coalesce(failures_told_at, '-infinity') < now() - interval '1 day'
            and (${earlier}) > now() - interval '1 day'
          returning c.holder_id)`;
      // A commit with something to write waits for the disk, one without does not: that alone told by some milliseconds
      // whether the person exists. So there is always something.
      await database.transaction(async (transaction) => {
        await transaction.run(sql`select pg_logical_emit_message(true, 'kabinet', '')`);
        await transaction.run(notifyEverywhere(noted, 'many-failures'));
      });
    },

    openSession: (session) => database.transaction((transaction) => open(transaction, session)),

    openByEds: (session, { iin, language }, evidence) =>
      database.transaction(async (transaction) => {
        const { requestId, device } = session;
        await transaction.run(sql`
          insert into cabinet.holder (iin, language) values (${iin}, ${language}) on conflict (iin) do nothing`);
        // Locked at once: the evidence names the holder, and two that have named them could not both lock them afterwards.
        await lockForOpening(transaction, sql`iin = ${iin}`, session.formerSession);
        const holder = await transaction.first<{
          holderId: string;
          known: boolean;
          knownDevice: boolean;
        }>(sql`
          select holder_id as "holderId",
            exists (select from cabinet.eds_evidence e where e.holder_id = h.holder_id
                    and certificate_sha256 = ${evidence.signature.certificate.sha256}) as known,
            exists (select from cabinet.known_device d where ${knownBy(session.marks)}) as "knownDevice"
          from cabinet.holder h where iin = ${iin}`);
        if (!holder) throw new Error('the holder was not written');
        const { holderId } = holder;
        await keepEvidence(transaction, { holderId, requestId }, evidence, null);
        await unfreeze(transaction, { holderId, requestId });
        // Of a new device the opening tells; a new key on a known one is told here.
        if (!holder.known && holder.knownDevice)
          await transaction.run(notifyHolder(holderId, 'new-device', { device }));
        return open(transaction, { ...session, holderId, method: 'eds' });
      }),

    async upgradeHash(holderId, former, hash) {
      await database.run(sql`
        update cabinet.credential set password_hash = ${hash} where holder_id = ${holderId} and password_hash = ${former}`);
    },

    async read(hash, { idleMinutes, maxHours }, active) {
      const idle = sql`make_interval(mins => ${idleMinutes}::int)`;
      const max = sql`make_interval(hours => ${maxHours}::int)`;
      const row = await database.first<{
        holderId: string;
        iin: string;
        language: Language;
        method: 'password' | 'eds';
        shortName: string;
        ended: boolean;
        rotated: boolean | null;
        live: boolean;
        askStatus: boolean;
        recent: boolean;
        left: number;
      }>(sql`
        with found as (
          select s.holder_id as "holderId", h.iin, h.language, s.method, s.short_name as "shortName",
            s.ended_at is not null as ended, s.end_reason = ${rotated} as rotated,
            now() < least(s.seen_at + ${idle}, s.started_at + ${max}) as live,
            s.seen_at < now() - interval '5 seconds' as stale,
            coalesce(s.status_asked_at, s.started_at) < now() - ${statusHolds} as "askStatus",
            ${keepsTyped} as recent,
            floor(extract(epoch from least(
              case when ${active}::boolean then now() else s.seen_at end + ${idle}, s.started_at + ${max}) - now()))::int as left
          from cabinet.session s join cabinet.holder h using (holder_id)
          where s.session_hash = ${hash}),
        -- Not before it is a few seconds old: not each of a page's requests is worth a write.
        extended as (
          update cabinet.session set seen_at = case when ${active}::boolean then now() else session.seen_at end,
            status_asked_at = case when "askStatus" then now() else status_asked_at end
          from found where session_hash = ${hash} and ended_at is null and live
            and ((stale and ${active}::boolean) or "askStatus"))
        select * from found`);
      if (!row) return { kind: 'none' };
      if (row.rotated) return { kind: 'rotated' };
      if (row.ended || !row.live)
        return row.recent ? { kind: 'timed-out', holderId: row.holderId } : { kind: 'none' };
      return {
        kind: 'live',
        askStatus: row.askStatus,
        session: {
          hash,
          holderId: row.holderId,
          iin: row.iin,
          method: row.method,
          shortName: row.shortName,
          language: row.language,
          secondsLeft: row.left,
        },
      };
    },

    former: (name) =>
      database.first<FormerSession>(sql`
        select s.holder_id as "holderId", ${keepsTyped} as "keepsTyped" from cabinet.session s
        where s.session_hash between ${name} and ${Buffer.concat([name, Buffer.alloc(16, 0xff)])}`),

    async end(hash, reason, requestId) {
      await database.run(sql`
        with ended as (
          update cabinet.session set ended_at = now(), end_reason = ${reason}
          where session_hash = ${hash} and ended_at is null returning holder_id)
        insert into cabinet.security_event (holder_id, kind, request_id)
        select holder_id, ${reason}, ${requestId} from ended`);
    },

    async setLanguage(holderId, language) {
      await database.run(sql`update cabinet.holder set language = ${language} where holder_id = ${holderId}`);
    },

    endAll: (holderId, reason) =>
      database.transaction(async (transaction) => {
        await lockHolder(transaction, holderId);
        return transaction.run(sql`
          update cabinet.session set ended_at = now(), end_reason = ${reason}
          where holder_id = ${holderId} and ended_at is null`);
      }),
  };
}

/** Holds the rows of who signs in and of whose session the browser had, in the order of `locks.ts`. */
async function lockForOpening(
  transaction: Queryable,
  holder: Sql,
  former: Buffer | undefined,
): Promise<void> {
  await transaction.run(sql`
    select from cabinet.holder
    where ${holder} or holder_id = (select holder_id from cabinet.session where session_hash = ${former ?? null})
    order by holder_id for no key update`);
}

/** Opens a session within a transaction; the holder's row keeps two of one person apart. */
async function open(transaction: Queryable, session: NewSession): Promise<SessionOpened> {
  await lockForOpening(transaction, sql`holder_id = ${session.holderId}`, session.formerSession);
  const { idleMinutes, maxHours } = session.limits;
  if (session.formerSession) {
    await transaction.run(sql`
      update cabinet.session set ended_at = now(), end_reason = 'signed-in-again'
      where session_hash = ${session.formerSession} and ended_at is null`);
  }
  const replaced = await transaction.run(sql`
    update cabinet.session set ended_at = now(), end_reason = 'replaced'
    where session_hash in (
      select session_hash from cabinet.session
      where holder_id = ${session.holderId} and ended_at is null
        and seen_at > now() - make_interval(mins => ${idleMinutes}::int)
        and started_at > now() - make_interval(hours => ${maxHours}::int)
      order by seen_at desc offset ${session.sessionsPerPerson - 1})`);
  await transaction.run(sql`
    insert into cabinet.session (session_hash, holder_id, method, short_name, device)
    values (${session.hash}, ${session.holderId}, ${session.method}, ${session.shortName}, ${session.device})`);
  const endedMarks = await endMarks(transaction, session);
  // Whoever has just chosen a password needs no notice of their first sign-in with it. A key opens a cabinet of which its
  // owner may know nothing: that is told.
  const device = sql`
    seen as (
      insert into cabinet.known_device (holder_id, device_hash) values (${session.holderId}, ${session.deviceHash}) returning holder_id),
    ${queueIntroduction(sql`seen`)},
    told as (
      select holder_id from seen
      where not ${endedMarks.length > 0}::boolean
        and (${session.method === 'eds'}::boolean or exists (
          select from cabinet.known_device d where d.holder_id = seen.holder_id)))`;
  await transaction.run(notifyEverywhere(device, 'new-device', { device: session.device }));
  await transaction.run(sql`delete from cabinet.failure where key = any(${session.forget})`);
  await transaction.run(sql`
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    values (${session.holderId}, 'signed-in', ${json({ method: session.method, device: session.device })}, ${session.requestId})`);
  if (replaced > 0) {
    await transaction.run(sql`
      insert into cabinet.security_event (holder_id, kind, request_id)
      values (${session.holderId}, 'session-replaced', ${session.requestId})`);
  }
  return { replaced, endedMarks };
}

/** A mark of the holder `h` that is among those shown and has not ended. */
function knownBy(marks: readonly Buffer[]): Sql {
  return sql`d.holder_id = h.holder_id and d.device_hash = any(${marks}::bytea[]) and coalesce(d.ends_at, 'infinity') > now()`;
}

/**
 * Ends the marks of this person that the browser showed, since it gets a new one, and removes those that ended before. A copy
 * of a mark is thus good until its owner signs in again. The five minutes are for a second click, and for an answer that was lost.
 */
async function endMarks(transaction: Queryable, { holderId, marks }: NewSession): Promise<readonly Buffer[]> {
  const ended = await transaction.rows<{ mark: Buffer }>(sql`
    with over as (delete from cabinet.known_device where holder_id = ${holderId} and ends_at <= now())
    update cabinet.known_device set ends_at = least(coalesce(ends_at, 'infinity'), now() + interval '5 minutes')
    where holder_id = ${holderId} and device_hash = any(${marks}::bytea[]) and coalesce(ends_at, 'infinity') > now()
    returning device_hash as mark`);
  return ended.map(({ mark }) => mark);
}
