import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import { knownBy } from '../sign-in/device-store.ts';
import type { StepStanding } from './standing.ts';

/** Minutes within which the second step must follow the password. */
const stepMinutes = 10;

/** Wrong steps within a day of which the holder is notified. */
const manyFailures = 5;

/**
 * Reads what a holder has to prove who they are.
 * @param marks the marks that the browser sent; empty where no browser is to be trusted
 * @param waitHours how long a mobile proves nothing after it was changed or restored the password
 */
export async function readStepStanding(
  database: Queryable,
  holderId: string,
  { marks, waitHours }: { readonly marks: readonly Buffer[]; readonly waitHours: number },
): Promise<StepStanding> {
  const wait = sql`make_interval(hours => ${waitHours}::int)`;
  const fresh = sql`greatest(
    case when r.mobile_since > now() - coalesce(make_interval(hours => r.mobile_wait_hours), ${wait})
      then r.mobile_since + coalesce(make_interval(hours => r.mobile_wait_hours), ${wait}) end,
    case when c.recovered_via is distinct from 'email' and c.recovered_at > now() - ${wait}
      then c.recovered_at + ${wait} end)`;
  const row = await database.first<StepStanding>(sql`
    select c.holder_id is not null as "hasPassword", c.suffices_alone as "sufficesAlone",
      (select count(*)::int from cabinet.passkey p where p.holder_id = h.holder_id) as passkeys,
      exists (select from cabinet.authenticator a
        where a.holder_id = h.holder_id and confirmed_at is not null) as authenticator,
      (select count(*)::int from cabinet.backup_code b
        where b.holder_id = h.holder_id and used_at is null) as "backupCodes",
      s.sms_allowed_at is not null as "smsAllowed", r.mobile_phone as mobile, ${fresh} as "mobileFreshUntil",
      exists (select from cabinet.known_device d
        where ${knownBy(marks)} and d.trusted_until > now()) as trusted
    from cabinet.holder h left join cabinet.credential c using (holder_id)
      left join cabinet.requisites r using (holder_id) left join cabinet.second_step s using (holder_id)
    where h.holder_id = ${holderId}`);
  if (!row) throw new Error('there is no such holder');
  return row;
}

/** A sign-in whose password was right and whose second step is still to come. */
export interface PendingStep {
  readonly stepId: string;
  readonly holderId: string;
  readonly iin: string;
}

/** Begins the second step of a holder. The caller has locked the holder's row. */
export async function insertPendingStep(
  transaction: Queryable,
  holderId: string,
  hash: Buffer,
): Promise<{ readonly stepId: string }> {
  const row = await transaction.first<{ stepId: string }>(sql`
    insert into cabinet.sign_in_step (step_hash, holder_id, expires_at)
    values (${hash}, ${holderId}, now() + make_interval(mins => ${stepMinutes}::int))
    returning step_id as "stepId"`);
  if (!row) throw new Error('no second step was begun');
  return row;
}

/** Finds it by the hash of the secret in the browser's cookie. */
export function findPendingStep(database: Queryable, hash: Buffer): Promise<PendingStep | undefined> {
  return database.first<PendingStep>(sql`
    select step_id as "stepId", holder_id as "holderId", iin
    from cabinet.sign_in_step join cabinet.holder using (holder_id)
    where step_hash = ${hash} and expires_at > now()`);
}

/** Ends it. Returns true for exactly one caller. The caller has locked the holder's row. */
export async function endPendingStep(transaction: Queryable, hash: Buffer): Promise<boolean> {
  return (
    (await transaction.run(
      sql`delete from cabinet.sign_in_step where step_hash = ${hash} and expires_at > now()`,
    )) === 1
  );
}

/**
 * Records a wrong second step after a right password.
 * @returns whether it is time to notify the holder: at the fifth within a day
 */
export async function recordWrongStep(
  transaction: Queryable,
  holderId: string,
  requestId: string,
): Promise<boolean> {
  const row = await transaction.first<{ earlier: number }>(sql`
    with earlier as (
      select count(*)::int as n from cabinet.security_event
      where holder_id = ${holderId} and kind = 'step-failed' and made_at > now() - interval '1 day'),
    recorded as (
      insert into cabinet.security_event (holder_id, kind, request_id)
      values (${holderId}, 'step-failed', ${requestId}))
    select n as earlier from earlier`);
  return row?.earlier === manyFailures - 1;
}

/** Allows codes by SMS as a second step, or no longer. */
export async function writeSmsAllowed(
  transaction: Queryable,
  holderId: string,
  allowed: boolean,
): Promise<void> {
  await transaction.run(sql`
    insert into cabinet.second_step as s (holder_id, sms_allowed_at)
    values (${holderId}, case when ${allowed}::boolean then now() end)
    on conflict (holder_id) do update set sms_allowed_at = excluded.sms_allowed_at`);
}
