import type { Queryable } from '../../platform/postgres/database.ts';
import { type Sql, sql } from '../../platform/postgres/sql.ts';
import {
  type FormerSession,
  type LiveSession,
  SessionGone,
  type SessionState,
} from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import type { SessionSettings } from './settings.ts';

/** Why sessions end that their holder did not end. */
export type SessionsEndReason =
  | 'blocked'
  | 'operator'
  | 'frozen'
  | 'password-changed'
  | 'contact-changed'
  | 'registered'
  | 'password-recovered';

/** Why the row of a secret that was replaced has ended. */
const rotated = 'rotated';

/**
 * How long what the fund said of a holder holds: a page is never served longer than twice this
 * after a block.
 */
const statusHolds = sql`interval '25 seconds'`;

/**
 * What is typed in the forms of session `s` is kept for its holder; not where it was ended for the
 * sake of safety.
 */
const keepsTyped = sql`
  (now() < s.seen_at + interval '24 hours' and coalesce(s.end_reason, 'replaced') in ('signed-out', 'signed-in-again', 'replaced'))`;

/**
 * Reads a session by the hash of its cookie's secret; nothing more than this is stored of it.
 * @param active counts the request as activity, which prolongs the session
 */
export async function readSession(
  database: Queryable,
  hash: Buffer,
  { idleMinutes, maxHours }: SessionSettings,
  active: boolean,
): Promise<SessionState> {
  const idle = sql`make_interval(mins => ${idleMinutes}::int)`;
  const max = sql`make_interval(hours => ${maxHours}::int)`;
  const row = await database.first<
    Omit<LiveSession, 'hash' | 'secondsLeft'> & {
      ended: boolean;
      rotated: boolean | null;
      live: boolean;
      askStatus: boolean;
      recent: boolean;
      left: number;
    }
  >(sql`
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
  const { holderId, iin, method, shortName, language } = row;
  return {
    kind: 'live',
    askStatus: row.askStatus,
    session: { hash, holderId, iin, method, shortName, language, secondsLeft: row.left },
  };
}

/**
 * Reads whose session it was, by the first 16 bytes of its hash; undefined when it is not kept any
 * more.
 */
export function findFormerSession(database: Queryable, name: Buffer): Promise<FormerSession | undefined> {
  return database.first<FormerSession>(sql`
    select s.holder_id as "holderId", ${keepsTyped} as "keepsTyped" from cabinet.session s
    where s.session_hash between ${name} and ${Buffer.concat([name, Buffer.alloc(16, 0xff)])}`);
}

/** Ends the session in which its holder signs out, at once for every node, and records it. */
export async function signOut(database: Queryable, hash: Buffer, requestId: string): Promise<void> {
  await database.run(sql`
    with ended as (
      update cabinet.session set ended_at = now(), end_reason = 'signed-out'
      where session_hash = ${hash} and ended_at is null returning holder_id)
    insert into cabinet.security_event (holder_id, kind, request_id)
    select holder_id, 'signed-out', ${requestId} from ended`);
}

/** Keeps the language a holder chose, for their notices and other browsers. */
export async function setHolderLanguage(
  database: Queryable,
  holderId: string,
  language: Language,
): Promise<void> {
  await database.run(sql`update cabinet.holder set language = ${language} where holder_id = ${holderId}`);
}

/**
 * Ends the sessions of a holder, whose row the caller has locked.
 * @param keep the hash of a session that goes on
 * @returns how many ended
 */
export function endSessions(
  transaction: Queryable,
  holderId: string,
  reason: SessionsEndReason,
  keep?: Buffer,
): Promise<number> {
  return transaction.run(sql`
    update cabinet.session set ended_at = now(), end_reason = ${reason}
    where holder_id = ${holderId} and ended_at is null and session_hash is distinct from ${keep ?? null}`);
}

/**
 * Gives a session a new secret; all else of it goes on, its hours too. Done wherever its rights
 * grow or its holder's keys change: who had copied the former secret is left behind.
 * @throws SessionGone when the session has ended
 */
export async function rotateSession(transaction: Queryable, former: Buffer, next: Buffer): Promise<void> {
  const made = await transaction.run(sql`
    with former as (
      update cabinet.session set ended_at = now(), end_reason = ${rotated}
      where session_hash = ${former} and ended_at is null
      returning holder_id, method, short_name, device, started_at, seen_at, status_asked_at)
    insert into cabinet.session (session_hash, holder_id, method, short_name, device, started_at, seen_at, status_asked_at)
    select ${next}, holder_id, method, short_name, device, started_at, seen_at, status_asked_at from former`);
  if (made === 0) throw new SessionGone();
}

/** Who opens a session: known by their row here, or so far by their IIN alone. */
export type OpeningHolder = { readonly holderId: string } | { readonly iin: Iin };

/**
 * Holds the rows of who signs in and of whose session the browser had, in the order of `locks.ts`.
 * @param former the hash of that session
 */
export async function lockForOpening(
  transaction: Queryable,
  holder: OpeningHolder,
  former: Buffer | undefined,
): Promise<void> {
  const isHolder: Sql = 'iin' in holder ? sql`iin = ${holder.iin}` : sql`holder_id = ${holder.holderId}`;
  await transaction.run(sql`
    select from cabinet.holder
    where ${isHolder} or holder_id = (select holder_id from cabinet.session where session_hash = ${former ?? null})
    order by holder_id for no key update`);
}

/** Ends the session that a browser had until somebody, of whomever it was, signed in there. */
export async function endFormerSession(transaction: Queryable, hash: Buffer): Promise<void> {
  await transaction.run(sql`
    update cabinet.session set ended_at = now(), end_reason = 'signed-in-again'
    where session_hash = ${hash} and ended_at is null`);
}

/**
 * Ends the oldest sessions of a holder, so that one more makes no more than `perPerson`.
 * @returns how many ended
 */
export function endOldestSessions(
  transaction: Queryable,
  holderId: string,
  { idleMinutes, maxHours, perPerson }: SessionSettings,
): Promise<number> {
  return transaction.run(sql`
    update cabinet.session set ended_at = now(), end_reason = 'replaced'
    where session_hash in (
      select session_hash from cabinet.session
      where holder_id = ${holderId} and ended_at is null
        and seen_at > now() - make_interval(mins => ${idleMinutes}::int)
        and started_at > now() - make_interval(hours => ${maxHours}::int)
      order by seen_at desc offset ${perPerson - 1})`);
}

/** Begins a session. */
export async function insertSession(
  transaction: Queryable,
  session: {
    readonly hash: Buffer;
    readonly holderId: string;
    readonly method: LiveSession['method'];
    readonly shortName: string;
    readonly device: string;
  },
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.session (session_hash, holder_id, method, short_name, device)
    values (${session.hash}, ${session.holderId}, ${session.method}, ${session.shortName}, ${session.device})`);
}
