import cluster from 'node:cluster';
import { pino } from 'pino';
import { readConfig } from './config/config.ts';
import { ConfigError } from './config/faults.ts';
import { createInstance, type Instance } from './instance.ts';
import { help, readArguments } from './platform/process/arguments.ts';
import { patience, stopBySignal } from './platform/process/stop.ts';
import { endAtCrash, greet, prepare } from './start.ts';
import { runPrimary, runWorker } from './workers.ts';

/** Reads the settings and starts what the command line asks for: one process, or several behind one port. */
async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.kind === 'help') {
    console.log(help);
    return;
  }
  if (asked.kind === 'wrong') {
    console.error(`${asked.message}\n\n${help}`);
    process.exit(2);
  }
  const config = readConfig(process.env);
  const log = pino(
    { level: config.operations.logLevel, base: null },
    pino.destination({ dest: 2, sync: false }),
  );
  endAtCrash(log);
  if (cluster.isWorker) await runWorker(config, log);
  else if (asked.workers !== undefined) await runPrimary(asked.workers, config, log);
  else await runAlone(config, log);
}

/** The whole service in this process. */
async function runAlone(...[config, log]: Parameters<typeof prepare>): Promise<void> {
  const prepared = await prepare(config, log);
  let app: Instance | undefined;
  stopBySignal(
    async () => {
      const drainMs = config.server.drainSeconds * 1_000;
      await app?.close({ drainMs, patienceMs: patience - drainMs });
      await prepared.close();
    },
    (message) => log.warn(message),
  );
  try {
    app = await createInstance({ config, database: prepared.database, log });
    await app.server.listen({ port: config.server.port, host: config.server.host });
    await prepared.serveMetrics(app.metrics.text);
    app.startJobs();
    greet(config, app.server.server.address());
  } catch (error) {
    await app?.close({ patienceMs: 0 });
    await prepared.close();
    throw error;
  }
}

main().catch((error: NodeJS.ErrnoException) => {
  if (error instanceof ConfigError) console.error(error.message);
  else if (error.code === 'EADDRINUSE')
    console.error('The port is in use: choose another by PORT, or end what listens there.');
  else console.error(error.message || error);
  process.exit(1);
});
