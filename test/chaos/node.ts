import { pino } from 'pino';
import { readConfig } from '../../src/config/config.ts';
import { createInstance } from '../../src/instance.ts';
import { withoutValues } from '../../src/platform/loggable.ts';
import { openDatabase } from '../../src/platform/postgres/database.ts';
import type { Order, Word } from './points.ts';
import { type Plant, setTrap } from './trap.ts';

/**
 * One complete node of the service, with pages and deliveries, on a migrated database. It dies on
 * command.
 */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino(
    { level: config.operations.logLevel, base: null },
    pino.destination({ dest: 2, sync: true }),
  );
  const pool = openDatabase(
    { connectionString: config.database.url ?? '' },
    {
      max: config.database.connections,
      prepared: config.database.prepared,
      onError: (error) => log.warn(withoutValues(error), 'a connection broke'),
    },
  );
  const trap = setTrap(pool, process.env['CHAOS_PLANT'] as Plant | undefined);
  const app = await createInstance({ config, database: trap.database, log });
  await app.server.listen({ port: 0, host: '127.0.0.1' });
  app.startJobs();
  const say = (word: Word) => process.send?.(word);
  process.on('message', (order: Order) => {
    if (!trap.obey(order) && 'dieWith' in order) say({ notMine: order.dieWith });
  });
  process.on('disconnect', () => process.exit(0));
  process.once('SIGTERM', async () => {
    trap.drain();
    await app.close();
    trap.drained();
    await pool.close();
    process.exit(0);
  });
  say({ origin: app.server.listeningOrigin });
}

await main();
