import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { LiveSession } from '../../platform/session.ts';
import type { SessionSettings } from '../sign-in/settings.ts';

/** A valid session, on any device. */
export interface HolderSession {
  readonly hash: Buffer;
  readonly method: LiveSession['method'];
  readonly device: string;
  /** Null for a session that a former release opened. */
  readonly network: string | null;
  readonly startedAt: Date;
  readonly seenAt: Date;
}

/** An event in a holder's cabinet. */
export interface SecurityEvent {
  readonly id: string;
  readonly at: Date;
  readonly event: string;
  readonly device: string | null;
}

/** The ways in which a holder's cabinet may be opened, by the database's clock. */
export interface SecurityStanding {
  /** Null when no password is set. */
  readonly passwordSince: Date | null;
  /** A recovery within the waiting time. Mobile and e-mail cannot be changed before it ends. */
  readonly recovered: { readonly at: Date; readonly until: Date } | null;
  readonly frozenSince: Date | null;
  /**
   * The last signature: when it was made, and the serial number of the certificate. Null when there
   * was none.
   */
  readonly lastEds: { readonly at: Date; readonly serial: string } | null;
}

/** Reads how a holder signs in, and whether the cabinet is frozen or was recently recovered. */
export async function readSecurityStanding(
  database: Queryable,
  holderId: string,
  waitHours: number,
): Promise<SecurityStanding> {
  const wait = sql`make_interval(hours => ${waitHours}::int)`;
  const row = await database.first<{
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
  const { recoveredAt, recoveredUntil, lastEdsAt, lastEdsSerial } = row ?? {};
  return {
    passwordSince: row?.passwordSince ?? null,
    recovered: recoveredAt && recoveredUntil ? { at: recoveredAt, until: recoveredUntil } : null,
    frozenSince: row?.frozenSince ?? null,
    lastEds: lastEdsAt && lastEdsSerial ? { at: lastEdsAt, serial: lastEdsSerial } : null,
  };
}

/** The valid sessions of a holder, the most recently used first. */
export function listSessions(
  database: Queryable,
  holderId: string,
  { idleMinutes, maxHours }: SessionSettings,
): Promise<readonly HolderSession[]> {
  return database.rows<HolderSession>(sql`
    select session_hash as hash, method, device, network, started_at as "startedAt", seen_at as "seenAt"
    from cabinet.session
    where holder_id = ${holderId} and ended_at is null
      and seen_at > now() - make_interval(mins => ${idleMinutes}::int)
      and started_at > now() - make_interval(hours => ${maxHours}::int)
    order by seen_at desc, started_at desc`);
}

/** A browser in which no second step is asked. */
export interface TrustedBrowser {
  readonly mark: Buffer;
  /** Null when a former release stored the mark. */
  readonly device: string | null;
  readonly until: Date;
}

/** The browsers in which a holder is not asked for the second step, the latest first. */
export function listTrusted(database: Queryable, holderId: string): Promise<readonly TrustedBrowser[]> {
  return database.rows<TrustedBrowser>(sql`
    select device_hash as mark, device, trusted_until as until from cabinet.known_device
    where holder_id = ${holderId} and trusted_until > now() and ends_at is null
    order by trusted_until desc, device_hash`);
}

/** Asks for the second step in a browser again, and records this. */
export async function endTrust(
  database: Queryable,
  holderId: string,
  mark: Buffer,
  requestId: string,
): Promise<void> {
  await database.run(sql`
    with ended as (
      update cabinet.known_device set trusted_until = null
      where holder_id = ${holderId} and device_hash = ${mark} and trusted_until > now() returning device)
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    select ${holderId}::uuid, 'trust-ended', jsonb_strip_nulls(jsonb_build_object('device', device)), ${requestId}
    from ended`);
}

/** The latest events of a holder's cabinet, newest first. */
export function listLatestEvents(
  database: Queryable,
  holderId: string,
  count: number,
): Promise<readonly SecurityEvent[]> {
  return database.rows<SecurityEvent>(sql`
    select 'e' || event_id as id, made_at as at, kind as event, detail ->> 'device' as device
    from cabinet.security_event where holder_id = ${holderId} order by made_at desc, event_id desc limit ${count}`);
}

/** Ends the session that its holder has chosen, and records this. */
export async function endChosenSession(
  database: Queryable,
  holderId: string,
  hash: Buffer,
  requestId: string,
): Promise<void> {
  await database.run(sql`
    with ended as (
      update cabinet.session set ended_at = now(), end_reason = 'ended-by-holder'
      where holder_id = ${holderId} and session_hash = ${hash} and ended_at is null returning device)
    insert into cabinet.security_event (holder_id, kind, detail, request_id)
    select ${holderId}::uuid, 'session-ended', jsonb_build_object('device', device), ${requestId} from ended`);
}

/** Ends every session of a holder except one, and records this if there were others. */
export async function endSessionsBeside(
  transaction: Queryable,
  holderId: string,
  keep: Buffer,
  requestId: string,
): Promise<void> {
  await transaction.run(sql`
    with ended as (
      update cabinet.session set ended_at = now(), end_reason = 'ended-by-holder'
      where holder_id = ${holderId} and session_hash <> ${keep} and ended_at is null returning session_hash)
    insert into cabinet.security_event (holder_id, kind, request_id)
    select ${holderId}::uuid, 'other-sessions-ended', ${requestId} where exists (select from ended)`);
}
