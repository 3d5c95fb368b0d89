import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { demonstration } from './demonstration.ts';
import { createAttackSwitch } from './features/account-request/attack-switch.ts';
import { accountRequestRoutes } from './features/account-request/routes.ts';
import { accountRequestTables } from './features/account-request/store.ts';
import { proofOfWorkStore } from './features/account-request/work-store.ts';
import { type AccountRequestWorker, startAccountRequestWorker } from './features/account-request/worker.ts';
import { createAddressBook } from './features/addresses/address-book.ts';
import { createEmbeddedSource } from './features/addresses/embedded.ts';
import { createLazySource } from './features/addresses/lazy-source.ts';
import { createStreetLookup } from './features/addresses/open-streets.ts';
import { shippedPlaces } from './features/addresses/places.ts';
import { addressRoutes } from './features/addresses/routes.ts';
import { streetStore } from './features/addresses/street-store.ts';
import { deliverChange, fundRetryDelay } from './features/changes/deliver-change.ts';
import { codeStore } from './features/codes/store.ts';
import { contactChangeRoutes } from './features/contact-change/routes.ts';
import { contactStore } from './features/contact-change/store.ts';
import { freezeStore } from './features/disavowal/store.ts';
import { edsStore } from './features/eds/store.ts';
import { historyRoutes } from './features/history/routes.ts';
import { historyStore } from './features/history/store.ts';
import { type ChannelStates, channelStates } from './features/notices/channel-states.ts';
import type { Channels } from './features/notices/ports.ts';
import { messageQueues } from './features/notices/queues.ts';
import { endQuietAlerts, recordWrongPerson } from './features/operations/alert-store.ts';
import { type Head, sealAll } from './features/operations/audit.ts';
import { createHeadFile } from './features/operations/audit-head-file.ts';
import { auditStore } from './features/operations/audit-store.ts';
import { sweep } from './features/operations/housekeeping.ts';
import { type MaintenanceWatch, watchMaintenance } from './features/operations/maintenance.ts';
import { maintenanceStore } from './features/operations/maintenance-store.ts';
import { createMetrics, type Metrics } from './features/operations/metrics.ts';
import { readReadings } from './features/operations/readings-store.ts';
import { healthRoutes } from './features/operations/routes.ts';
import { createPasswordHasher } from './features/passwords/argon2.ts';
import { readCommonPasswords } from './features/passwords/common-passwords.ts';
import { fetchRequisites } from './features/requisites/introduce.ts';
import { requisitesRoutes } from './features/requisites/routes.ts';
import { draftStore, requisitesStore } from './features/requisites/store.ts';
import { securityRoutes } from './features/security/routes.ts';
import { securityStore } from './features/security/store.ts';
import { edsSignInRoutes } from './features/sign-in/eds-routes.ts';
import { signInRoutes } from './features/sign-in/routes.ts';
import { createSessionReader } from './features/sign-in/sessions.ts';
import { signInStore } from './features/sign-in/store.ts';
import { createEmbeddedFund } from './fund/embedded/embedded.ts';
import { createHttpFund } from './fund/http/http.ts';
import { faultLabel, faultLine } from './fund/http/reading.ts';
import { holderDirectory } from './fund/known-person.ts';
import type { Fund } from './fund/port.ts';
import { elsewhereFeed, fundCopyStore } from './fund/store.ts';
import { syncBranchChanges } from './fund/sync.ts';
import { createKazpost, type Kazpost } from './gateways/kazpost/kazpost.ts';
import { createNcaVerifier } from './gateways/nca/verifier.ts';
import type { CircuitBreakerView } from './platform/circuit-breaker.ts';
import { validity } from './platform/credentials.ts';
import { createAdmissionControl, startLagMonitor } from './platform/http/admission.ts';
import { readAssets } from './platform/http/assets.ts';
import { cookieRoutes } from './platform/http/cookies.ts';
import { languageRoutes } from './platform/http/language.ts';
import {
  outageSender,
  outdatedSender,
  pageSender,
  problemSender,
  waitingSender,
} from './platform/http/page.tsx';
import { problem } from './platform/http/problem.ts';
import { ownOrigin } from './platform/http/request-context.ts';
import { buildServer, type RouteEntry, withoutValues } from './platform/http/server.ts';
import { createKeys } from './platform/keys.ts';
import {
  type Dispatcher,
  type Queue,
  retryForThreeDays,
  startDispatcher,
} from './platform/outbox/dispatcher.ts';
import { createOutbox } from './platform/outbox/store.ts';
import type { Database } from './platform/postgres/database.ts';
import { migrationNames } from './platform/postgres/migrate.ts';
import { databaseReady } from './platform/postgres/readiness.ts';
import { startRepeating } from './platform/process/repeat.ts';
import type { SlotRunner } from './platform/process/shared-slots.ts';
import { createRateLimit } from './platform/rate-limit.ts';
import { createFairSemaphore, createKeyedSemaphore } from './platform/semaphore.ts';
import { createSenders } from './senders.ts';

