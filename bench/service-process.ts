import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { readConfig } from '../src/config/config.ts';
import { createInstance } from '../src/instance.ts';
import { gatherLines, mostAtOnce } from '../src/platform/process/gathered-lines.ts';
import { prepare } from '../src/start.ts';

/**
 * The service in its own process, so that its CPU time is separate from the load's. Answers `cpu`
 * over IPC.
 */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  // As in production: the log is a part of what a request costs.
  const output = pino.destination({ dest: 1, sync: false, maxWrite: mostAtOnce });
  const log = pino({ level: config.operations.logLevel, base: null }, gatherLines(output));
  const prepared = await prepare(config, log);
  const app = await createInstance({ config, database: prepared.database, log });
  await app.server.listen({ port: 0, host: '127.0.0.1' });
  app.startJobs();
  process.on('message', async (message) => {
    if (message === 'cpu') process.send?.({ cpu: process.cpuUsage(), memory: memoryOf() });
    if (message === 'stop') {
      await app.close();
      await prepared.close();
      process.exit(0);
    }
  });
  process.send?.({ origin: app.server.listeningOrigin });
}

/** Resident memory, MB. */
function memoryOf(): number {
  const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]);
  return (pages * 4) / 1024;
}

await main();
