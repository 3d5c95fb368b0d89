import { retireEvents } from './audit-store.ts';
import type { Database } from './database.ts';
import { sql } from './sql.ts';

/**
 * Removes what has expired: counts, drafts, entries, sessions and codes long over. Any node may do it. `docs/runbook.md` has the
 * terms as a table. Sessions stay for 30 days, so that a late POST still finds whose it was. Changes, signatures and what a
 * person has on file have no term here.
 * @param eventYears how long security events are kept, three years at least
 */
export async function sweep(database: Database, eventYears = 3): Promise<void> {
  await database.run(sql`delete from cabinet.failure where expires_at < now()`);
  await database.run(sql`delete from cabinet.draft where expires_at < now()`);
  await database.run(sql`delete from cabinet.pending_change where expires_at < now()`);
  await database.run(sql`delete from cabinet.disavowal where created_at < now() - interval '60 days'`);
  await database.run(sql`delete from cabinet.allowance where ends_at < now()`);
  await database.run(sql`delete from cabinet.code_outcome where minute < now() - interval '2 days'`);
  await database.run(sql`delete from cabinet.entry where expires_at < now() - interval '1 day'`);
  await database.run(sql`
    delete from cabinet.code c where expires_at < now() - interval '30 days'
      and not exists (select from cabinet.entry e where e.code_id = c.code_id)`);
  await database.run(
    sql`delete from cabinet.session where greatest(seen_at, ended_at) < now() - interval '30 days'`,
  );
  await database.run(sql`delete from cabinet.eds_challenge where expires_at < now() - interval '1 hour'`);
  await database.run(
    sql`delete from cabinet.recovery_contact where usable_until < now() - interval '30 days'`,
  );
  await database.run(sql`delete from cabinet.known_device where seen_at < now() - interval '400 days'`);
  await database.run(sql`delete from cabinet.alert where ended_at < now() - interval '1 year'`);
  await sweepMessages(database);
  await retireEvents(database, eventYears);
}

/** Messages hold numbers and addresses: 30 days, 90 for those that never left. So many at a time: campaigns are large. */
async function sweepMessages(database: Database): Promise<void> {
  const most = 5_000;
  await database.run(sql`
    delete from cabinet.outbox where outbox_id in (
      select outbox_id from cabinet.outbox
      where lane in ('code', 'notice') and delivered_at is not null and delivered_at < now() - interval '30 days'
      limit ${most})`);
  await database.run(sql`
    delete from cabinet.outbox where outbox_id in (
      select outbox_id from cabinet.outbox
      where lane in ('code', 'notice') and dead_at is not null and dead_at < now() - interval '90 days' limit ${most})`);
  await database.run(sql`
    delete from cabinet.sms_part where gateway_id in (
      select gateway_id from cabinet.sms_part where handed_over_at < now() - interval '30 days' limit ${most})`);
  await database.run(sql`
    delete from cabinet.inbox where sent_at < now() - interval '30 days'`);
}
