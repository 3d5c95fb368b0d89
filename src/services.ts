import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Config, settingsOf } from './config/config.ts';
import { connectFund, readOnStandby } from './connect-fund.ts';
import { createAttackSwitch } from './features/account-request/attack-switch.ts';
import type { AddressSources } from './features/addresses/addresses.ts';
import { createEmbeddedSource } from './features/addresses/embedded.ts';
import { createLazySource } from './features/addresses/lazy-source.ts';
import { shippedPlaces } from './features/addresses/places.ts';
import { suggestionRate } from './features/addresses/routes.ts';
import { createStreetLookup } from './features/addresses/street-lookup.ts';
import type { Channels } from './features/notices/channel.ts';
import {
  type ChannelStates,
  readChannelStates,
  writeChannelStates,
} from './features/notices/channel-store.ts';
import { readKeptHead } from './features/operations/audit-head-file.ts';
import { createDatabaseWatch } from './features/operations/database-watch.ts';
import { createMaintenanceWatch } from './features/operations/maintenance.ts';
import { readUpcomingWindows } from './features/operations/maintenance-store.ts';
import { createMetrics, type Metrics } from './features/operations/metrics.ts';
import { readReadings } from './features/operations/readings-store.ts';
import { lazyCommonPasswords } from './features/passwords/common-passwords.ts';
import { createPasswordHasher } from './features/passwords/hasher.ts';
import { createReceiptSealer } from './features/receipt-seal/sealer.ts';
import { endAllSessions } from './features/sign-in/sessions.ts';
import type { Kazpost } from './gateways/kazpost/kazpost.ts';
import { readCertificates, watchFolder } from './gateways/nca/folder.ts';
import { createNcaVerifier } from './gateways/nca/verifier.ts';
import type { CircuitBreakerView } from './platform/circuit-breaker.ts';
import { validity } from './platform/credentials.ts';
import { ownOrigin } from './platform/http/request-context.ts';
import { createKeys } from './platform/keys.ts';
import { withoutValues } from './platform/loggable.ts';
import type { Database } from './platform/postgres/database.ts';
import type { Standby } from './platform/postgres/standby.ts';
import type { SlotRunner } from './platform/process/shared-slots.ts';
import { createRateLimit } from './platform/rate-limit.ts';
import { createFairSemaphore } from './platform/semaphore.ts';
import type { Tracing } from './platform/tracing.ts';
import { createSenders } from './senders.ts';

