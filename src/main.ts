import cluster from 'node:cluster';
import { type Logger, pino } from 'pino';
import { type Config, readConfig } from './config/config.ts';
import { ConfigError } from './config/faults.ts';
import { demonstration } from './demonstration.ts';
import type { Instance } from './instance.ts';
import { paths } from './paths.ts';
import { help, readArguments } from './platform/process/arguments.ts';
import { endAtCrash } from './platform/process/crash.ts';
import { gatherLines, mostAtOnce } from './platform/process/gathered-lines.ts';
import { levelBySignal } from './platform/process/log-level.ts';
import type { ListeningAddress } from './platform/process/orders.ts';
import { patience, stopBySignal } from './platform/process/stop.ts';
import { prepare, startTracing } from './start.ts';

/**
 * Reads the settings and starts what the command line asks for: one process, or several on one
 * port.
 */
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
  const output = pino.destination({ dest: 2, sync: false, maxWrite: mostAtOnce });
  const log = pino({ level: config.operations.logLevel, base: null }, gatherLines(output));
  endAtCrash(log);
  const onListening = (address: ListeningAddress) => greet(config, address);
  if (cluster.isWorker) {
    const { runWorker } = await import('./workers.ts');
    await runWorker(config, log);
  } else if (asked.workers !== undefined) {
    const { runPrimary } = await import('./workers.ts');
    await runPrimary(asked.workers, config, log, onListening);
  } else await runAlone(config, log, onListening);
}

/** Runs the whole service in this process. */
async function runAlone(
  config: Config,
  log: Logger,
  onListening: (address: ListeningAddress) => void,
): Promise<void> {
  levelBySignal(log);
  const { port, host, drainSeconds } = config.server;
  // The code of the service is loaded while PostgreSQL starts.
  const loading = import('./instance.ts');
  loading.catch(() => undefined);
  const tracing = await startTracing(config, log);
  const prepared = await prepare(config, log, tracing);
  let instance: Instance | undefined;
  stopBySignal(
    async () => {
      const drainMs = drainSeconds * 1_000;
      await instance?.close({ drainMs, patienceMs: patience - drainMs });
      await prepared.close();
      await tracing?.close();
    },
    (message) => log.warn(message),
  );
  try {
    const { createInstance } = await loading;
    instance = await createInstance({ config, database: prepared.database, log, tracing });
    // Before the first page, so that whoever sees the service also sees its metrics.
    await prepared.serveMetrics(instance.metrics.text);
    await instance.server.listen({ port, host });
    instance.startJobs();
    onListening(instance.server.server.address());
  } catch (error) {
    await instance?.close({ patienceMs: 0 });
    await prepared.close();
    throw error;
  }
}

/** Prints the address of the service and, in a demonstration, who can sign in. */
function greet({ demo, server: { role, host, port, publicUrl } }: Config, address: ListeningAddress): void {
  const listening = typeof address === 'object' && address ? address.port : port;
  const name = host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host;
  const url = publicUrl?.origin ?? `http://${name}:${listening}`;
  const lines =
    role === 'worker'
      ? [`This process delivers and shows no pages; its health is at ${url}${paths.ready}`]
      : [`The cabinet is at ${url}`, ...((demo && demonstration?.greeting(url)) || [])];
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
}

main().catch((error: NodeJS.ErrnoException) => {
  if (error instanceof ConfigError) console.error(error.message);
  else if (error.code === 'EADDRINUSE')
    console.error('The port is in use: choose another by PORT, or end what listens there.');
  else console.error(error.message || error);
  process.exit(1);
});
