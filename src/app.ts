import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { embeddedFund } from './adapters/fund/embedded.ts';
import { argon2Hasher } from './adapters/passwords/argon2.ts';
import { codeStore } from './adapters/postgres/code-store.ts';
import { contactStore } from './adapters/postgres/contact-store.ts';
import type { Database } from './adapters/postgres/database.ts';
import { freezeStore } from './adapters/postgres/freeze-store.ts';
import { historyStore } from './adapters/postgres/history-store.ts';
import { housekeeping } from './adapters/postgres/housekeeping.ts';
import { pendingMigrations } from './adapters/postgres/migrate.ts';
import { outbox } from './adapters/postgres/outbox.ts';
import { draftStore, requisitesStore } from './adapters/postgres/requisites-store.ts';
import { signInStore } from './adapters/postgres/sign-in-store.ts';
import type { Config } from './config.ts';
import { makeKeys } from './keys.ts';
import { startDelivery, threeDays } from './modules/delivery/deliver.ts';
import { historyRoutes } from './modules/history/routes.ts';
import { type Metrics, makeMetrics } from './adapters/prometheus/metrics.ts';
import { healthRoutes } from './modules/operations/routes.ts';
import { confirmRoutes } from './modules/requisites/confirm-routes.ts';
import { deliverChange } from './modules/requisites/deliver-change.ts';
import { requisitesRoutes } from './modules/requisites/routes.ts';
import { signInRoutes } from './modules/sign-in/routes.ts';
import { sessionReader } from './modules/sign-in/sessions.ts';
import { readAssets } from './web/assets.ts';
import { languageRoutes } from './web/language.ts';
import { pageSender, problemSender } from './web/page.tsx';
import { buildServer, type RouteEntry, withoutValues } from './web/server.ts';

/** The service, built and not yet listening. */
export interface App {
  readonly server: FastifyInstance;
  /** Every route, for tests that go through all of them. */
  readonly routes: readonly RouteEntry[];
  readonly metrics: Metrics;
  /** Starts what works in the background: deliveries to the fund, housekeeping. */
  startWork(): void;
  /** Not ready at once; requests in flight finish, work in hand is completed. The database stays open. */
  close(): Promise<void>;
}

/** Puts the modules and adapters together: the only place that knows them all. */
export async function buildApp({
  config,
  database,
  log,
}: {
  config: Config;
  database: Database;
  log: Logger;
}): Promise<App> {
  const keys = makeKeys(config.secretKeys);
  const assets = readAssets();
  const fund = embeddedFund(database);
  const requisites = requisitesStore(database, config.contactWaitHours);
  const signInTables = signInStore(database);
  const box = outbox(database);
  const limits = { idleMinutes: config.sessionIdleMinutes, maxHours: config.sessionMaxHours };
  const metrics = makeMetrics({ outbox: () => box.depth('fund'), pool: () => database.load() });
  const sendPage = pageSender(assets, config.demo);

  const { server, routes } = await buildServer({
    config,
    keys,
    log,
    sessions: sessionReader(signInTables, limits),
    problemPage: problemSender(assets),
    onAnswered: metrics.answered,
  });

  let work: { wake(): void; stop(): Promise<void> }[] = [];
  let closing = false;
  const wake = () => {
    for (const one of work) one.wake();
  };
  const contactParts = {
    keys,
    contacts: contactStore(database),
    codes: codeStore(database),
    contactRules: config,
  };
  const pages = new Map([
    ...signInRoutes(server, {
      keys,
      sendPage,
      store: signInTables,
      sessions: signInTables,
      hasher: await argon2Hasher(config.passwordHashesAtOnce),
      directory: { find: (iin) => fund.read(iin) },
      limits: { ...limits, ...config },
      destinations: ['/services', '/services/requisites', '/history'],
    }),
    ...requisitesRoutes(server, {
      ...contactParts,
      sendPage,
      store: requisites,
      drafts: draftStore(database),
      fund,
      rules: config,
      draftHours: config.draftHours,
      sessionsPerPerson: config.sessionsPerPerson,
      endSessions: (holderId) => signInTables.endAll(holderId, 'blocked'),
      onSaved: wake,
    }),
    ...confirmRoutes(server, {
      ...contactParts,
      sendPage,
      channels: { available: () => true },
      onSaved: wake,
    }),
  ]);
  historyRoutes(server, { store: historyStore(database), freezes: freezeStore(database), keys, sendPage });
  languageRoutes(server, pages, (holderId, language) => signInTables.setLanguage(holderId, language));
  healthRoutes(server, {
    databaseReady: async () => (await pendingMigrations(database)).length === 0,
    closing: () => closing,
  });
  await server.ready();

  const onError = (error: Error) => log.error(withoutValues(error), 'background work failed');
  return {
    server,
    routes,
    metrics,
    startWork() {
      work = [
        startDelivery(
          box,
          {
            name: 'fund',
            ordered: true,
            atOnce: 20,
            patience: threeDays,
            handOver: (parcel) => deliverChange(fund, parcel),
          },
          { everyMs: 2_000, onError },
        ),
        housekeeping(database, { everyMs: 10 * 60_000, onError }),
      ];
    },
    async close() {
      closing = true;
      await server.close();
      await Promise.all(work.map((one) => one.stop()));
    },
  };
}
