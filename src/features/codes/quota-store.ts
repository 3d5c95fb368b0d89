import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** How often something may be done in a window. The window begins with the first use. */
export interface Quota {
  readonly key: Buffer;
  readonly most: number;
  readonly minutes: number;
}

/**
 * Counts one use in every quota, in one statement. When any of them is used up, returns false and
 * counts nothing.
 */
export async function takeQuotas(database: Queryable, quotas: readonly Quota[]): Promise<boolean> {
  // Counted in the order of the keys, because two requests for the same person must not wait for
  // each other.
  const ordered = [...quotas].sort((one, other) => Buffer.compare(one.key, other.key));
  const row = await database.first<{ allowed: boolean }>(sql`
    with wanted as (
      select * from unnest(${ordered.map(({ key }) => key)}::bytea[], ${ordered.map(({ most }) => most)}::int[],
        ${ordered.map(({ minutes }) => minutes)}::int[]) as w (key, most, minutes)),
    counted as (
      insert into cabinet.allowance as a (key, used, ends_at)
      select key, 1, now() + make_interval(mins => minutes) from wanted
      -- What one quota refuses uses up no other: else a stranger could spend everybody's on one person.
      where not exists (
        select from wanted w join cabinet.allowance b using (key) where b.ends_at > now() and b.used >= w.most)
      on conflict (key) do update set
        used = case when a.ends_at <= now() then 1 else a.used + 1 end,
        ends_at = case when a.ends_at <= now() then excluded.ends_at else a.ends_at end
      returning key, used)
    select bool_and(used <= most) as allowed from counted join wanted using (key)`);
  return row?.allowed ?? false;
}

/** Seconds until none of these quotas is used up. 0 when none is. */
export async function quotaWait(database: Queryable, quotas: readonly Quota[]): Promise<number> {
  const row = await database.first<{ seconds: number | null }>(sql`
    select max(ceil(extract(epoch from ends_at - now())))::int as seconds
    from unnest(${quotas.map(({ key }) => key)}::bytea[], ${quotas.map(({ most }) => most)}::int[]) as q (key, most)
      join cabinet.allowance using (key)
    where ends_at > now() and used >= most`);
  return row?.seconds ?? 0;
}
