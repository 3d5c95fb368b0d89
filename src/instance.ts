import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type App, createApp } from './app.ts';
import type { Config } from './config/config.ts';
import { dutiesOf, type Jobs, startJobs } from './jobs.ts';
import type { Database } from './platform/postgres/database.ts';
import { createStandby, type Standby } from './platform/postgres/standby.ts';
import type { SlotRunner } from './platform/process/shared-slots.ts';
import type { Tracing } from './platform/tracing.ts';
import { createServices, type Services } from './services.ts';
import { openPool } from './start.ts';

/** One process of the service, built but not yet listening. */
export interface Instance
  extends Pick<App, 'server' | 'routes'>,
    Pick<Services, 'metrics' | 'breakers' | 'maintenance'> {
  /** Starts the background work. */
  startJobs(): void;
  /**
   * Lets requests in progress finish, and completes or gives back the current work. The database
   * stays open.
   */
  close(leaving?: Leaving): Promise<void>;
}

/** How a process shuts down. */
export interface Leaving {
  /**
   * Another process has taken over the port. This one stays ready and stops accepting connections.
   * Otherwise it becomes unready and continues to accept.
   */
  readonly relieved?: boolean;
  /**
   * Milliseconds in which open connections get an answer that ends them, before idle ones are
   * closed.
   */
  readonly drainMs?: number;
  /** Milliseconds to wait after that for work in progress. Undefined waits until it ends. */
  readonly patienceMs?: number;
}

export interface InstanceOptions {
  readonly config: Config;
  readonly database: Database;
  readonly log: Logger;
  /**
   * Shares the machine's processors with the other processes. Undefined when this process is alone.
   */
  readonly hashSlots?: SlotRunner | undefined;
  /** False when another process of this machine connects to the gateways and delivers messages. */
  readonly deliversMessages?: boolean;
  /** Undefined where nothing is traced. The database has the same one. */
  readonly tracing?: Tracing | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** Builds what this process does according to ROLE: pages, jobs or both. */
export async function createInstance({
  config,
  database,
  log,
  hashSlots,
  deliversMessages = true,
  tracing,
  now = () => performance.now(),
}: InstanceOptions): Promise<Instance> {
  const duties = dutiesOf(config.server.role, deliversMessages);
  const services = await createServices({
    config,
    database,
    log,
    hashSlots,
    deliversMessages: duties.messages,
    standby: duties.pages ? openStandby({ config, database, log }, now) : undefined,
    tracing,
  });
  let closing = false;
  const app = await createApp(services, { pages: duties.pages, closing: () => closing });
  const { server, routes, connections } = app;
  const { metrics, breakers, maintenance } = services;
  let jobs: Jobs | undefined;
  return {
    server,
    routes,
    metrics,
    breakers,
    maintenance,
    startJobs() {
      jobs = startJobs(services, duties);
    },
    async close({ relieved = false, drainMs = 0, patienceMs }: Leaving = {}) {
      closing = !relieved;
      connections.end();
      if (relieved) {
        connections.stopListening();
        await connections.gone(drainMs);
      } else {
        await pause(drainMs);
        connections.stopListening();
      }
      connections.closeIdle();
      await Promise.all([
        connections.gone(patienceMs).then((gone) => gone || connections.cut()),
        jobs?.stop(patienceMs),
      ]);
      await app.close();
      await services.close();
      await services.standby?.close();
    },
  };
}

/** Opens the standby that pages are read from while the leader is away, if there is one. */
function openStandby(
  { config, database, log }: Pick<InstanceOptions, 'config' | 'database' | 'log'>,
  now: () => number,
): Standby | undefined {
  const { replicaUrl } = config.database;
  if (replicaUrl === undefined) return undefined;
  return createStandby(database, openPool(config, { connectionString: replicaUrl }, log), {
    now,
    onLeader: (isAway) =>
      isAway
        ? log.warn('the leader of the database gives no answer: pages are read from the standby')
        : log.info('the leader of the database answers again'),
  });
}
