import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Language } from '../../values/language.ts';
import type { AskedOfPhone, AttemptReason, AttemptState, PhoneAttempt, PhoneTrouble } from './attempt.ts';
import {
  attemptLimits,
  attemptSeconds,
  checkSeconds,
  codeSeconds,
  enterSeconds,
  wrongDigits,
} from './settings.ts';

const age = sql`extract(epoch from now() - started_at)::float`;

const columns = sql`
  attempt_id as "attemptId", purpose, signer_id as "signerId", asked_in as "askedIn", change_id as "changeId",
  change_mark as "changeMark", number, expires_at <= now() as "isOver",
  -- A judgement that was interrupted may begin again.
  case when state = 'checking' and checking_since < now() - make_interval(secs => ${checkSeconds}::int) then 'scanned'
    else state end as state,
  floor(${age} / ${codeSeconds.each}::float)::int as turn,
  ${age} - floor(${age} / ${codeSeconds.each}::float) * ${codeSeconds.each}::float
    < ${codeSeconds.late}::float as "takesFormer",
  language, device, network, digits, trouble, started_at as "startedAt",
  expires_at as "expiresAt", token_hash as "tokenHash", content,
  given_at as "givenAt", answer_hash as "answerHash", reason, holder_id as "holderId", known_key as "knownKey",
  returned_at as "returnedAt", session_hash as "sessionHash", target, now() as now`;

/** The attempt with this id. Undefined when there is none, or none any more. */
export function findAttempt(database: Queryable, attemptId: Buffer): Promise<PhoneAttempt | undefined> {
  return database.first<PhoneAttempt>(sql`
    select ${columns} from cabinet.phone_attempt where attempt_id = ${attemptId}`);
}

/** The latest attempt of a browser. Undefined when it has started none. */
export function findAttemptOf(database: Queryable, browser: Buffer): Promise<PhoneAttempt | undefined> {
  return database.first<PhoneAttempt>(sql`
    select ${columns} from cabinet.phone_attempt where browser = ${browser} order by started_at desc limit 1`);
}

/** Who asks for a signature. */
export interface AttemptStart {
  readonly attemptId: Buffer;
  /** The hash of the cookie of its browser. */
  readonly browser: Buffer;
  /** The hash of the cookie that the browser had for its attempt before. */
  readonly former: Buffer | undefined;
  readonly language: Language;
  readonly device: string;
  readonly network: string;
  readonly digits: number;
  readonly target: string | undefined;
  readonly asked: AskedOfPhone;
}

/**
 * Starts an attempt in the place of the browser's former one. `limited`: this browser starts too
 * many in a row. `full`: too many wait in all.
 */
export async function insertAttempt(
  database: Queryable,
  { attemptId, browser, former, language, device, network, digits, target, asked }: AttemptStart,
): Promise<'started' | 'limited' | 'full'> {
  const {
    purpose,
    signerId,
    askedIn,
    changeId,
    changeMark,
    content,
    nonce,
  }: Partial<Extract<AskedOfPhone, { purpose: 'change' }>> = asked as object;
  const row = await database.first<{ readonly outcome: 'started' | 'limited' | 'full' }>(sql`
    with former as (
      select coalesce(max(starts), 0) as starts from cabinet.phone_attempt
      where browser = ${former ?? null}::bytea and started_at > now() - interval '10 minutes'),
    waiting as (
      select count(*) as n from (
        select from cabinet.phone_attempt where expires_at > now() limit ${attemptLimits.waiting}::int) as live),
    judged as (
      select starts, case when starts >= ${attemptLimits.starts}::int then 'limited'
        when n >= ${attemptLimits.waiting}::int then 'full' else 'started' end as outcome from former, waiting),
    ended as (
      update cabinet.phone_attempt set expires_at = now()
      where browser = ${former ?? null}::bytea and expires_at > now() and (select outcome from judged) = 'started'),
    inserted as (
      insert into cabinet.phone_attempt (attempt_id, browser, language, device, network, digits,
        target, starts, expires_at,
        purpose, signer_id, asked_in, change_id, change_mark, content, nonce)
      select ${attemptId}::bytea, ${browser}::bytea, ${language}, ${device}, ${network}, ${digits}::int,
        ${target ?? null}, starts + 1,
        now() + make_interval(secs => ${attemptSeconds[asked.purpose]}::int), ${purpose}, ${signerId ?? null}::uuid,
        ${askedIn ?? null}::bytea, ${changeId ?? null}::uuid, ${changeMark ?? null}::bytea, ${content ?? null}::bytea,
        ${nonce ?? null}::bytea
      from judged where outcome = 'started')
    select outcome from judged`);
  return row?.outcome ?? 'full';
}

