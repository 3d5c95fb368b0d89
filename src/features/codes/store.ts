import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';
import type { Channel } from '../notices/channel.ts';
import type { CodePurpose } from '../notices/payload.ts';
import { contactProof } from '../reachability/store.ts';

/** An issued code without its text. The text is an HMAC over this row. */
export interface IssuedCode {
  readonly codeId: string;
  readonly holderId: string;
  readonly purpose: CodePurpose;
  readonly channel: Channel;
  /** The exact value it was sent to. */
  readonly destination: string;
  /** The pending change it belongs to, if any. */
  readonly changeId: string | null;
}

/** A code to be issued. */
export type NewCode = Omit<IssuedCode, 'codeId'>;

const issued = sql`
  code_id as "codeId", holder_id as "holderId", purpose, channel, destination, change_id as "changeId"`;
const live = sql`used_at is null and dead_at is null and expires_at > now()`;

/**
 * Returns the valid code of exactly this holder, purpose, destination and change if it has a try
 * left, or a new one. All other valid codes of that holder, purpose and change end. One statement.
 */
export async function renewCode(
  database: Queryable,
  code: NewCode,
  minutes: number,
  maxTries: number,
): Promise<IssuedCode> {
  const same = sql`holder_id = ${code.holderId} and purpose = ${code.purpose} and change_id is not distinct from ${code.changeId}::uuid`;
  const row = await database.first<IssuedCode>(sql`
    with held as materialized (
      select holder_id from cabinet.holder where holder_id = ${code.holderId} for no key update),
    kept as (
      select ${issued} from cabinet.code
      where ${same} and channel = ${code.channel} and destination = ${code.destination} and attempts < ${maxTries}::int and ${live}
      order by created_at desc limit 1),
    killed as (
      update cabinet.code set dead_at = now()
      where holder_id = (select holder_id from held) and ${same} and ${live} and code_id not in (select "codeId" from kept)),
    made as (
      insert into cabinet.code (holder_id, purpose, channel, destination, change_id, expires_at)
      select ${code.holderId}, ${code.purpose}, ${code.channel}, ${code.destination}, ${code.changeId}::uuid,
        now() + make_interval(mins => ${minutes}::int)
      where not exists (select from kept) returning ${issued})
    select * from kept union all select * from made`);
  if (!row) throw new Error('no code was issued');
  return row;
}

/**
 * Uses one try in one statement. Returns undefined when none is left, or the code is used, ended or
 * expired. The row lock makes parallel tries count one after another, so the limit holds however
 * many there are.
 */
export function countCodeAttempt(
  database: Queryable,
  codeId: string,
  holderId: string,
  maxTries: number,
): Promise<IssuedCode | undefined> {
  return database.first<IssuedCode>(sql`
    update cabinet.code set attempts = attempts + 1
    where code_id = ${codeId} and holder_id = ${holderId} and attempts < ${maxTries}::int and ${live}
    returning ${issued}`);
}

/**
 * Marks the code as used, and its contact as proved. Returns true for exactly one caller, who has
 * locked the holder's row.
 */
export async function markCodeUsed(database: Queryable, codeId: string): Promise<boolean> {
  const used = await database.run(sql`
    with used as (
      update cabinet.code set used_at = now() where code_id = ${codeId} and ${live}
      returning holder_id, channel, destination)
    ${contactProof(sql`used`)}`);
  return used === 1;
}

/** The code last issued for a purpose and change, whether it is still valid or not. */
export async function latestCode(
  database: Queryable,
  holderId: string,
  purpose: CodePurpose,
  changeId: string | null,
): Promise<string | undefined> {
  const row = await database.first<{ codeId: string }>(sql`
    select code_id as "codeId" from cabinet.code
    where holder_id = ${holderId} and purpose = ${purpose} and change_id is not distinct from ${changeId}::uuid
    order by created_at desc limit 1`);
  return row?.codeId;
}

/** The code last issued for a purpose of a change. */
export interface SentCode {
  readonly purpose: CodePurpose;
  readonly until: Date;
  /** It can still be used: not over, and with a try left. */
  readonly isLive: boolean;
}

/** The codes last issued for a change, one for each purpose. */
export function latestCodes(
  database: Queryable,
  holderId: string,
  changeId: string,
  maxTries: number,
): Promise<SentCode[]> {
  return database.rows<SentCode>(sql`
    select distinct on (purpose) purpose, expires_at as until, attempts < ${maxTries}::int and ${live} as "isLive"
    from cabinet.code where holder_id = ${holderId} and change_id = ${changeId}::uuid
    order by purpose, created_at desc`);
}

/** The code of a message, while it is still worth sending. */
export function findLiveCode(database: Queryable, codeId: string): Promise<IssuedCode | undefined> {
  return database.first<IssuedCode>(
    sql`select ${issued} from cabinet.code where code_id = ${codeId} and ${live}`,
  );
}

/**
 * Ends the valid codes of a holder: those of these purposes, or all. The caller has locked the
 * holder's row.
 */
export async function endCodes(
  transaction: Queryable,
  holderId: string,
  purposes?: readonly CodePurpose[],
): Promise<void> {
  const which = purposes === undefined ? sql`` : sql`and purpose = any(${purposes}::text[])`;
  await transaction.run(sql`
    update cabinet.code set dead_at = now()
    where holder_id = ${holderId} ${which} and used_at is null and dead_at is null`);
}

/**
 * Counts a comparison for the attack switch. With undefined nothing was compared: the same work is
 * done and nothing is counted.
 */
export async function countCodeOutcome(database: Queryable, right: boolean | undefined): Promise<void> {
  await database.run(sql`
    insert into cabinet.code_outcome as o (minute, compared, failed)
    values (date_trunc('minute', now()), ${right === undefined ? 0 : 1}, ${right === false ? 1 : 0})
    on conflict (minute) do update set compared = o.compared + excluded.compared, failed = o.failed + excluded.failed`);
}

/** How many comparisons failed. */
export interface CodeFailures {
  readonly lastTenMinutes: number;
  /** The mean of the previous day, per ten minutes. */
  readonly normal: number;
  /**
   * The last ten minutes one by one, newest first, with the seconds until each no longer counts.
   */
  readonly minutes: readonly { readonly failed: number; readonly leaves: number }[];
}

/** Counts failed comparisons of the last ten minutes and of the previous day. */
export async function countCodeFailures(database: Queryable): Promise<CodeFailures> {
  const row = await database.first<CodeFailures>(sql`
    select (select coalesce(jsonb_agg(jsonb_build_object('failed', failed,
        'leaves', ceil(extract(epoch from minute + interval '10 minutes' - now()))::int) order by minute desc), '[]')
        from cabinet.code_outcome where minute > now() - interval '10 minutes') as minutes,
      coalesce(sum(failed) filter (where minute > now() - interval '10 minutes'), 0)::int as "lastTenMinutes",
      coalesce(sum(failed) filter (where minute <= now() - interval '10 minutes') / 144.0, 0)::float as normal
    from cabinet.code_outcome where minute > now() - interval '1 day'`);
  return row ?? { lastTenMinutes: 0, normal: 0, minutes: [] };
}
