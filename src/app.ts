import type { FastifyInstance } from 'fastify';
import { demonstration } from './demonstration.ts';
import { accountRequestRoutes } from './features/account-request/routes.ts';
import { addressRoutes } from './features/addresses/routes.ts';
import { decide } from './features/assurance/decide.ts';
import { proofRoutes } from './features/assurance/routes.ts';
import { authenticatorRoutes } from './features/authenticator/routes.ts';
import { backupCodeRoutes } from './features/backup-codes/routes.ts';
import { receiptRoutes } from './features/changes/routes.ts';
import { checkRoutes } from './features/check/routes.tsx';
import { contactChangeRoutes } from './features/contact-change/routes.ts';
import { disavowalRoutes } from './features/disavowal/routes.ts';
import { phoneRoutes } from './features/egov-mobile/routes.ts';
import { helpRoutes } from './features/help/routes.ts';
import { historyRoutes } from './features/history/routes.ts';
import { compareRoutes } from './features/notices/compare-routes.ts';
import { healthRoutes } from './features/operations/routes.ts';
import { passkeyRoutes } from './features/passkeys/routes.ts';
import { passwordRoutes } from './features/passwords/routes.ts';
import { sealRoutes } from './features/receipt-seal/routes.ts';
import { reminderRoutes } from './features/reminders/routes.ts';
import { requisitesRoutes } from './features/requisites/routes.ts';
import { secondStepRoutes } from './features/second-step/routes.ts';
import { securityRoutes } from './features/security/routes.ts';
import { edsSignInRoutes } from './features/sign-in/eds-routes.ts';
import { passkeySignInRoutes } from './features/sign-in/passkey-routes.ts';
import { signInRoutes } from './features/sign-in/routes.ts';
import { setHolderLanguage, signOut } from './features/sign-in/session-store.ts';
import { createSessionReader } from './features/sign-in/sessions.ts';
import { createStandbySessions } from './features/sign-in/standby-sessions.ts';
import { stepPasskeyRoutes } from './features/sign-in/step-passkey-routes.ts';
import { stepRoutes } from './features/sign-in/step-routes.ts';
import { createAdmissionControl, startLagMonitor } from './platform/http/admission.ts';
import { readAssets } from './platform/http/assets.ts';
import { outageSender, outdatedSender, problemSender, waitingSender } from './platform/http/bare-pages.tsx';
import type { Connections } from './platform/http/connections.ts';
import { cookieRoutes } from './platform/http/cookies.ts';
import { languageRoutes, type TypedPage } from './platform/http/language.ts';
import { pageSender, type SendPage } from './platform/http/page.tsx';
import type { RouteEntry } from './platform/http/route-config.ts';
import { createServer } from './platform/http/server.ts';
import { migrationNames } from './platform/postgres/migrate.ts';
import { databaseReady } from './platform/postgres/readiness.ts';
import { createKeyedSemaphore } from './platform/semaphore.ts';
import type { Services } from './services.ts';

/** The web side of the service, built but not yet listening. */
export interface App {
  readonly server: FastifyInstance;
  /** Every route, for tests that visit all of them. */
  readonly routes: readonly RouteEntry[];
  readonly connections: Connections;
  close(): Promise<void>;
}

export interface AppOptions {
  /** False in a process that serves no pages and only reports its health. */
  readonly pages: boolean;
  /** True once the process is about to leave. It is no longer ready then. */
  readonly closing: () => boolean;
}

/** Builds the web side: what all requests share, and the routes of each capability. */
export async function createApp(services: Services, options: AppOptions): Promise<App> {
  const { config, database, standby, keys, log, metrics, maintenance, hasher } = services;
  const frame = { assets: readAssets(), demo: config.demo, maintenance: maintenance.state };
  const lag = startLagMonitor();
  // Writes of one person wait for each other in the database in any case. They must not wait there
  // with a connection each.
  const writeSemaphore = createKeyedSemaphore({ atOnce: 2, waiting: 48 });
  let typedPages: ReadonlyMap<string, TypedPage> = new Map();
  const { server, routes, connections } = await createServer({
    settings: config.server,
    keys,
    log,
    sessions: createSessionReader(services),
    standbySessions: standby && createStandbySessions(standby, services.sessionSettings),
    pages: () => typedPages,
    problemPage: problemSender(frame),
    outdatedPage: outdatedSender(frame),
    outagePage: outageSender(frame),
    waitingPage: await waitingSender(frame),
    writeSemaphore,
    admission: createAdmissionControl({
      atOnce: config.server.requestsAtOnce,
      resting: () => hasher.waiting + writeSemaphore.waiting,
      lag: lag.ms,
    }),
    maintenance,
    decide,
    onAnswered: metrics.answered,
    tracing: services.tracing,
  });
  const migrations = await migrationNames();
  healthRoutes(server, {
    databaseReady: () => databaseReady(database, migrations),
    standbyReadable: () => standby?.readable ?? false,
    closing: options.closing,
  });
  if (options.pages) typedPages = await pageRoutes(server, services, pageSender(frame));
  await server.ready();
  return {
    server,
    routes,
    connections,
    async close() {
      await server.close();
      lag.stop();
    },
  };
}

/** Registers the pages. Returns those that can be shown again with what was typed. */
async function pageRoutes(
  server: FastifyInstance,
  services: Services,
  sendPage: SendPage,
): Promise<ReadonlyMap<string, TypedPage>> {
  const { config, database } = services;
  const deps = { ...services, sendPage };
  const pages = new Map([
    ...signInRoutes(server, deps),
    ...requisitesRoutes(server, deps),
    ...contactChangeRoutes(server, deps),
    ...accountRequestRoutes(server, deps),
    ...passwordRoutes(server, deps),
    ...stepRoutes(server, deps),
    ...authenticatorRoutes(server, deps),
    ...compareRoutes(server, deps),
  ]);
  passkeySignInRoutes(server, deps);
  stepPasskeyRoutes(server, deps);
  edsSignInRoutes(server, deps);
  proofRoutes(server, deps);
  secondStepRoutes(server, deps);
  passkeyRoutes(server, deps);
  backupCodeRoutes(server, deps);
  await phoneRoutes(server, deps);
  securityRoutes(server, deps);
  reminderRoutes(server, deps);
  receiptRoutes(server, deps);
  sealRoutes(server, deps);
  checkRoutes(server, deps);
  historyRoutes(server, deps);
  helpRoutes(server, deps);
  disavowalRoutes(server, deps);
  addressRoutes(server, deps);
  if (config.demo) await demonstration?.serve(server, deps);
  cookieRoutes(server, (hash, requestId) => signOut(database, hash, requestId));
  languageRoutes(server, pages, (holderId, language) => setHolderLanguage(database, holderId, language));
  return pages;
}