export interface ServicesOptions {
  readonly config: Config;
  readonly database: Database;
  readonly log: Logger;
  /**
   * Shares the machine's processors with the other processes. Undefined when this process is alone.
   */
  readonly hashSlots?: SlotRunner | undefined;
  /** True for a process that connects to the message gateways. */
  readonly deliversMessages: boolean;
  /** Undefined where no standby is read while the leader is away. */
  readonly standby?: Standby | undefined;
  /** Undefined where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** What pages and jobs work with. Built once in each process. */
export type Services = Awaited<ReturnType<typeof createServices>>;

/**
 * Builds what pages and jobs work with. Only this file and `senders.ts`, for the gateways of
 * messages, know the gateways.
 */
export async function createServices({
  config,
  database,
  log,
  hashSlots,
  deliversMessages,
  standby,
  tracing,
}: ServicesOptions) {
  const keys = createKeys(config.secretKeys);
  const onError = (error: Error) => log.error(withoutValues(error), 'background work failed');
  const messages = await createMessages(config, database, log, deliversMessages, onError);
  const breakers: CircuitBreakerView[] = [];
  const metrics = createMetrics({
    readings: () =>
      readReadings(database, { ...config.sessions, eventYears: config.operations.eventsKeptYears }),
    breakers,
    certificates: { fund: config.fund.http?.client && validity(config.fund.http.client.cert)?.until },
    channels: messages.gatewayStates,
    trusted: () => verifier.trusted(),
    maintenance: () => maintenance.state(),
    pool: () => database.load(),
    database: () => databaseWatch.gauges(),
    standby: () => standby?.readable,
  });
  const fund = await connectFund(config, database, log, metrics, tracing);
  const copies = config.fund.http && { database, hours: config.fund.copyHours };
  const kazpost = await createKazpostService(config, log);
  const verifier = createVerifier(config, log);
  breakers.push(
    database.breaker,
    ...fund.breakers,
    ...(kazpost ? [kazpost.breaker] : []),
    ...verifier.breakers,
  );
  const watches = await createWatches({ config, database, log, metrics, onError });
  const { maintenance, databaseWatch } = watches;
  const hasher = await createPasswordHasher(config.passwords.hashesAtOnce, hashSlots);
  const origin = config.server.publicUrl?.origin ?? `http://localhost:${config.server.port}`;
  return {
    ...settingsOf(config),
    ...messages,
    ...createWakeUps(),
    config,
    database,
    log,
    keys,
    onError,
    metrics,
    tracing,
    breakers,
    ...watches,
    fund,
    copies,
    standby,
    onStandby: (replica: Database) => readOnStandby({ config, fund, copies }, replica),
    addresses: createAddressSources(database, kazpost, onError),
    addressLimit: createRateLimit(suggestionRate),
    verifier,
    timeStamper: verifier.timeStamper,
    edsSemaphore: createFairSemaphore(edsConcurrency),
    siteOf: (request: FastifyRequest) => ownOrigin(request, config.server) ?? origin,
    /** Ends all sessions of a person whom the fund no longer allows in. */
    endSessions: (holderId: string) => endAllSessions(database, holderId, 'blocked'),
    hasher,
    common: lazyCommonPasswords(),
    receiptSealer: createSealer(config, log),
    furtherTrust: createFurtherTrust(config),
    origin,
    /** Closes the connections to gateways. The database stays open. */
    async close(): Promise<void> {
      await Promise.all(Object.values(messages.senders).map((sender) => sender.close()));
      await kazpost?.close();
      await fund.close();
      await verifier.close();
    },
  };
}

/** What this process looks at again and again, after the first look. */
async function createWatches({
  config,
  database,
  log,
  metrics,
  onError,
}: Pick<ServicesOptions, 'config' | 'database' | 'log'> & {
  readonly metrics: Metrics;
  readonly onError: (error: Error) => void;
}) {
  const maintenance = createMaintenanceWatch(() => readUpcomingWindows(database));
  const attackSwitch = createAttackSwitch(database, config.accountRequests);
  const databaseWatch = createDatabaseWatch({
    ...{ database, log, requireSynchronous: config.database.requireSynchronous },
    keptHead: () => readKeptHead(config.operations.auditHeadFile),
    onSetback: metrics.databaseSetback,
  });
  // Done before the first request, because a process may start during maintenance.
  await maintenance.refresh().catch(onError);
  await attackSwitch.look().catch(onError);
  await databaseWatch.look().catch(onError);
  return { maintenance, attackSwitch, databaseWatch };
}

function createAddressSources(
  database: Database,
  kazpost: Kazpost | undefined,
  onError: (error: Error) => void,
): AddressSources {
  const embedded = createLazySource(() =>
    createEmbeddedSource(shippedPlaces(), createStreetLookup(database, onError)),
  );
  return { embedded, ...(kazpost ? { kazpost } : {}) };
}

/** Certificates that are trusted for signatures beside those of the authority: a demonstration's. */
function createFurtherTrust({ eds: { trust } }: Config): () => Promise<readonly Uint8Array[]> {
  if (trust === 'production') return async () => [];
  const look = watchFolder(trust.folder, ['.pem', '.crt', '.cer', '.der'], {
    everyMs: 60_000,
    clock: () => performance.now(),
  });
  return async () => readCertificates(await look());
}

function createSealer({ receiptKeys }: Config, log: Logger) {
  if (receiptKeys) return createReceiptSealer(receiptKeys);
  log.warn('receipts have no seal: RECEIPT_KEYS is not set');
  return undefined;
}

/**
 * Signatures that each process verifies at the same time. Most of the time is spent waiting for the
 * authority's answer, and the threads have their own queue. A full queue is served in about two
 * seconds.
 */
const edsConcurrency = { atOnce: 16, waitingEach: 2, waitingInAll: 200 } as const;

/** A queue that looks for work at once when woken. */
interface Wakeable {
  wake(): void;
}

/** The jobs of this process that other parts wake. A process without jobs has none. */
export interface WakeableJobs {
  readonly fund: Wakeable;
  /** Every queue that can hold a message. */
  readonly messages: readonly Wakeable[];
  readonly accountRequests: { wakeAfter(milliseconds: number): void };
}

/**
 * Wakes the jobs of this process after a commit that queued something, so that it does not wait for
 * their next look. What they then do belongs to no request: each is bound to the start.
 */
function createWakeUps() {
  let jobs: WakeableJobs | undefined;
  return {
    connectJobs(started: WakeableJobs): void {
      jobs = started;
    },
    onSaved: AsyncResource.bind(() => jobs?.fund.wake()),
    onQueued: AsyncResource.bind(() => {
      for (const queue of jobs?.messages ?? []) queue.wake();
    }),
    onRequested: AsyncResource.bind((afterMs: number) => jobs?.accountRequests.wakeAfter(afterMs)),
  };
}

/** The senders of messages, and what this process knows about their channels. */
async function createMessages(
  config: Config,
  database: Database,
  log: Logger,
  delivers: boolean,
  onError: (error: Error) => void,
) {
  const node = randomUUID();
  let heard: ChannelStates = {};
  const senders = await createSenders({
    config,
    database,
    log,
    onError,
    delivers,
    heard: (channel) => heard[channel],
  });
  const channels: Channels = { available: (channel) => senders[channel].available };
  /** Of the channels that have a gateway: one without is not down. */
  const gatewayStates = () =>
    Object.fromEntries(
      Object.values(senders)
        .filter(({ absent }) => !absent)
        .map(({ channel, available }) => [channel, available]),
    );
  const channelStates = () => ({ mobile: senders.mobile.available, email: senders.email.available });
  return {
    senders,
    channels,
    channelStates,
    gatewayStates,
    /**
     * Reports the channels to other processes if this one delivers. Otherwise reads their reports.
     */
    async exchangeChannelStates(): Promise<void> {
      if (delivers) await writeChannelStates(database, node, channelStates());
      else heard = await readChannelStates(database);
    },
  };
}

function createVerifier({ eds }: Config, log: Logger) {
  return createNcaVerifier(
    { ...eds, everyMs: eds.folderSeconds * 1_000, clock: () => performance.now() },
    (what, reason) =>
      log.warn(
        { what, reason },
        `${what === 'TSA' ? 'a time-stamp' : 'the revocation status of a certificate'} could not be read`,
      ),
  );
}

/** Kazpost's service if one is configured. Otherwise the embedded data answer. */
async function createKazpostService(config: Config, log: Logger): Promise<Kazpost | undefined> {
  if (!config.kazpost) return undefined;
  const { createKazpost } = await import('./gateways/kazpost/kazpost.ts');
  return createKazpost(config.kazpost, {
    presentName: (name, language) => shippedPlaces().presentName(name, language),
    onFailure: (reason) => log.warn({ reason }, 'Kazpost gave no answer'),
  });
}
