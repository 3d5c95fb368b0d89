import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** What attempts with a password are counted by. */
export interface FailureLimit {
  /** A keyed hash: whether the person exists plays no part. */
  readonly key: Buffer;
  /** So many failures are free of delay. */
  readonly free: number;
  /** The delay doubles from a minute up to this. */
  readonly maxMinutes: number;
}

/**
 * Counts one attempt before it is made, by the database's clock. An attempt during a delay is
 * refused and not counted, and `waitSeconds` says how long the delay lasts.
 */
export async function countPasswordAttempt(
  database: Queryable,
  { key, free, maxMinutes }: FailureLimit,
): Promise<{ readonly allowed: boolean; readonly waitSeconds: number }> {
  // One statement, so that of many parallel attempts only the free ones pass: the attempt that uses
  // up the last free one starts the delay before its own outcome is known.
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
}

/** Forgets counted failures that no longer matter: the password was right, or it is a new one. */
export async function forgetFailures(transaction: Queryable, keys: readonly Buffer[]): Promise<void> {
  await transaction.run(sql`delete from cabinet.failure where key = any(${keys})`);
}