/** The service, built and not yet listening. */
export interface App {
  readonly server: FastifyInstance;
  /** Every route, for tests that go through all of them. */
  readonly routes: readonly RouteEntry[];
  readonly metrics: Metrics;
  /** One for each dependency that is spared while it fails. */
  readonly breakers: readonly CircuitBreakerView[];
  readonly maintenance: MaintenanceWatch;
  /** Starts what works in the background: deliveries to the fund, housekeeping. */
  startWork(): void;
  /** Requests in flight finish, work in hand is completed or given back. The database stays open. */
  close(leaving?: Leaving): Promise<void>;
}

/** How the service leaves. */
export interface Leaving {
  /** Another process has taken over the port: it stays ready and accepts nothing more, instead of the other way round. */
  readonly relieved?: boolean;
  /** How long open connections get an answer that ends them before the idle ones are closed. Milliseconds. */
  readonly drainMs?: number;
  /** How long after that it waits for what is under way; undefined: to its end. Milliseconds. */
  readonly patienceMs?: number;
}

/** Puts the modules and adapters together: the only place that knows them all. */
export async function buildApp({
  config,
  database,
  log,
  hashTurns,
  deliversMessages = true,
}: {
  config: Config;
  database: Database;
  log: Logger;
  hashTurns?: SlotRunner | undefined;
  /** False: another process of this machine connects to the gateways and delivers messages. */
  deliversMessages?: boolean;
}): Promise<App> {
  const keys = createKeys(config.secretKeys);
  const assets = readAssets();
  const copies = config.fund && fundCopyStore(database, config.fundCopyHours);
  const requisites = requisitesStore(database, config.contactWaitHours);
  const signInTables = signInStore(database);
  const box = createOutbox(database);
  const limits = { idleMinutes: config.sessionIdleMinutes, maxHours: config.sessionMaxHours };
  const onError = (error: Error) => log.error(withoutValues(error), 'background work failed');
  const delivers = config.role !== 'web' && deliversMessages;
  const states = channelStates(database);
  let heard: ChannelStates = {};
  const hear = async () => {
    heard = await states.heard();
  };
  const tellChannels = () =>
    states.tell({ mobile: senders.mobile.available, email: senders.email.available });
  const senders = createSenders({
    config,
    database,
    log,
    onError,
    delivers,
    heard: (channel) => heard[channel],
  });
  const channels: Channels = { available: (channel) => senders[channel].available };
  const breakers: CircuitBreakerView[] = [];
  const metrics = createMetrics({
    readings: () => readReadings(database, { ...limits, eventYears: config.eventsKeptYears }),
    breakers,
    certificates: { fund: config.fund?.client && validity(config.fund.client.cert)?.until },
    channels: () => ({ mobile: senders.mobile.available, email: senders.email.available }),
    pool: () => database.load(),
  });
  const fund = makeFund(config, database, log, metrics);
  const maintenance = watchMaintenance(maintenanceStore(database), onError);
  const around = { assets, demo: config.demo, maintenance: maintenance.state };
  const sendPage = pageSender(around);

  const hasher = await createPasswordHasher(config.passwordHashesAtOnce, hashTurns);
  const lag = startLagMonitor();
  const directory = holderDirectory({ fund, copies });
  const writeSemaphore = createKeyedSemaphore({ atOnce: 2, waiting: 48 });
  const { server, routes, connections } = await buildServer({
    config,
    keys,
    log,
    sessions: createSessionReader({ store: signInTables, directory }, limits),
    pages: () => pages,
    problemPage: problemSender(around),
    outdatedPage: outdatedSender(around),
    outagePage: outageSender(around),
    waitingPage: await waitingSender(around),
    writeSemaphore,
    gate: createAdmissionControl({
      atOnce: config.requestsAtOnce,
      resting: () => hasher.waiting + writeSemaphore.waiting,
      lag: lag.ms,
    }),
    maintenance,
    onAnswered: metrics.answered,
  });

  let work: { stop(patienceMs?: number): Promise<void> }[] = [];
  let toFund: Dispatcher | undefined;
  let messages: Dispatcher[] = [];
  let unaddressed: Dispatcher | undefined;
  let closing = false;
  // Called after the commit that queued something: it need not wait for the next look. Only the lanes it can stand in look.
  const onSaved = () => toFund?.wake();
  const onQueued = () => {
    for (const queue of messages) queue.wake();
    unaddressed?.wake();
  };
  const kazpost = makeKazpost(config, log);
  const addressLimit = createRateLimit();
  const addressSources = {
    embedded: createLazySource(() =>
      createEmbeddedSource(shippedPlaces(), createStreetLookup(streetStore(database), onError)),
    ),
    ...(kazpost ? { kazpost } : {}),
  };
  const requisitesParts = {
    keys,
    sendPage,
    contacts: contactStore(database),
    codes: codeStore(database),
    contactRules: config,
    store: requisites,
    drafts: draftStore(database),
    fund,
    copies,
    addresses: createAddressBook(addressSources),
    rules: config,
    draftHours: config.draftHours,
    endSessions: (holderId: string) => signInTables.endAll(holderId, 'blocked'),
    onSaved,
    onQueued,
  };
  const common = readCommonPasswords();
  const migrations = await migrationNames();
  let accountRequests: AccountRequestWorker | undefined;
  const tables = accountRequestTables(database);
  const attackSwitch = createAttackSwitch(tables.codes, config);
  const accountRequestDeps = {
    tables,
    keys,
    fund,
    requisites,
    hasher,
    common,
    attackSwitch,
    work: proofOfWorkStore(database),
    rules: config,
    onAsked: (afterMs: number) => accountRequests?.wakeAfter(afterMs),
    onQueued,
  };
  const origin = config.publicUrl?.origin ?? `http://localhost:${config.port}`;
  const nca = createNcaVerifier(
    {
      trust: config.edsTrust,
      ocspUrl: config.edsOcspUrl,
      crlDir: config.edsCrlDir,
      threads: config.edsThreads,
      everyMs: config.edsFolderSeconds * 1_000,
      clock: () => performance.now(),
    },
    (what, reason) => log.warn({ what, reason }, 'revocation could not be asked'),
  );
  breakers.push(database.breaker, ...fund.breakers, ...(kazpost ? [kazpost.breaker] : []), ...nca.breakers);
  const edsParts = {
    edsStore: edsStore(database),
    verifier: nca,
    semaphore: createFairSemaphore(edsConcurrency),
    keys,
    edsRules: config,
    siteOf: (request: FastifyRequest) => ownOrigin(request, config) ?? origin,
  };
  const signInParts = {
    keys,
    sendPage,
    store: signInTables,
    directory,
    limits: { ...limits, ...config },
    destinations: [
      '/services',
      '/services/requisites',
      '/services/requisites/confirm',
      '/history',
      '/security',
      '/security/password',
    ],
    onQueued,
  };
  edsSignInRoutes(server, { ...signInParts, ...edsParts });
  const pages = new Map([
    ...signInRoutes(server, { ...signInParts, sessions: signInTables, hasher }),
    ...requisitesRoutes(server, {
      ...requisitesParts,
      edsStore: edsParts.edsStore,
      addressLimit,
      sessionsPerPerson: config.sessionsPerPerson,
    }),
    ...contactChangeRoutes(server, { ...requisitesParts, ...edsParts, channels }),
    ...accountRequestRoutes(server, {
      ...accountRequestDeps,
      sendPage,
      channels,
      contactWaitHours: config.contactWaitHours,
    }),
    ...securityRoutes(server, {
      store: securityStore(database, signInTables),
      keys,
      hasher,
      common,
      fund,
      directory,
      endSessions: requisitesParts.endSessions,
      requisites,
      limits: { ...limits, ...config },
      sendPage,
      onQueued,
    }),
  ]);
  addressRoutes(server, { sources: addressSources, limit: addressLimit });
  if (config.demo) demonstration?.serve(server, { database, sendPage });
  historyRoutes(server, {
    store: historyStore(database),
    freezes: freezeStore(database, config.disavowalDays),
    keys,
    sendPage,
  });
  cookieRoutes(server, (hash, requestId) => signInTables.end(hash, 'signed-out', requestId));
  languageRoutes(server, pages, (holderId, language) => signInTables.setLanguage(holderId, language));
  healthRoutes(server, {
    databaseReady: () => databaseReady(database, migrations),
    closing: () => closing,
  });
  // Before the first request: a node that starts during maintenance knows of it.
  await maintenance.look().catch(onError);
  await attackSwitch.look().catch(onError);
  if (config.role === 'worker') server.addHook('onRequest', refusePeople);
  await server.ready();

  return {
    server,
    routes,
    metrics,
    breakers,
    maintenance,
    startWork() {
      maintenance.start(3_000);
      // In every role: those who answer people stop codes, and whoever is left raises the alert.
      work = [startRepeating(2_000, () => attackSwitch.look(), onError)];
      // In every role: told at once, and not by the first person whom nothing can be shown.
      fund.greet();
      const channelWork = startRepeating(5_000, delivers ? tellChannels : hear, onError);
      work = [channelWork];
      if (config.role === 'web') return;
      const fundQueue: Queue = {
        name: 'fund',
        ordered: true,
        concurrency: 20,
        retryDelay: fundRetryDelay,
        ready: () => fund.available,
        deliver: (message) => deliverChange({ fund, store: requisites }, message),
      };
      toFund = startDispatcher(box, fundQueue, { everyMs: 2_000, onError });
      messages = (
        delivers ? messageQueues({ keys, times: config, codes: codeStore(database), senders, origin }) : []
      ).map((queue) =>
        startDispatcher(box, queue, { everyMs: queue.name === 'code' ? 500 : 2_000, onError }),
      );
      const unaddressedQueue: Queue = {
        name: 'unaddressed',
        ordered: true,
        concurrency: 4,
        retryDelay: retryForThreeDays,
        ready: () => fund.available,
        deliver: (message) => fetchRequisites({ fund, copies, store: requisites }, message),
      };
      unaddressed = startDispatcher(box, unaddressedQueue, { everyMs: 2_000, onError });
      accountRequests = startAccountRequestWorker(accountRequestDeps, { everyMs: 1_000, onError });
      const keepHead = createHeadFile(config.auditHeadFile, onError);
      const tellHead = (sealed: Head, firstOfDay: boolean) => {
        keepHead(sealed);
        const { seal, sealedAt, head } = sealed;
        if (firstOfDay) log.info({ seal, sealedAt, head }, 'audit head');
      };
      const followParts = { fund, feed: elsewhereFeed(database), store: requisites };
      work = [
        ...work,
        toFund,
        ...messages,
        unaddressed,
        accountRequests,
        startRepeating(30_000, () => syncBranchChanges(followParts, onError), onError),
        startRepeating(10 * 60_000, () => endQuietAlerts(database), onError),
        startRepeating(60_000, () => sealAll(auditStore(database), keys, tellHead), onError),
        startRepeating(
          10 * 60_000,
          (signal) =>
            sweep(database, {
              eventYears: config.eventsKeptYears,
              signal,
              onError: (kind, error) => log.error({ kind, ...withoutValues(error) }, 'housekeeping failed'),
            }),
          onError,
        ),
      ];
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
        ...work.map((one) =>
          one.stop(patienceMs === undefined ? undefined : Math.min(patienceMs, handOverMs)),
        ),
      ]);
      await server.close();
      lag.stop();
      await maintenance.stop();
      await Promise.all(Object.values(senders).map((sender) => sender.close()));
      await kazpost?.close();
      await fund.close();
      await nca.close();
    },
  };
}

