import type { Queryable } from '../../platform/postgres/database.ts';
import { sql } from '../../platform/postgres/sql.ts';

/** The name of the backup. A command makes it, and no process of the service. */
export const backupJob = 'backup';

/** When a kind of background work last succeeded. */
export interface JobSuccess {
  readonly job: string;
  /**
   * Unix time in seconds. For work that has never succeeded, the time since when it has been
   * expected.
   */
  readonly at: number;
}

/** Expects work from now on. This also reveals work that never succeeds. */
export async function expectJobs(database: Queryable, jobs: readonly string[]): Promise<void> {
  await database.run(sql`
    insert into cabinet.job_success (job) select job from unnest(${jobs}::text[]) as job order by job
    on conflict (job) do nothing`);
}

/** Records that these kinds have just succeeded. */
export async function recordJobSuccess(database: Queryable, jobs: readonly string[]): Promise<void> {
  // Always in the same order, so that two processes cannot wait for each other.
  await database.run(sql`
    insert into cabinet.job_success (job) select job from unnest(${jobs}::text[]) as job order by job
    on conflict (job) do update set succeeded_at = now()`);
}
