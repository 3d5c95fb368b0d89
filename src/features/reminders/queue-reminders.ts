import type { Database } from '../../platform/postgres/database.ts';
import { mayRemind } from './hours.ts';
import type { ReminderSettings } from './settings.ts';
import { lockRun, queueDue } from './store.ts';

/** Rows of one transaction. A process that is killed loses no more work than this. */
const portion = 1_000;

export interface QueueRemindersDeps {
  readonly database: Database;
  readonly reminderSettings: ReminderSettings;
}

/**
 * Queues the reminders that are due, in portions that commit one by one. What is left after a kill
 * is still due, so the next pass takes it. Does nothing at night, nor while another process is at
 * it.
 * @returns how many were queued
 */
export async function queueReminders(
  { database, reminderSettings }: QueueRemindersDeps,
  signal: AbortSignal,
  now: number = Date.now(),
): Promise<number> {
  let queued = 0;
  if (!mayRemind(reminderSettings, now)) return queued;
  while (!signal.aborted) {
    const done = await database.transaction(async (tx) =>
      (await lockRun(tx)) ? await queueDue(tx, portion) : undefined,
    );
    queued += done?.queued ?? 0;
    if ((done?.taken ?? 0) < portion) break;
  }
  return queued;
}
