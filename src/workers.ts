import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { isatty } from 'node:tty';
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { workersMetrics } from './features/operations/metrics.ts';
import { createInstance } from './instance.ts';
import type { Connection, Database } from './platform/postgres/database.ts';
import { sql } from './platform/postgres/sql.ts';
import { borrowSlots, lendSlots } from './platform/process/shared-slots.ts';
import { endWith, patience, stopBySignal, stopLimit } from './platform/process/stop.ts';
import { greet, openPool, prepare } from './start.ts';

/** What each of `count` workers gets of what is meant for the machine. Nobody gets nothing. */
export function divide(config: Config, count: number): Config {
  const messengers = Math.min(count, config.server.messageWorkers);
  return {
    ...config,
    // More than their share: which of them may hash is decided turn by turn.
    passwords: { hashesAtOnce: Math.ceil(config.passwords.hashesAtOnce / count) },
    eds: { ...config.eds, threads: Math.max(1, Math.floor(config.eds.threads / count)) },
    mail: { ...config.mail, perSecond: Math.ceil(config.mail.perSecond / messengers) },
    sms: { ...config.sms, perSecond: Math.ceil(config.sms.perSecond / messengers) },
  };
}

/** What the primary process tells a worker at its start. */
interface Share {
  readonly connection: Connection;
  /** True for those that deliver messages. */
  readonly deliversMessages: boolean;
  /** How many workers share the machine. */
  readonly workers: number;
}

/** From a worker to the primary process. */
interface Ready {
  readonly ready: AddressInfo | string | null;
}

/** From the primary process to a worker: all stop, or another one has taken this one's place. */
type Order = 'stop' | 'relieved';

const shareVariable = 'KABINET_WORKER';

/** How long a relieved worker waits for idle connections to be used once more, and so to end in order. */
const lingerMs = 5_000;

/** A worker that lived for less died at once: the next one starts after a pause, which grows. */
const shortLifeMs = 10_000;
const longestPauseMs = 30_000;

/** Prepares the database once, keeps `count` workers running behind one port and replaces them at SIGHUP. */
export async function runPrimary(count: number, config: Config, log: Logger): Promise<void> {
  const prepared = await prepare(config, log);
  const share: Omit<Share, 'deliversMessages'> = {
    connection: prepared.connection,
    workers: count,
  };
  await warnOfConnections(prepared.database, count * config.database.connections, log);
  lendSlots(config.passwords.hashesAtOnce);
  const ready = new Set<Worker>();
  const relieved = new Set<Worker>();
  const messengers = new Set<Worker>();
  let stopping = false;
  let failures = 0;
  let address: Ready['ready'] = null;

  /** Resolves when a new worker listens. @throws when it ended before that */
  async function start(deliversMessages = messengers.size < config.server.messageWorkers): Promise<Worker> {
    const worker = cluster.fork({ [shareVariable]: JSON.stringify({ ...share, deliversMessages }) });
    if (deliversMessages) messengers.add(worker);
    worker.once('exit', () => messengers.delete(worker));
    const begun = performance.now();
    const seconds = config.server.workerStartSeconds;
    // It would be waited for for ever, and with it every later restart.
    const late = setTimeout(() => {
      log.error({ pid: worker.process.pid, seconds }, 'a worker was not ready in time and is ended');
      worker.process.kill('SIGKILL');
    }, seconds * 1_000);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: Ready) => {
        if (typeof message !== 'object' || !('ready' in message)) return;
        address = message.ready;
        ready.add(worker);
        log.info({ pid: worker.process.pid }, 'a worker is ready');
        resolve();
      });
      worker.once('exit', () => reject(new Error('a worker ended before it was ready')));
    }).finally(() => clearTimeout(late));
    worker.once('exit', (code, signal) => {
      ready.delete(worker);
      if (stopping || relieved.delete(worker)) return;
      log.warn({ pid: worker.process.pid, code, signal }, 'a worker ended; another one takes its place');
      failures = performance.now() - begun < shortLifeMs ? failures + 1 : 0;
      void keep();
    });
    return worker;
  }

  /** Starts a worker in the place of one that died, until one stays. */
  async function keep(): Promise<void> {
    while (!stopping) {
      if (failures > 0) {
        const waitMs = Math.min(longestPauseMs, 250 * 2 ** failures);
        log.warn({ failures, waitMs }, 'workers die at once; the next one starts after a pause');
        await pause(waitMs);
      }
      if (stopping) return;
      try {
        await start();
        return;
      } catch {
        failures += 1;
      }
    }
  }

  /** One after another: the new one is ready before the old one leaves. */
  async function replaceAll(): Promise<void> {
    log.info('a rolling restart begins');
    try {
      await prepared.migrate();
      for (const worker of [...ready]) {
        if (stopping) return;
        await start(messengers.has(worker));
        // It may have died meanwhile, and been replaced for that.
        if (!ready.delete(worker)) continue;
        relieved.add(worker);
        await order(worker, 'relieved');
      }
      log.info('the rolling restart is done');
    } catch (error) {
      log.error(
        { reason: (error as Error).message },
        'the rolling restart stopped; the former workers go on',
      );
    }
  }

  /** Tells a worker to leave and waits for it; ends it when it has not left in time. */
  async function order(worker: Worker, what: Order): Promise<void> {
    const left = worker.isDead() ? Promise.resolve() : once(worker, 'exit');
    if (worker.isConnected()) worker.send(what);
    const late = setTimeout(() => worker.process.kill('SIGKILL'), stopLimit);
    await left;
    clearTimeout(late);
  }

  const stop = async () => {
    stopping = true;
    const all = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(all.map((worker) => order(worker, 'stop')));
    await prepared.close();
  };
  const warn = (message: string) => log.warn(message);
  stopBySignal(stop, warn);
  let replacing = Promise.resolve();
  const inTerminal = isatty(1);
  process.on('SIGHUP', () => {
    // Somebody closed the terminal.
    if (inTerminal && !isatty(1)) void endWith(stop, warn);
    else replacing = replacing.then(replaceAll);
  });

  try {
    // The first one alone, so that what is wrong is said once.
    await start();
    await Promise.all(Array.from({ length: count - 1 }, () => start()));
    await prepared.serveMetrics(workersMetrics());
  } catch (error) {
    if (stopping) return;
    await stop();
    throw error;
  }
  greet(config, address);
}

