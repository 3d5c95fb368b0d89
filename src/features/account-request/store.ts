import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Language } from '../../values/language.ts';
import type { Channel } from '../notices/channel.ts';
import type { AccountRequestKind } from './account-request.ts';
import type { TypedContact } from './typed-contact.ts';

// Account requests are the rows of `cabinet.entry`. Only the hash of the cookie's secret is stored,
// and what was typed is sealed.

const live = sql`done_at is null and expires_at > now()`;
const unproved = sql`proved_at is null and ${live}`;

const after = (ms: number) => sql`now() + ${ms}::int * interval '1 millisecond'`;

/** A request to be written. */
export interface NewAccountRequest {
  readonly hash: Buffer;
  readonly kind: AccountRequestKind;
  /** What was typed, sealed. */
  readonly typed: Buffer;
  readonly language: Language;
  /** A keyed hash of the network. */
  readonly network: Buffer;
  /** An earlier request of the same browser. It ends. */
  readonly replaces: Buffer | undefined;
}

/**
 * Writes a request in one statement, the same for everybody. No worker takes it before `restMs`
 * milliseconds have passed.
 */
export async function insertRequest(
  database: Queryable,
  request: NewAccountRequest,
  { minutes, restMs }: { readonly minutes: number; readonly restMs: number },
): Promise<void> {
  await database.run(sql`
    with replaced as (update cabinet.entry set done_at = now() where entry_hash = ${request.replaces ?? null} and done_at is null)
    insert into cabinet.entry (entry_hash, kind, asked, language, network, leased_until, expires_at)
    values (${request.hash}, ${request.kind}, ${request.typed}, ${request.language}, ${request.network},
      ${after(restMs)}, now() + make_interval(mins => ${minutes}::int))`);
}

/** A request that has not expired, as its visitor may continue it. */
export interface LiveAccountRequest {
  /** What was typed, sealed. */
  readonly typed: Buffer;
  /** Set once the code was right: the holder whose password is chosen. */
  readonly proved: { readonly holderId: string; readonly iin: string } | undefined;
}

/** The request of a cookie. Undefined when it has expired or is of another kind. */
export async function findRequest(
  database: Queryable,
  hash: Buffer,
  kind: AccountRequestKind,
): Promise<LiveAccountRequest | undefined> {
  const row = await database.first<{ typed: Buffer; holderId: string | null; iin: string | null }>(sql`
    select e.asked as typed, h.holder_id as "holderId", h.iin
    from cabinet.entry e left join cabinet.holder h on h.holder_id = e.holder_id and e.proved_at is not null
    where e.entry_hash = ${hash} and e.kind = ${kind} and ${live}`);
  if (!row) return undefined;
  const { typed, holderId, iin } = row;
  return { typed, proved: holderId === null || iin === null ? undefined : { holderId, iin } };
}

/**
 * Gives a request to the worker again. Returns false when there is none. After the last try, or
 * when the code has expired, a new round of tries begins.
 */
export async function requeueRequest(
  database: Queryable,
  hash: Buffer,
  kind: AccountRequestKind,
  {
    language,
    maxTries,
    restMs,
  }: { readonly language: Language; readonly maxTries: number; readonly restMs: number },
): Promise<boolean> {
  const isOver = sql`(tries >= ${maxTries}::int or code_until <= now())`;
  const requeued = await database.run(sql`
    update cabinet.entry set language = ${language}, examined_at = null,
      leased_until = case when examined_at is null then leased_until else ${after(restMs)} end,
      tries = case when ${isOver} then 0 else tries end,
      code_until = case when ${isOver} then null else code_until end
    where entry_hash = ${hash} and kind = ${kind} and ${unproved}`);
  return requeued === 1;
}

/** What one more try of the code came to. */
export type RequestAttempt =
  | {
      readonly kind: 'counted';
      readonly sent: { readonly codeId: string; readonly holderId: string } | undefined;
    }
  /** The request has not been processed yet, so no code can be right. */
  | { readonly kind: 'early' }
  | { readonly kind: 'over'; readonly why: 'time' | 'tries' };

/**
 * Counts one try of the code. Returns undefined when there is no such request. The row lock makes
 * parallel tries count one after another, so the limit holds however many there are. The caller has
 * locked the holder's row.
 */
