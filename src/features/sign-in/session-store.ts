import type { Queryable } from '../../platform/postgres/database.ts';
import { type Sql, sql } from '../../platform/postgres/sql.ts';
import {
  type FormerSession,
  type HolderProof,
  type LiveSession,
  SessionGone,
  type SessionState,
  type WayIn,
} from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';
import type { SessionSettings } from './settings.ts';

/** Why sessions end other than by their holder's choice. */
export type SessionsEndReason =
  | 'blocked'
  | 'operator'
  | 'frozen'
  | 'locked'
  | 'password-changed'
  | 'contact-changed'
  | 'registered'
  | 'password-recovered'
  | 'factors-changed';

/** The reason for which the row of a replaced secret has ended. */
const rotated = 'rotated';

/**
 * How long the fund's answer about a holder is used. A page is never served longer than twice this
 * after a block.
 */
const statusHolds = sql`interval '25 seconds'`;

/** How long a fresh proof of who somebody is may be used, in its session. */
const proofHolds = sql`interval '10 minutes'`;

/**
 * Whether text typed in the forms of session `s` is kept for its holder. It is not when the session
 * was ended for security.
 */
const keepsTyped = sql`
  (now() < s.seen_at + interval '24 hours' and coalesce(s.end_reason, 'replaced') in ('signed-out', 'signed-in-again', 'replaced'))`;

/**
 * Reads a session by the hash of its cookie's secret. The secret itself is not stored.
 * @param activity true counts the request as activity, which prolongs the session. `only-read`
 *   writes nothing, as on a standby
 */