/** The document that a phone gets to sign. */
export interface GivenDocument {
  readonly tokenHash: Buffer;
  readonly nonce: Buffer;
  readonly content: Buffer;
}

/**
 * Gives the document to the first phone that reads it. Returns false when another phone, or the
 * end of the attempt, was faster.
 */
export async function giveDocument(
  database: Queryable,
  attemptId: Buffer,
  { tokenHash, nonce, content }: GivenDocument,
): Promise<boolean> {
  const given = await database.run(sql`
    update cabinet.phone_attempt set state = 'scanned', token_hash = ${tokenHash}, nonce = coalesce(nonce, ${nonce}),
      content = coalesce(content, ${content}), given_at = now()
    where attempt_id = ${attemptId} and state = 'waiting' and expires_at > now()`);
  return given === 1;
}

/** Notes what a phone did that was not accepted. */
export async function noteTrouble(
  database: Queryable,
  attemptId: Buffer,
  trouble: PhoneTrouble,
): Promise<void> {
  await database.run(sql`
    update cabinet.phone_attempt set trouble = ${trouble}
    where attempt_id = ${attemptId} and trouble is distinct from ${trouble} and state in ('scanned', 'checking')
      and expires_at > now()`);
}

/**
 * Takes a signature of the phone that read the document, to be judged. One at a time, so the same
 * signature sent twice is judged once.
 * @returns the database's time; undefined when the attempt takes no signature now
 */
export async function beginCheck(
  database: Queryable,
  attemptId: Buffer,
  { tokenHash, answerHash }: { readonly tokenHash: Buffer; readonly answerHash: Buffer },
): Promise<Date | undefined> {
  const row = await database.first<{ now: Date }>(sql`
    update cabinet.phone_attempt set state = 'checking', checking_since = now(), answer_hash = ${answerHash}
    where attempt_id = ${attemptId} and token_hash = ${tokenHash} and expires_at > now()
      and (state = 'scanned' or (state = 'checking'
        and checking_since < now() - make_interval(secs => ${checkSeconds}::int)))
    returning now()`);
  return row?.now;
}

/** Gives the signature back, to be sent again: nobody could say whether it counts. */
export async function abandonCheck(database: Queryable, attemptId: Buffer): Promise<void> {
  await database.run(sql`
    update cabinet.phone_attempt set state = 'scanned', answer_hash = null
    where attempt_id = ${attemptId} and state = 'checking'`);
}

/** Ends an attempt that opens nothing. */
export async function refuseAttempt(
  database: Queryable,
  attemptId: Buffer,
  reason: AttemptReason,
): Promise<void> {
  await database.run(sql`
    update cabinet.phone_attempt set state = 'refused', reason = ${reason}
    where attempt_id = ${attemptId} and state in ('checking', 'done')`);
}

/** Ends an attempt whose signature could not even be read, for the phone that may sign it. */
export async function refuseUnjudged(
  database: Queryable,
  attemptId: Buffer,
  token: Buffer,
  reason: AttemptReason,
): Promise<void> {
  await database.run(sql`
    update cabinet.phone_attempt set state = 'refused', reason = ${reason}
    where attempt_id = ${attemptId} and token_hash = ${token} and state = 'scanned' and expires_at > now()`);
}

/** Notes who has signed. Returns false when the attempt has ended meanwhile. */
export async function finishCheck(
  transaction: Queryable,
  attemptId: Buffer,
  { holderId, knownKey }: { readonly holderId: string; readonly knownKey: boolean },
): Promise<boolean> {
  const done = await transaction.run(sql`
    update cabinet.phone_attempt set state = 'done', holder_id = ${holderId}, known_key = ${knownKey},
      expires_at = greatest(expires_at, now() + make_interval(secs => ${enterSeconds}::int))
    where attempt_id = ${attemptId} and state = 'checking'`);
  return done === 1;
}