export async function countRequestAttempt(
  transaction: Queryable,
  hash: Buffer,
  kind: AccountRequestKind,
  maxTries: number,
): Promise<RequestAttempt | undefined> {
  const row = await transaction.first<{
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
  if (!row) return undefined;
  const { counted, codeId, holderId, early, usedUp } = row;
  if (!counted) return early ? { kind: 'early' } : { kind: 'over', why: usedUp ? 'tries' : 'time' };
  return { kind: 'counted', sent: codeId === null || holderId === null ? undefined : { codeId, holderId } };
}

/** Marks that the code was right, and leaves `minutes` to choose a password. */
export async function markProved(transaction: Queryable, hash: Buffer, minutes: number): Promise<void> {
  await transaction.run(sql`
    update cabinet.entry set proved_at = now(), expires_at = now() + make_interval(mins => ${minutes}::int)
    where entry_hash = ${hash} and ${unproved}`);
}

/** A request whose code was right. */
interface ProvedRequest {
  readonly holderId: string;
  readonly language: Language;
  /** Where its code was sent. Null when the code is no longer stored. */
  readonly channel: Channel | null;
}

/**
 * Locks a request whose code was right. Returns undefined when it has expired. The caller has
 * locked the holder's row.
 */
export function lockProvedRequest(
  transaction: Queryable,
  hash: Buffer,
  kind: AccountRequestKind,
): Promise<ProvedRequest | undefined> {
  return transaction.first<ProvedRequest>(sql`
    select holder_id as "holderId", language,
      (select channel from cabinet.code c where c.code_id = entry.code_id) as channel
    from cabinet.entry
    where entry_hash = ${hash} and kind = ${kind} and proved_at is not null and ${live} for update`);
}

/** Ends every account request of a holder, including those whose code was right. */
export async function endAccountRequests(transaction: Queryable, holderId: string): Promise<void> {
  await transaction.run(sql`
    update cabinet.entry set done_at = now() where holder_id = ${holderId} and done_at is null`);
}

/** A request that one worker holds for a while. */
export interface LeasedAccountRequest {
  readonly hash: Buffer;
  readonly id: string;
  readonly kind: AccountRequestKind;
  /** What was typed, sealed. */
  readonly typed: Buffer;
  readonly language: Language;
  /** True when a code of this request was sent before, which makes this a resend. */
  readonly again: boolean;
}

/** Takes the oldest unprocessed requests. No other worker gets them for 30 seconds. */
export function leaseRequests(database: Queryable, size: number): Promise<readonly LeasedAccountRequest[]> {
  return database.rows<LeasedAccountRequest>(sql`
    with due as (
      select entry_hash from cabinet.entry
      where examined_at is null and ${unproved} and (leased_until is null or leased_until < now())
      order by created_at limit ${size} for update skip locked)
    update cabinet.entry e set leased_until = now() + interval '30 seconds'
    from due where e.entry_hash = due.entry_hash
    returning e.entry_hash as hash, entry_id as id, kind, asked as typed, language, holder_id is not null as again`);
}

/** Allows a request to be processed again after `seconds`. */
export async function putRequestBack(database: Queryable, hash: Buffer, seconds: number): Promise<void> {
  await database.run(sql`
    update cabinet.entry set leased_until = now() + make_interval(secs => ${seconds}::int)
    where entry_hash = ${hash} and examined_at is null`);
}

/**
 * Stores what was found. From now on a typed code is compared, for the given minutes, whether one
 * was sent or not.
 */
export async function concludeRequest(
  database: Queryable,
  hash: Buffer,
  { holderId, codeId }: { readonly holderId: string | undefined; readonly codeId?: string },
  minutes: number,
): Promise<void> {
  await database.run(sql`
    update cabinet.entry set examined_at = now(), holder_id = ${holderId ?? null},
      code_id = coalesce(${codeId ?? null}::uuid, code_id),
      code_until = case when code_until > now() then code_until else now() + make_interval(mins => ${minutes}::int) end
    where entry_hash = ${hash} and examined_at is null`);
}

/** The holder of this IIN. Creates one if the fund has named this person for the first time. */
export async function findOrCreateHolder(
  database: Queryable,
  iin: string,
  language: Language,
): Promise<string> {
  const known = await database.first<{ holderId: string }>(
    sql`select holder_id as "holderId" from cabinet.holder where iin = ${iin}`,
  );
  if (known) return known.holderId;
  const created = await database.first<{ holderId: string }>(sql`
    insert into cabinet.holder as h (iin, language) values (${iin}, ${language})
    on conflict (iin) do update set iin = h.iin returning holder_id as "holderId"`);
  if (!created) throw new Error('no holder was created');
  return created.holderId;
}

/** What decides whether a code is sent to a person. */
export interface RecoveryStanding {
  readonly hasPassword: boolean;
  readonly frozen: boolean;
  readonly language: Language;
  /** The channels that may restore a password now. */
  readonly contacts: readonly TypedContact[];
}

/** Reads what decides whether a code is sent to a holder. */
export async function readRecoveryStanding(database: Queryable, holderId: string): Promise<RecoveryStanding> {
  const row = await database.first<RecoveryStanding>(sql`
    select h.language, exists (select from cabinet.credential c where c.holder_id = h.holder_id) as "hasPassword",
      exists (select from cabinet.freeze f where f.holder_id = h.holder_id) as frozen,
      (select coalesce(jsonb_agg(jsonb_build_object('channel', channel, 'value', value)), '[]')
       from cabinet.recovery_contact r
       where r.holder_id = h.holder_id and usable_from <= now() and (usable_until is null or usable_until > now())) as contacts
    from cabinet.holder h where h.holder_id = ${holderId}`);
  if (!row) throw new Error('there is no such holder');
  return row;
}