export async function readSession(
  database: Queryable,
  hash: Buffer,
  { idleMinutes, maxHours }: SessionSettings,
  activity: boolean | 'only-read',
): Promise<SessionState> {
  const active = activity === true;
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
        s.step, s.restricted,
        case when s.proved_at > now() - ${proofHolds} then s.proved_by end as proved,
        floor(extract(epoch from least(
          case when ${active}::boolean then now() else s.seen_at end + ${idle}, s.started_at + ${max}) - now()))::int as left
      from cabinet.session s join cabinet.holder h using (holder_id)
      where s.session_hash = ${hash})
      ${activity === 'only-read' ? sql`` : extending(hash, active)}
    select * from found`);
  if (!row) return { kind: 'none' };
  if (row.rotated) return { kind: 'rotated' };
  if (row.ended || !row.live)
    return row.recent ? { kind: 'timed-out', holderId: row.holderId } : { kind: 'none' };
  const { holderId, iin, method, step, restricted, proved, shortName, language } = row;
  return {
    kind: 'live',
    askStatus: row.askStatus,
    session: {
      hash,
      holderId,
      iin,
      method,
      step,
      restricted,
      proved,
      shortName,
      language,
      secondsLeft: row.left,
    },
  };
}

/** Prolongs the session that was found, and notes that the fund is asked about its holder. */
function extending(hash: Buffer, active: boolean): Sql {
  // Not before it is a few seconds old: not each of a page's requests is worth a write.
  return sql`,
    extended as (
      update cabinet.session set seen_at = case when ${active}::boolean then now() else session.seen_at end,
        status_asked_at = case when "askStatus" then now() else status_asked_at end
      from found where session_hash = ${hash} and ended_at is null and live
        and ((stale and ${active}::boolean) or "askStatus"))`;
}

/**
 * Finds the holder of a former session by the first 16 bytes of its hash. Undefined when it is no
 * longer kept.
 */
export function findFormerSession(database: Queryable, name: Buffer): Promise<FormerSession | undefined> {
  return database.first<FormerSession>(sql`
    select s.holder_id as "holderId", ${keepsTyped} as "keepsTyped" from cabinet.session s
    where s.session_hash between ${name} and ${Buffer.concat([name, Buffer.alloc(16, 0xff)])}`);
}

/** Ends the session in which its holder signs out, on all nodes at once, and records this. */
export async function signOut(database: Queryable, hash: Buffer, requestId: string): Promise<void> {
  await database.run(sql`
    with ended as (
      update cabinet.session set ended_at = now(), end_reason = 'signed-out'
      where session_hash = ${hash} and ended_at is null returning holder_id)
    insert into cabinet.security_event (holder_id, kind, request_id)
    select holder_id, 'signed-out', ${requestId} from ended`);
}

/** Stores the language that a holder chose, for their notices and other browsers. */
export async function setHolderLanguage(
  database: Queryable,
  holderId: string,
  language: Language,
): Promise<void> {
  await database.run(sql`update cabinet.holder set language = ${language} where holder_id = ${holderId}`);
}

/**
 * Ends the sessions of a holder, and sign-ins that wait for their second step. Every browser is
 * asked for the second step again. The caller has locked the holder's row.
 * @param keep the hash of a session that continues
 * @returns the number of ended sessions
 */
export function endSessions(
  transaction: Queryable,
  holderId: string,
  reason: SessionsEndReason,
  keep?: Buffer,
): Promise<number> {
  return transaction.run(sql`
    with waiting as (delete from cabinet.sign_in_step where holder_id = ${holderId}),
    trusted as (
      update cabinet.known_device set trusted_until = null
      where holder_id = ${holderId} and trusted_until is not null)
    update cabinet.session set ended_at = now(), end_reason = ${reason}
    where holder_id = ${holderId} and ended_at is null and session_hash is distinct from ${keep ?? null}`);
}

/**
 * Gives a session a new secret. Everything else continues, including its time limits. This is done
 * whenever the session gains rights or its holder's credentials change, so that a copied secret
 * stops working.
 * @throws SessionGone when the session has ended
 */
export async function rotateSession(transaction: Queryable, former: Buffer, next: Buffer): Promise<void> {
  const made = await transaction.run(sql`
    with former as (
      update cabinet.session set ended_at = now(), end_reason = ${rotated}
      where session_hash = ${former} and ended_at is null
      returning ${kept})
    insert into cabinet.session (session_hash, ${kept}) select ${next}, ${kept} from former`);
  if (made === 0) throw new SessionGone();
}

/**
 * Notes that the holder has proved in a session who they are.
 * @param lifts whether the proof lifts a restriction of the session
 */
export async function noteProof(
  transaction: Queryable,
  session: Buffer,
  by: HolderProof,
  lifts: boolean,
): Promise<void> {
  await transaction.run(sql`
    update cabinet.session set proved_at = now(), proved_by = ${by},
      restricted = case when ${lifts}::boolean then null else restricted end
    where session_hash = ${session}`);
}

/** What a session keeps when it gets a new secret. */
const kept = sql`
  holder_id, method, step, restricted, proved_at, proved_by, short_name, device, network, started_at, seen_at,
  status_asked_at`;

/** The person who opens a session: a holder with a row here, or only an IIN. */
export type OpeningHolder = { readonly holderId: string } | { readonly iin: Iin };

/**
 * Locks the rows of the person who signs in and of the holder whose session the browser had, in the
 * order of `locks.ts`.
 * @param former the hash of that session
 * @returns the language of who signs in; undefined where there is no such holder
 */
export async function lockForOpening(
  transaction: Queryable,
  holder: OpeningHolder,
  former: Buffer | undefined,
): Promise<Language | undefined> {
  const isHolder: Sql = 'iin' in holder ? sql`iin = ${holder.iin}` : sql`holder_id = ${holder.holderId}`;
  const locked = await transaction.rows<{ readonly language: Language; readonly signsIn: boolean }>(sql`
    select language, ${isHolder} as "signsIn" from cabinet.holder
    where ${isHolder} or holder_id = (select holder_id from cabinet.session where session_hash = ${former ?? null})
    order by holder_id for no key update`);
  return locked.find(({ signsIn }) => signsIn)?.language;
}

/** Ends the session that a browser had, whoever it belongs to, when somebody signs in there. */
export async function endFormerSession(transaction: Queryable, hash: Buffer): Promise<void> {
  await transaction.run(sql`
    update cabinet.session set ended_at = now(), end_reason = 'signed-in-again'
    where session_hash = ${hash} and ended_at is null`);
}

/**
 * Ends the oldest sessions of a holder, so that a new one does not exceed `perPerson`.
 * @returns the number of ended sessions
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
    readonly way: WayIn;
    readonly shortName: string;
    readonly device: string;
    readonly network: string;
  },
): Promise<void> {
  const { method, step, restricted } = session.way;
  await transaction.run(sql`
    insert into cabinet.session (session_hash, holder_id, method, step, restricted, short_name, device, network)
    values (${session.hash}, ${session.holderId}, ${method}, ${step}, ${restricted}, ${session.shortName},
      ${session.device}, ${session.network})`);
}
