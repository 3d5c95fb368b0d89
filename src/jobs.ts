import type { Config } from './config/config.ts';
import { startAccountRequestWorker } from './features/account-request/worker.ts';
import { resealAuthenticators } from './features/authenticator/reseal.ts';
import { fundQueue } from './features/changes/queue.ts';
import { keepSealed } from './features/evidence/keep-sealed.ts';
import { stampSignatures } from './features/evidence/time-stamps.ts';
import { messageQueues, reminderQueue } from './features/notices/queues.ts';
import { unaddressedQueue } from './features/notices/unaddressed.ts';
import { endQuietAlerts } from './features/operations/alert-store.ts';
import { sealAll } from './features/operations/audit.ts';
import { createHeadFile } from './features/operations/audit-head-file.ts';
import type { AuditHead } from './features/operations/audit-store.ts';
import { raiseMark } from './features/operations/database-state-store.ts';
import { sweep, sweptKinds } from './features/operations/housekeeping.ts';
import { backupJob, expectJobs, recordJobSuccess } from './features/operations/job-store.ts';
import { keepReachability } from './features/reachability/count.ts';
import { confirmationQueue } from './features/reachability/queue.ts';
import { keepReceiptLog } from './features/receipt-log/log.ts';
import { queueReminders } from './features/reminders/queue-reminders.ts';
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

/** Work that comes again and again. */
export interface RepeatedJob {
  readonly name: string;
  readonly everyMs: number;
  /** One pass. Its signal is aborted when the process stops. */
  readonly run: (signal: AbortSignal) => Promise<unknown>;
}

/** Starts the background work of a process. */
export function startJobs(services: Services, duties: Duties): Jobs {
  const { fund, onError } = services;
  const repeated = [...watchesOf(services), ...(duties.jobs ? upkeepOf(services) : [])];
  const running: Jobs[] = repeated.map(({ everyMs, run }) => startRepeating(everyMs, run, onError));
  // Runs in every role, so the log says at once whether the fund answers, and not only when a page
  // cannot be shown.
  fund.greet();
  if (duties.jobs) running.push(...startQueues(services, duties));
  const expected = duties.jobs ? expectJobs(services.database, expectedJobs).catch(onError) : undefined;
  return {
    async stop(patienceMs) {
      const most = patienceMs === undefined ? undefined : Math.min(patienceMs, handOverMs);
      await Promise.all([expected, ...running.map((job) => job.stop(most))]);
    },
  };
}

/**
 * Milliseconds for the gateway to accept a message. After that it is left to another process, which
 * may send it a second time.
 */
const handOverMs = 6_000;

/**
 * The queues of the outbox that a process with jobs works on.
 *
 * @internal The benchmark of growth drives them by hand.
 */
export function queuesOf(services: Services, duties: Pick<Duties, 'messages'>) {
  return {
    changes: fundQueue(services),
    messages: duties.messages ? [...messageQueues(services), reminderQueue(services)] : [],
    unaddressed: unaddressedQueue(services),
    confirmations: confirmationQueue(services),
  };
}

/** Delivers what is in the outbox, and processes account requests. */
function startQueues(services: Services, duties: Duties): readonly Jobs[] {
  const { database, onError, tracing } = services;
  const start = (queue: Queue, everyMs = 2_000) =>
    startDispatcher(database, queue, { everyMs, onError, tracing });
  const queues = queuesOf(services, duties);
  const changes = start(queues.changes);
  const sending = queues.messages.map((queue) => start(queue, queue.name === 'code' ? 500 : undefined));
  const unaddressed = start(queues.unaddressed);
  const confirmations = start(queues.confirmations, 10_000);
  const worker = startAccountRequestWorker(services, { everyMs: 1_000, onError });
  services.connectJobs({ fund: changes, messages: [...sending, unaddressed], accountRequests: worker });
  return [changes, ...sending, unaddressed, confirmations, worker];
}

/**
 * What each process looks at, in every role.
 *
 * @internal The benchmark of growth drives them by hand.
 */
export function watchesOf({
  maintenance,
  attackSwitch,
  databaseWatch,
  standby,
  exchangeChannelStates,
}: Services): readonly RepeatedJob[] {
  return [
    { name: 'maintenance', everyMs: 3_000, run: maintenance.refresh },
    // Processes that serve people must stop codes, and the others may be the only ones to raise the
    // alert.
    { name: 'attack-switch', everyMs: 2_000, run: () => attackSwitch.look() },
    // Each compares with what it has seen itself.
    { name: 'database', everyMs: 5_000, run: () => databaseWatch.look() },
    ...(standby ? [{ name: 'standby', everyMs: 1_000, run: standby.look }] : []),
    { name: 'channels', everyMs: 5_000, run: () => exchangeChannelStates() },
  ];
}

const ofHousekeeping = (kind: string) => `housekeeping:${kind}`;

/**
 * The repeated work that some process must do, by the names in `kabinet_job_last_success_seconds`.
 */
const expectedJobs: readonly string[] = [
  'follow-fund',
  'end-alerts',
  'seal',
  'receipt-log',
  'time-stamps',
  'evidence',
  'reseal',
  'reminders',
  'reachability',
  ...sweptKinds.map(ofHousekeeping),
  backupJob,
];

/**
 * Reads changes from the fund, ends alerts, seals the log, seals again what a former key has sealed,
 * queues reminders, counts who can be reached, and deletes rows past their term.
 *
 * @internal The benchmark of growth drives them by hand.
 */
export function upkeepOf(services: Services): readonly RepeatedJob[] {
  const { config, database, keys, log, onError } = services;
  const keepHead = createHeadFile(config.operations.auditHeadFile, onError);
  const onSealed = (sealed: AuditHead, firstOfDay: boolean) => {
    keepHead(sealed);
    const { seal, sealedAt, head } = sealed;
    if (firstOfDay) log.info({ seal, sealedAt, head }, 'audit head');
  };
  const recorded = <Result>(
    name: string,
    everyMs: number,
    pass: (signal: AbortSignal) => Promise<Result>,
    succeeded: (result: Result) => readonly string[] = () => [name],
  ): RepeatedJob => ({
    name,
    everyMs,
    async run(signal) {
      const result = await pass(signal);
      if (!signal.aborted) await recordJobSuccess(database, succeeded(result));
    },
  });
  return [
    { name: 'database-mark', everyMs: 5_000, run: () => raiseMark(database) },
    recorded('follow-fund', 30_000, () => syncBranchChanges(services, onError)),
    recorded('end-alerts', 10 * 60_000, () => endQuietAlerts(database)),
    recorded('seal', 60_000, () => sealAll(database, keys, onSealed)),
    recorded('receipt-log', 60_000, () => keepReceiptLog(services)),
    recorded('time-stamps', 15_000, (signal) => stampSignatures(services, signal)),
    recorded('evidence', 10 * 60_000, () =>
      keepSealed({ database, timeStamper: services.timeStamper, receiptKeys: config.receiptKeys }),
    ),
    recorded('reseal', 10 * 60_000, (signal) => resealAuthenticators(services, { signal })),
    recorded('reminders', 60_000, (signal) => queueReminders(services, signal)),
    recorded('reachability', 10 * 60_000, (signal) => keepReachability(database, signal)),
    recorded(
      'housekeeping',
      10 * 60_000,
      (signal) =>
        sweep(database, {
          eventYears: config.operations.eventsKeptYears,
          signal,
          onError: (kind, error) => log.error({ kind, ...withoutValues(error) }, 'housekeeping failed'),
        }),
      (gone) => [...gone.keys()].map(ofHousekeeping),
    ),
  ];
}