/**
 * Signatures verified at a time by each process. Most of that time is the wait for the authority's answer; the threads have a
 * queue of their own. All who wait are served within some two seconds.
 */
const edsConcurrency = { atOnce: 16, waitingEach: 2, waitingInAll: 200 } as const;

/** What a gateway has not taken by then is left to another process, which may send it a second time. Milliseconds. */
const handOverMs = 6_000;

/** A process that only delivers has no pages. */
async function refusePeople(request: FastifyRequest): Promise<void> {
  if (request.routeOptions.config.access !== 'machine') throw problem(404);
}

/** The fund's system over HTTP where one is configured, its embedded stand-in otherwise. */
function makeFund(
  config: Config,
  database: Database,
  log: Logger,
  metrics: Metrics,
): Fund & { breakers: readonly CircuitBreakerView[]; greet(): void } {
  if (!config.fund) return { ...createEmbeddedFund(database), breakers: [], greet: () => undefined };
  const fund = createHttpFund(config.fund, {
    onFailure: (code) => {
      metrics.fundFailure(code);
      log.warn({ code }, 'the fund gave no answer');
    },
    onFaults: (faults) => {
      for (const fault of faults) metrics.fundFault(faultLabel(fault));
      log.warn({ faults: faults.map(faultLine) }, "some of the fund's answer could not be read");
    },
    onWrongPerson: () => {
      log.error({ code: 'FUND_WRONG_PERSON' }, 'the fund answered about another person');
      recordWrongPerson(database).catch((error: Error) =>
        log.error(withoutValues(error), 'an alert could not be raised'),
      );
    },
  });
  const certificate = config.fund.client?.cert;
  return Object.assign(fund, {
    greet() {
      const valid = certificate && validity(certificate);
      const now = new Date();
      if (valid && (now < valid.from || valid.until < now))
        log.error({ from: valid.from, until: valid.until }, 'FUND_CLIENT_CERT is not valid now');
      fund.checkHealth().then(
        (state) =>
          state === 'works'
            ? log.info('the fund answers')
            : log.warn('the server of FUND_URL answers and has no health question: is the folder right?'),
        (error: { code?: unknown }) =>
          log.error({ code: error.code }, 'the fund does not answer at the start'),
      );
    },
  });
}

/** Kazpost's service where one is configured; the embedded data answer otherwise. */
function makeKazpost(config: Config, log: Logger): Kazpost | undefined {
  return (
    config.kazpost &&
    createKazpost(config.kazpost, {
      presentName: (name, language) => shippedPlaces().presentName(name, language),
      onFailure: (reason) => log.warn({ reason }, 'Kazpost gave no answer'),
    })
  );
}
