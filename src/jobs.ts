import type { Config } from './config/config.ts';
import { startAccountRequestWorker } from './features/account-request/worker.ts';
import { fundQueue } from './features/changes/queue.ts';
import { messageQueues } from './features/notices/queues.ts';
import { unaddressedQueue } from './features/notices/unaddressed.ts';
import { endQuietAlerts } from './features/operations/alert-store.ts';
import { sealAll } from './features/operations/audit.ts';
import { createHeadFile } from './features/operations/audit-head-file.ts';
import type { AuditHead } from './features/operations/audit-store.ts';
import { sweep } from './features/operations/housekeeping.ts';
import { syncBranchChanges } from './fund/sync.ts';
import { withoutValues } from './platform/loggable.ts';
import { startDispatcher } from './platform/outbox/dispatcher.ts';
import type { Queue } from './platform/outbox/queue.ts';
import { startRepeating } from './platform/process/repeat.ts';
import type { Services } from './services.ts';

/** The duties of a process. */
export interface Duties {
  /** Serves pages to people. */
  readonly pages: boolean;
  /** Delivers to the fund, processes account requests and does the housekeeping. */
  readonly jobs: boolean;
  /** Connects to the message gateways and delivers messages. */
  readonly messages: boolean;
}

/**
 * Reads the duties of a process from ROLE.
 * @param deliversMessages false when another process of this machine delivers messages
 */
export function dutiesOf(role: Config['server']['role'], deliversMessages: boolean): Duties {
  const jobs = role !== 'web';
  return { pages: role !== 'worker', jobs, messages: jobs && deliversMessages };
}

/** The background work of this process. */
export interface Jobs {
  /**
   * Starts nothing new. Resolves when the current work has ended or been given back, or after
   * `patienceMs`.
   */
  stop(patienceMs?: number): Promise<void>;
}

/** Starts the background work of a process. */
export function startJobs(services: Services, duties: Duties): Jobs {
  const { maintenance, fund, attackSwitch, exchangeChannelStates, onError } = services;
  const running: Jobs[] = [
    startRepeating(3_000, maintenance.refresh, onError),
    // Runs in every role: processes that serve people must stop codes, and the others may be the
    // only ones to raise the alert.
    startRepeating(2_000, () => attackSwitch.look(), onError),
    startRepeating(5_000, () => exchangeChannelStates(), onError),
  ];
  // Runs in every role, so the log says at once whether the fund answers, and not only when a page
  // cannot be shown.
  fund.greet();
  if (duties.jobs) running.push(...startQueues(services, duties), ...startUpkeep(services));
  return {
    async stop(patienceMs) {
      const most = patienceMs === undefined ? undefined : Math.min(patienceMs, handOverMs);
      await Promise.all(running.map((job) => job.stop(most)));
    },
  };
}

/**
 * Milliseconds for the gateway to accept a message. After that it is left to another process, which
 * may send it a second time.
 */
const handOverMs = 6_000;

/** Delivers what is in the outbox, and processes account requests. */
function startQueues(services: Services, duties: Duties): readonly Jobs[] {
  const { database, onError } = services;
  const start = (queue: Queue, everyMs = 2_000) => startDispatcher(database, queue, { everyMs, onError });
  const changes = start(fundQueue(services));
  const ofMessages = duties.messages ? messageQueues(services) : [];
  const sending = ofMessages.map((queue) => start(queue, queue.name === 'code' ? 500 : undefined));
  const unaddressed = start(unaddressedQueue(services));
  const worker = startAccountRequestWorker(services, { everyMs: 1_000, onError });
  services.connectJobs({ fund: changes, messages: [...sending, unaddressed], accountRequests: worker });
  return [changes, ...sending, unaddressed, worker];
}

/** Reads changes from the fund, ends alerts, seals the log and deletes rows past their term. */
function startUpkeep(services: Services): readonly Jobs[] {
  const { config, database, keys, log, onError } = services;
  const keepHead = createHeadFile(config.operations.auditHeadFile, onError);
  const onSealed = (sealed: AuditHead, firstOfDay: boolean) => {
    keepHead(sealed);
    const { seal, sealedAt, head } = sealed;
    if (firstOfDay) log.info({ seal, sealedAt, head }, 'audit head');
  };
  return [
    startRepeating(30_000, () => syncBranchChanges(services, onError), onError),
    startRepeating(10 * 60_000, () => endQuietAlerts(database), onError),
    startRepeating(60_000, () => sealAll(database, keys, onSealed), onError),
    startRepeating(
      10 * 60_000,
      (signal) =>
        sweep(database, {
          eventYears: config.operations.eventsKeptYears,
          signal,
          onError: (kind, error) => log.error({ kind, ...withoutValues(error) }, 'housekeeping failed'),
        }),
      onError,
    ),
  ];
}
