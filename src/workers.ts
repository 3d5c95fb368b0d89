import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { answerPrimary, createWorkersMetrics } from './features/operations/worker-metrics.ts';
import { mostConnections } from './platform/postgres/connection-limit.ts';
import type { Connection } from './platform/postgres/database.ts';
import { levelBySignal, obeyLevel } from './platform/process/log-level.ts';
import type { ListeningAddress } from './platform/process/orders.ts';
import { borrowSlots, lendSlots } from './platform/process/shared-slots.ts';
import { patience, reloadByHangup, stopBySignal } from './platform/process/stop.ts';
import { obeyOrders, sayReady, workerData } from './platform/process/worker.ts';
import { createWorkerPool, type WorkerPool } from './platform/process/worker-pool.ts';
import { openPool, type Prepared, prepare, startTracing } from './start.ts';

/**
 * The share of each of `count` workers in what is meant for the whole machine. At least one of
 * everything.
 *
 * @internal A test divides machines that it does not have.
 */
export function divide(config: Config, count: number): Config {
  const messengers = Math.min(count, config.server.messageWorkers);
  return {
    ...config,
    // More than their share, because slots decide which of them may hash.
    passwords: { hashesAtOnce: Math.ceil(config.passwords.hashesAtOnce / count) },
    eds: { ...config.eds, threads: Math.max(1, Math.floor(config.eds.threads / count)) },
    mail: { ...config.mail, perSecond: Math.ceil(config.mail.perSecond / messengers) },
    sms: { ...config.sms, perSecond: Math.ceil(config.sms.perSecond / messengers) },
  };
}

/** What the primary process gives a worker at its start. */
interface WorkerShare {
  readonly connection: Connection;
  /** True for those that deliver messages. */
  readonly deliversMessages: boolean;
  /** How many workers share the machine. */
  readonly workers: number;
  /** How much is logged now, which a signal may have changed since the start. */
  readonly logLevel: string;
}

/**
 * Milliseconds for which a relieved worker waits for idle connections to be used once more, so that
 * they end in order.
 */
const lingerMs = 5_000;

/**
 * Prepares the database once, keeps `count` workers running behind one port and replaces them at
 * SIGHUP.
 */
export async function runPrimary(
  count: number,
  config: Config,
  log: Logger,
  onListening: (address: ListeningAddress) => void,
): Promise<void> {
  let pool: WorkerPool | undefined;
  levelBySignal(log, (order) => pool?.tell(order));
  const prepared = await prepare(config, log);
  const wanted = count * config.database.connections;
  const most = await mostConnections(prepared.database);
  if (wanted > most)
    log.warn({ wanted, most }, 'workers x DATABASE_POOL exceeds the connections that PostgreSQL has left');
  lendSlots(config.passwords.hashesAtOnce);
  const workers = createWorkerPool({
    count,
    dataOf: (place): WorkerShare => ({
      connection: prepared.connection,
      deliversMessages: place < config.server.messageWorkers,
      workers: count,
      logLevel: log.level,
    }),
    startSeconds: config.server.workerStartSeconds,
    log,
  });
  pool = workers;
  let stopping = false;
  const stop = async () => {
    stopping = true;
    await workers.stop();
    await prepared.close();
  };
  const warn = (message: string) => log.warn(message);
  stopBySignal(stop, warn);
  reloadByHangup(() => restart(workers, prepared, log), stop, warn);
  try {
    const address = await workers.start();
    await prepared.serveMetrics(createWorkersMetrics());
    onListening(address);
  } catch (error) {
    if (stopping) return;
    await stop();
    throw error;
  }
}

/** Runs the migrations added since, and replaces the workers one after another. */
async function restart(pool: WorkerPool, prepared: Prepared, log: Logger): Promise<void> {
  log.info('a rolling restart begins');
  try {
    await prepared.migrate();
    await pool.replaceAll();
    log.info('the rolling restart is done');
  } catch (error) {
    const reason = (error as Error).message;
    log.error({ reason }, 'the rolling restart stopped; the former workers continue');
  }
}

/** One of the workers: serves until the primary process orders it to leave. */
export async function runWorker(config: Config, log: Logger): Promise<void> {
  const { connection, deliversMessages, workers, logLevel } = workerData<WorkerShare>();
  obeyLevel(log, logLevel);
  const tracing = await startTracing(config, log);
  const database = openPool(config, connection, log, { tracing });
  const { createInstance } = await import('./instance.ts');
  const instance = await createInstance({
    config: divide(config, workers),
    database,
    log,
    hashSlots: borrowSlots(),
    deliversMessages,
    tracing,
  });
  answerPrimary(instance.metrics.registry);
  obeyOrders(
    async (order) => {
      const relieved = order === 'relieved';
      const drainMs = relieved ? lingerMs : config.server.drainSeconds * 1_000;
      await instance.close({ relieved, drainMs, patienceMs: patience - drainMs });
      await database.close();
      await tracing?.close();
    },
    (message) => log.warn(message),
  );
  await instance.server.listen({ port: config.server.port, host: config.server.host });
  instance.startJobs();
  sayReady(instance.server.server.address());
}
