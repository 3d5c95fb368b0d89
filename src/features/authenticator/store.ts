import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Actor } from '../../platform/session.ts';
import type { SealedSecret } from './sealed-secret.ts';

/** The time in seconds since 1970, by the database's clock. */
const clock = sql`extract(epoch from now())::float as seconds`;

/** Minutes for which an app that is being added waits for its first code. */
const setupMinutes = 60;

/** A sealed secret, and the time at which it was read. */
export interface TimedSecret {
  readonly secret: Buffer;
  readonly seconds: number;
}

/** The authenticator app of a holder. Undefined when there is none. */
export function findAuthenticator(
  database: Queryable,
  holderId: string,
): Promise<(TimedSecret & SealedSecret) | undefined> {
  return database.first<TimedSecret & SealedSecret>(sql`
    select secret, sealed_by as "sealedBy", ${clock} from cabinet.authenticator
    where holder_id = ${holderId} and confirmed_at is not null`);
}

/**
 * Uses the code of a step. Returns true for exactly one caller, in whichever process, and never for
 * a step before one that was used.
 */
export async function consumeStep(database: Queryable, holderId: string, step: number): Promise<boolean> {
  const used = await database.run(sql`
    update cabinet.authenticator set last_counter = ${step}::bigint
    where holder_id = ${holderId} and coalesce(last_counter, -1) < ${step}::bigint`);
  return used === 1;
}

/** Replaces a sealed secret with the same one under another key, unless it was replaced meanwhile. */
export async function replaceSealed(
  database: Queryable,
  holderId: string,
  former: Buffer,
  { secret, sealedBy }: SealedSecret,
): Promise<void> {
  await database.run(sql`
    update cabinet.authenticator set secret = ${secret}, sealed_by = ${sealedBy}
    where holder_id = ${holderId} and secret = ${former}`);
}

/** Some of the secrets that these keys have sealed, except those of `without`. */
export function listSealedBy(
  database: Queryable,
  keyNames: readonly Buffer[],
  { without, most }: { readonly without: readonly string[]; readonly most: number },
): Promise<readonly { readonly holderId: string; readonly secret: Buffer }[]> {
  return database.rows(sql`
    select holder_id as "holderId", secret from cabinet.authenticator
    where sealed_by = any(${keyNames}::bytea[]) and holder_id <> all(${without}::uuid[]) limit ${most}`);
}

/** Who adds an app, and in which session. */
export type SetupOwner = Pick<Actor, 'holderId' | 'sessionHash'>;

/** When the session began. It stays the same when the session gets a new secret. */
const startOf = (sessionHash: Buffer) =>
  sql`(select started_at from cabinet.session where session_hash = ${sessionHash})`;

/**
 * The secret of an app that is being added in this session. Undefined when none is, or its time is
 * over. One that was begun in another session is nothing here: somebody else may have seen it.
 */
export function findSetup(
  database: Queryable,
  { holderId, sessionHash }: SetupOwner,
): Promise<TimedSecret | undefined> {
  return database.first<TimedSecret>(sql`
    select secret, ${clock} from cabinet.authenticator_setup
    where holder_id = ${holderId} and expires_at > now() and session_started = ${startOf(sessionHash)}`);
}

/**
 * Begins to add an app. One that was begun in this session stays while its time lasts, so that a
 * page that is opened again shows the same secret. The caller has locked the holder's row.
 */
export async function insertSetup(
  transaction: Queryable,
  { holderId, sessionHash }: SetupOwner,
  secret: Buffer,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.authenticator_setup as s (holder_id, secret, expires_at, session_started)
    values (${holderId}, ${secret}, now() + make_interval(mins => ${setupMinutes}::int), ${startOf(sessionHash)})
    on conflict (holder_id) do update set secret = excluded.secret, expires_at = excluded.expires_at,
      session_started = excluded.session_started
      where s.expires_at <= now() or s.session_started is distinct from excluded.session_started`);
}

/** Ends it. The caller has locked the holder's row. */
export async function deleteSetup(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`delete from cabinet.authenticator_setup where holder_id = ${holderId}`);
}

/** An app that its first code has confirmed. */
export interface ConfirmedAuthenticator extends SealedSecret {
  /** The step of that code, which cannot be used again. */
  readonly step: number;
  /** Whether a signature by EDS proved the holder. */
  readonly byEds: boolean;
}

/** Stores the app of a holder in place of the one before. The caller has locked the holder's row. */
export async function writeAuthenticator(
  transaction: Queryable,
  holderId: string,
  { secret, sealedBy, step, byEds }: ConfirmedAuthenticator,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.authenticator (holder_id, secret, sealed_by, last_counter, by_eds, confirmed_at)
    values (${holderId}, ${secret}, ${sealedBy}, ${step}::bigint, ${byEds}, now())
    on conflict (holder_id) do update set secret = excluded.secret, sealed_by = excluded.sealed_by,
      last_counter = excluded.last_counter, by_eds = excluded.by_eds, created_at = now(), confirmed_at = now()`);
}

/** Removes the app of a holder. The caller has locked the holder's row. */
export async function deleteAuthenticator(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`delete from cabinet.authenticator where holder_id = ${holderId}`);
}
