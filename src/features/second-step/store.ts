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
 * Records a wrong second step after a right password. The caller has locked the holder's row.
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

/** The strong steps of a holder: passkeys and the app. */
export interface StrongSteps {
  readonly count: number;
  /** Whether the password, if there is one, is known to be long enough without them. */
  readonly passwordSuffices: boolean;
}

/** Reads them. Under the lock of the holder's row they hold until the transaction ends. */
export async function readStrongSteps(database: Queryable, holderId: string): Promise<StrongSteps> {
  const row = await database.first<StrongSteps>(sql`
    select (select count(*) from cabinet.passkey p where p.holder_id = h.holder_id)::int
        + (select count(*) from cabinet.authenticator a
           where a.holder_id = h.holder_id and confirmed_at is not null)::int as count,
      c.holder_id is null or coalesce(c.suffices_alone, false) as "passwordSuffices"
    from cabinet.holder h left join cabinet.credential c using (holder_id)
    where h.holder_id = ${holderId}`);
  if (!row) throw new Error('there is no such holder');
  return row;
}

/** What a holder may be advised to do about their sign-in. */
export interface StepAdvice {
  /** There is a password, which is short for one without a strong step, and there is none. */
  readonly passwordShort: boolean;
  /** There is a password and no strong step, and the suggestion was not closed lately. */
  readonly suggestStep: boolean;
}

/** Days for which a closed suggestion stays away. */
const dismissedDays = 90;

/** Reads what the holder of a session may be advised to do. */
export function readStepAdvice(database: Queryable, sessionHash: Buffer): Promise<StepAdvice | undefined> {
  const strong = sql`(exists (select from cabinet.passkey p where p.holder_id = c.holder_id)
    or exists (select from cabinet.authenticator a
      where a.holder_id = c.holder_id and a.confirmed_at is not null))`;
  return database.first<StepAdvice>(sql`
    select c.suffices_alone is false and not ${strong} as "passwordShort",
      coalesce(s.dismissed_at, '-infinity') < now() - make_interval(days => ${dismissedDays}::int)
        and not ${strong} as "suggestStep"
    from cabinet.session join cabinet.credential c using (holder_id)
      left join cabinet.second_step s using (holder_id)
    where session_hash = ${sessionHash}`);
}

/** Closes the suggestion to set a second step up. */
export async function dismissSuggestion(database: Queryable, holderId: string): Promise<void> {
  await database.run(sql`
    insert into cabinet.second_step (holder_id, dismissed_at) values (${holderId}, now())
    on conflict (holder_id) do update set dismissed_at = now()`);
}

/**
 * Removes every second step of a holder. The caller has locked the holder's row.
 * @returns whether there was one
 */
export async function deleteSteps(transaction: Queryable, holderId: string): Promise<boolean> {
  const row = await transaction.first<{ any: boolean }>(sql`
    with app as (delete from cabinet.authenticator where holder_id = ${holderId} returning holder_id),
    begun as (delete from cabinet.authenticator_setup where holder_id = ${holderId}),
    passkeys as (delete from cabinet.passkey where holder_id = ${holderId} returning holder_id),
    codes as (delete from cabinet.backup_code where holder_id = ${holderId} returning holder_id),
    sms as (
      update cabinet.second_step set sms_allowed_at = null
      where holder_id = ${holderId} and sms_allowed_at is not null returning holder_id)
    select exists (select from app) or exists (select from passkeys) or exists (select from codes)
      or exists (select from sms) as any`);
  return row?.any ?? false;
}
