import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { grantService } from '../../src/platform/postgres/roles.ts';
import { bundleNode } from './bundle-node.ts';
import type { Clients } from './clients.ts';
import { type ClusterFault, clusterFaults } from './cluster-faults.ts';
import { type Machines, missingForCluster, startMachines } from './cluster-machines.ts';
import { type ClusterOptions, type FaultName, readClusterOptions } from './cluster-options.ts';
import { faults as kinds } from './judge.ts';
import { duration, type Outcome, type Progress } from './outcome.ts';
import { type TrialReport, tryOut, wrongIn } from './trial.ts';

const usual = { nodes: 2, people: 40, clients: 8, pauseMs: 100, faults: 0, hurry: true } as const;
/** A save waits as long as the longest fault, and for what follows. Milliseconds. */
const patienceMs = 420_000;
/** Milliseconds within which all three machines must be together again. */
const wholeWithin = 240_000;
const clockLibrary = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

/**
 * Runs each fault on a cluster of its own. No acknowledged save may be lost, doubled or out of
 * order. With the recipe that loses, losing nothing is what is wrong.
 */
export async function chaos(progress: Progress, words: readonly string[] = []): Promise<Outcome> {
  const options = readClusterOptions(words);
  const missing = missingForCluster();
  if (missing.length > 0) {
    progress(`skipped: this machine lacks ${missing.join(', ')}`);
    return { figures: [['skipped', `lacks ${missing.join(', ')}`]], wrong: [] };
  }
  await bundleNode();
  const figures: (readonly [string, string])[] = [];
  const wrong: string[] = [];
  for (const name of options.faults) {
    const outcome = await tryFault(name, options, progress);
    figures.push(...outcome.figures);
    wrong.push(...outcome.wrong.map((line) => `${name}: ${line}`));
  }
  return { figures, wrong };
}

/** Tries one fault as often as asked; the recipe that loses, until it has lost. */
async function tryFault(name: FaultName, options: ClusterOptions, progress: Progress): Promise<Outcome> {
  const fault: ClusterFault = clusterFaults[name];
  if (fault.clock && !existsSync(clockLibrary)) {
    progress(`${name}: skipped, there is no libfaketime (apt-get install libfaketime)`);
    return { figures: [[`· ${name}`, 'skipped: no libfaketime']], wrong: [] };
  }
  const figures: (readonly [string, string])[] = [];
  const wrong: string[] = [];
  const mustLose = options.recipe === 'etcd3';
  for (let time = 1; time <= options.times; time += 1) {
    const label = options.times === 1 ? name : `${name}, ${time}`;
    progress(`${label}: ${fault.what}`);
    try {
      const seen = await tryOnce(fault, options, progress);
      figures.push([`· ${label}`, seen.line]);
      progress(`${label}: ${seen.line}`);
      if (!mustLose) wrong.push(...seen.wrong);
      else if (seen.lost > 0) return { figures, wrong };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      progress(`${label} failed: ${error.message}`);
      wrong.push(error.message);
    }
  }
  if (mustLose) wrong.push(`nothing was lost in ${options.times} tries, which may be luck`);
  return { figures, wrong };
}

interface Seen {
  readonly line: string;
  readonly lost: number;
  readonly wrong: readonly string[];
}

async function tryOnce(fault: ClusterFault, options: ClusterOptions, say: Progress): Promise<Seen> {
  const machines = await startMachines({
    recipe: options.recipe,
    disk: fault.disk,
    clock: fault.clock && clockLibrary,
  });
  let isClear = options.recipe === 'etcd3';
  try {
    const database = await prepare(machines);
    try {
      let longest = 0;
      let whole = 0;
      const report = await tryOut(
        {
          ...usual,
          ...{ database, databaseUrl: machines.serviceUrl, varDir: machines.folder, patienceMs },
          settings: { DATABASE_PREPARED: '0', DATABASE_DIRECT_URL: machines.ownerUrl },
        },
        async ({ clients }) => {
          await pause(5_000);
          say(`${clients.ledger.length} saves before it`);
          const gaps = watchGaps(clients);
          const saved = (limit: number) => untilSaved(clients, limit);
          await fault.happen({ machines, say, saved });
          const over = performance.now();
          await untilWhole(machines);
          whole = performance.now() - over;
          // A leader that woke acts within three rounds of Patroni, and may have to be rewound.
          await pause(30_000);
          await untilWhole(machines);
          await saved(60_000);
          longest = gaps.stop();
        },
      );
      const seen = describe(report, longest, whole);
      isClear ||= seen.wrong.length === 0;
      return seen;
    } finally {
      await database.close();
    }
  } finally {
    if (!isClear) say(`the logs stay in ${machines.folder}/logs`);
    await machines.close(!isClear);
  }
}

/** The tables, and the rights of the service's role. */
async function prepare(machines: Machines) {
  const connection = { connectionString: machines.ownerUrl };
  await migrate(connection, { info: () => undefined });
  const database = openDatabase(connection, { max: 4, statementTimeout: 0, onError: () => undefined });
  const refusal = await grantService(database, 'kabinet');
  if (refusal) throw new Error(`the service's role was refused: ${refusal}`);
  return database;
}

function describe(report: TrialReport, longest: number, whole: number): Seen {
  // A receipt can be missing in several places.
  const lost = new Set(
    report.verdict.lost.map((line) => /^(?:receipt|change) (\w+)/.exec(line)?.[1] ?? line),
  );
  const counted = { ...report.verdict, lost: [...lost] };
  const verdict = kinds.map((kind) => `${counted[kind].length} ${kind}`).join(', ');
  return {
    lost: lost.size,
    wrong: wrongIn(report),
    line: `${report.saves} saves, ${verdict}; longest without a save ${duration(longest)}; whole again ${duration(whole)} after the fault`,
  };
}

/** Watches for the longest time in which no save was acknowledged. */
function watchGaps({ ledger }: Clients) {
  let seen = ledger.length;
  let last = performance.now();
  let longest = 0;
  const look = () => {
    if (ledger.length === seen) return;
    longest = Math.max(longest, performance.now() - last);
    seen = ledger.length;
    last = performance.now();
  };
  const timer = setInterval(look, 20);
  return {
    /** Milliseconds. */
    stop() {
      clearInterval(timer);
      return Math.max(longest, performance.now() - last);
    },
  };
}

/** Waits for a save that was not yet on its way. */
async function untilSaved({ ledger, failed }: Clients, limit: number): Promise<void> {
  const until = performance.now() + limit;
  await pause(1_000);
  // Those on their way come first, one of each client and its double.
  const enough = ledger.length + 2 * usual.clients;
  const saved = async () => {
    while (ledger.length < enough) {
      if (performance.now() > until) throw new Error(`no save was acknowledged within ${limit / 1_000} s`);
      await pause(50);
    }
  };
  await Promise.race([saved(), failed]);
}

async function untilWhole(machines: Machines): Promise<void> {
  for (const until = performance.now() + wholeWithin; !(await machines.areWhole()); await pause(500))
    if (performance.now() > until) throw new Error('not all machines came together again');
}
