import type { Database } from './database.ts';
import { sql } from './sql.ts';

/** Removes what has expired, now and then: counts, drafts, entries, sessions and codes long over. Any node may do it. */
export function housekeeping(
  database: Database,
  { everyMs, onError }: { everyMs: number; onError: (error: Error) => void },
): { wake(): void; stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const wake = () => {
    running = sweep(database).catch(onError);
  };
  const timer = setInterval(wake, everyMs);
  return {
    wake,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** One sweep. Sessions stay for 30 days, so that a late POST still finds whose it was. */
export async function sweep(database: Database): Promise<void> {
  await database.run(sql`delete from cabinet.failure where expires_at < now()`);
  await database.run(sql`delete from cabinet.draft where expires_at < now()`);
  await database.run(sql`delete from cabinet.allowance where ends_at < now()`);
  await database.run(sql`delete from cabinet.code_outcome where minute < now() - interval '2 days'`);
  await database.run(sql`delete from cabinet.entry where expires_at < now() - interval '1 day'`);
  await database.run(sql`
    delete from cabinet.code c where expires_at < now() - interval '30 days'
      and not exists (select from cabinet.entry e where e.code_id = c.code_id)`);
  await database.run(
    sql`delete from cabinet.session where greatest(seen_at, ended_at) < now() - interval '30 days'`,
  );
}