/** PostgreSQL refuses whom it has no connection for; some must be left for commands and upkeep. */
async function warnOfConnections(database: Database, wanted: number, log: Logger): Promise<void> {
  const row = await database.first<{ most: string }>(sql`select current_setting('max_connections') as most`);
  const most = Number(row?.most) - 20;
  if (wanted > most) log.warn({ wanted, most }, 'workers x DATABASE_POOL is more than PostgreSQL can spare');
}

/** One of the workers: serves until the primary process tells it to leave. */
export async function runWorker(config: Config, log: Logger): Promise<void> {
  const { connection, deliversMessages, workers } = JSON.parse(process.env[shareVariable] ?? '') as Share;
  const database = openPool(config, connection, log);
  const app = await createInstance({
    config: divide(config, workers),
    database,
    log,
    hashSlots: borrowSlots(),
    deliversMessages,
  });
  app.metrics.answerPrimary();
  let leaving: Promise<void> | undefined;
  const leave = (order: Order): Promise<void> => {
    const relieved = order === 'relieved';
    const drainMs = relieved ? lingerMs : config.server.drainSeconds * 1_000;
    leaving ??= app
      .close({ relieved, drainMs, patienceMs: patience - drainMs })
      .then(() => database.close())
      .then(disconnect);
    return leaving;
  };
  const warn = (message: string) => log.warn(message);
  // Meant for the primary process, which says what follows from it.
  process.on('SIGHUP', () => undefined);
  // A signal to the whole group, as by Ctrl-C, comes here too; the primary process says the same a moment later.
  stopBySignal(() => leave('stop'), warn);
  process.on('message', (message) => {
    if (message === 'stop' || message === 'relieved') void endWith(() => leave(message), warn);
  });
  await app.server.listen({ port: config.server.port, host: config.server.host });
  app.startJobs();
  process.send?.({ ready: app.server.server.address() } satisfies Ready);
}

/** Leaves the cluster in order: connections that were on their way here are handed to another worker. */
async function disconnect(): Promise<void> {
  const gone = once(process, 'disconnect');
  cluster.worker?.disconnect();
  await gone;
}
