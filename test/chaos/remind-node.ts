import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { readConfig } from '../../src/config/config.ts';
import { reminderQueue } from '../../src/features/notices/queues.ts';
import { queueReminders } from '../../src/features/reminders/queue-reminders.ts';
import { dispatchDue } from '../../src/platform/outbox/dispatcher.ts';
import { openDatabase } from '../../src/platform/postgres/database.ts';
import { createServices } from '../../src/services.ts';

/** A process that does nothing but queue reminders and send them, until it is killed. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const database = openDatabase({ connectionString: config.database.url ?? '' }, { max: 4 });
  const log = pino({ level: 'error', base: null }, pino.destination({ dest: 2, sync: true }));
  const services = await createServices({ config, database, log, deliversMessages: true });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
  for (;;) {
    await queueReminders(services, new AbortController().signal);
    await dispatchDue(database, reminderQueue(services));
    await pause(20);
  }
}

await main();
