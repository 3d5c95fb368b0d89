import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** A limit on attempts with a password, and the key by which they are counted. */
export interface FailureLimit {
  /** A keyed hash, which does not depend on whether the person exists. */
  readonly key: Buffer;
  /** Number of failures without a delay. */
  readonly free: number;
  /** The delay starts at one minute and doubles up to this. */
  readonly maxMinutes: number;
}

/**
 * Counts one attempt before it is made, by the database's clock. An attempt during a delay is
 * refused and not counted, and `waitSeconds` gives the rest of the delay.
 */
export async function countPasswordAttempt(
  database: Queryable,
  { key, free, maxMinutes }: FailureLimit,
): Promise<{ readonly allowed: boolean; readonly waitSeconds: number }> {
  // One statement, so parallel attempts cannot exceed the free ones. The attempt that uses the last
  // free one starts the delay before its own result is known.
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

/** Forgets counted failures after a right password or a new one. */
export async function forgetFailures(transaction: Queryable, keys: readonly Buffer[]): Promise<void> {
  await transaction.run(sql`delete from cabinet.failure where key = any(${keys})`);
}