/** Notes that the change was made. */
export async function finishChangeCheck(
  database: Queryable,
  attemptId: Buffer,
  { holderId, number }: { readonly holderId: string; readonly number: string },
): Promise<void> {
  await database.run(sql`
    update cabinet.phone_attempt set state = 'done', holder_id = ${holderId}, number = ${number}
    where attempt_id = ${attemptId} and state = 'checking'`);
}

/** What became of six digits that were typed. */
export type DigitsOutcome = 'right' | 'wrong' | 'ended';

/**
 * Counts six digits that were typed, and says what became of them. Those that are wrong for the
 * third time end the attempt.
 */
export async function countDigits(
  database: Queryable,
  browser: Buffer,
  attemptId: Buffer,
  isRight: boolean,
): Promise<DigitsOutcome> {
  const endsIt = sql`not ${isRight}::boolean and wrong_digits + 1 >= ${wrongDigits}::int`;
  const row = await database.first<{ state: AttemptState }>(sql`
    update cabinet.phone_attempt set
      wrong_digits = wrong_digits + ${isRight ? 0 : 1}::int,
      returned_at = case when ${isRight}::boolean then now() else returned_at end,
      state = case when ${endsIt} then 'refused' else state end,
      reason = case when ${endsIt} then 'wrongDigits' else reason end
    where attempt_id = ${attemptId} and browser = ${browser} and state = 'done' and expires_at > now()
      and wrong_digits < ${wrongDigits}::int
    returning state`);
  if (row?.state !== 'done') return 'ended';
  return isRight ? 'right' : 'wrong';
}

/** Notes that the signing phone led back to the browser that began. */
export async function noteReturn(database: Queryable, browser: Buffer, attemptId: Buffer): Promise<boolean> {
  const noted = await database.run(sql`
    update cabinet.phone_attempt set returned_at = now()
    where attempt_id = ${attemptId} and browser = ${browser} and state = 'done' and expires_at > now()`);
  return noted === 1;
}

/**
 * Ends an attempt by the phone that signed it, and the session that it has opened. The caller has
 * locked the holder.
 */
export async function stopAttempt(transaction: Queryable, attemptId: Buffer): Promise<void> {
  await transaction.run(sql`
    with stopped as (
      update cabinet.phone_attempt set state = 'refused', reason = 'stopped'
      where attempt_id = ${attemptId} and state in ('done', 'entered') returning session_hash)
    update cabinet.session set ended_at = now(), end_reason = 'locked' from stopped
    where session.session_hash = stopped.session_hash and ended_at is null`);
}

/** A signed attempt that opens a session now. */
export interface EnteredAttempt {
  readonly isReturned: boolean;
  readonly knownKey: boolean;
}

/** Uses up a signed attempt of this browser. Undefined when it is over. */
export function enterAttempt(
  transaction: Queryable,
  browser: Buffer,
  attemptId: Buffer,
): Promise<EnteredAttempt | undefined> {
  return transaction.first<EnteredAttempt>(sql`
    update cabinet.phone_attempt set state = 'entered'
    where attempt_id = ${attemptId} and browser = ${browser} and state = 'done' and purpose <> 'change'
      and expires_at > now()
    returning returned_at is not null as "isReturned", known_key as "knownKey"`);
}

/** Notes the session that an attempt has opened. */
export async function noteSession(transaction: Queryable, attemptId: Buffer, session: Buffer): Promise<void> {
  await transaction.run(sql`
    update cabinet.phone_attempt set session_hash = ${session} where attempt_id = ${attemptId}`);
}

/**
 * The latest attempts that wait for a phone. For a demonstration, where the double of the phone
 * finds them.
 */
export function findWaitingAttempt(database: Queryable): Promise<PhoneAttempt | undefined> {
  return database.first<PhoneAttempt>(sql`
    select ${columns} from cabinet.phone_attempt
    where state = 'waiting' and expires_at > now() order by started_at desc limit 1`);
}
