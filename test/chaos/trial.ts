import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../../src/platform/postgres/database.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type FundFault, type FundServerOptions, startFundServer } from '../support/fund-server.ts';
import { marksIn, marksOf } from '../support/marks.ts';
import { inventPerson } from '../support/people.ts';
import { type Clients, type Met, startClients } from './clients.ts';
import { judge, readEmbeddedFund, readWritten, type Verdict } from './judge.ts';
import { environment, type Nodes, type Place, startNodes } from './nodes.ts';
import { duration, type Outcome, spread } from './outcome.ts';
import type { Point } from './points.ts';
import { enrolAll } from './sign-in.ts';
import type { Plant } from './trap.ts';

export interface TrialOptions {
  /** A migrated, empty database, and the nodes' address of it. */
  readonly database: Database;
  readonly databaseUrl: string;
  readonly varDir: string;
  readonly nodes: number;
  readonly people: number;
  /** The number of clients that save at once, and the mean pause of each between two saves. */
  readonly clients: number;
  readonly pauseMs: number;
  /** The share of requests to the fund that fail. */
  readonly faults: number;
  /**
   * True: take over the work of dead nodes at the end, without waiting for the end of their leases
   * of 30 seconds.
   */
  readonly hurry: boolean;
  readonly plant?: Plant;
  readonly fund?: Pick<FundServerOptions, 'idempotent'>;
  /** More settings of the nodes. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long a client waits for a receipt before the run fails; milliseconds. */
  readonly patienceMs?: number;
  /** True: changes go to the embedded fund, in batches, and not to a stand-in over HTTP. */
  readonly embedded?: boolean;
}

/** The service while clients save, for the code that disturbs it. */
export interface Trial {
  readonly nodes: Nodes;
  readonly clients: Clients;
  /** The places whose node must die while the fund handles a change of that node. */
  readonly atFund: Map<Place, Point>;
}

export interface TrialReport {
  readonly verdict: Verdict;
  readonly saves: number;
  readonly met: Met;
  readonly fundQuestions: number;
  readonly fundFaults: number;
  /** Milliseconds from the last save until everything was delivered. */
  readonly drained: number;
  /** Values of the marked people that occur in the nodes' logs. */
  readonly told: readonly string[];
}

const misfortunes: readonly FundFault[] = [
  'cut-before',
  'cut-after',
  'failing',
  'twice',
  'late-copy',
  'later',
];

/** The stages that the stand-in reports, as points at which a node can die. */
export const stages: Readonly<Record<'arrived' | 'applied', Point>> = {
  arrived: 'at the fund: arrived, not applied',
  applied: 'at the fund: applied, not answered',
};

/**
 * Lets clients save while `disturb` runs, waits for all deliveries, and compares everybody's
 * records.
 */
export async function tryOut(
  options: TrialOptions,
  disturb: (trial: Trial) => Promise<void>,
): Promise<TrialReport> {
  const { database } = options;
  const people = Array.from({ length: options.people }, (_, n) => inventPerson(n));
  await enrolAll(database, people);

  const atFund: Trial['atFund'] = new Map();
  const fund = await startFundServer({
    ...options.fund,
    async onChange(stage, changeId) {
      for (const [place, point] of atFund) if (point === stages[stage]) await place.killWith(changeId);
    },
  });
  for (const person of people) fund.enrol(person);
  let fundFaults = 0;
  const behaveBadly = () =>
    fund.behave(() => {
      if (Math.random() >= options.faults) return 'none';
      fundFaults += 1;
      return Math.random() < 0.02
        ? 'silent'
        : (misfortunes[Math.floor(Math.random() * misfortunes.length)] ?? 'none');
    });

  const nodes = await startNodes(options.nodes, {
    ...environment,
    DATABASE_URL: options.databaseUrl,
    VAR_DIR: options.varDir,
    ...(options.embedded ? {} : { FUND_URL: fund.url }),
    ...(options.plant === undefined ? {} : { CHAOS_PLANT: options.plant }),
    ...options.settings,
  });
  try {
    const clients = await startClients({
      people,
      atOnce: options.clients,
      origins: nodes.origins,
      pauseMs: options.pauseMs,
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
    });
    behaveBadly();
    await Promise.race([disturb({ nodes, clients, atFund }), clients.failed, nodes.failed]);
    await clients.stop();

    fund.behave('none');
    const last = performance.now();
    await drain(database, options.hurry);
    const drained = performance.now() - last;
    await nodes.stop();
    const log = nodes.log();
    const marks = people.flatMap(marksOf);
    return {
      verdict: judge(
        clients.ledger,
        await readWritten(database),
        options.embedded ? await readEmbeddedFund(database) : fund,
      ),
      saves: clients.ledger.length,
      met: clients.met(),
      fundQuestions: fund.requests.length,
      fundFaults,
      drained,
      told: marksIn(log, [...marks, 'Белгілі көшесі']),
    };
  } finally {
    await nodes.stop().catch(() => undefined);
    await fund.close();
  }
}

/**
 * Waits until the fund has everything. With `hurry`, does not wait for leases of dead nodes or for
 * pauses between attempts.
 */
async function drain(database: Database, hurry: boolean): Promise<void> {
  for (const until = performance.now() + 600_000; performance.now() < until; ) {
    if (hurry) {
      await database.run(sql`
        update cabinet.outbox set leased_until = null, next_attempt_at = now()
        where lane = 'fund' and delivered_at is null and dead_at is null and (leased_until is not null or next_attempt_at > now())`);
    }
    const left = await database.first<{ count: number }>(sql`
      select count(*) from cabinet.outbox where lane = 'fund' and delivered_at is null and dead_at is null`);
    if (left?.count === 0) return;
    await pause(hurry ? 2_000 : 250);
  }
}

/** The figures of a report. */
export function figuresOf(report: TrialReport): Outcome['figures'] {
  const { saves, met, fundQuestions, fundFaults, drained, verdict } = report;
  const statuses = [...met.failures].map(([status, times]) => `${times} × ${status}`).join(', ');
  return [
    ['saves acknowledged', String(saves)],
    ['sent again after a cut connection or silence', String(met.cut)],
    ['sent again after an answer that failed', statuses || '0'],
    ['from sending to the receipt (median / p99 / longest)', spread(met.took)],
    ['questions to the fund, and how many went wrong', `${fundQuestions}, ${fundFaults}`],
    ['from the last save until the fund had everything', duration(drained)],
    ...Object.entries(verdict).map(([fault, lines]) => [fault, String(lines.length)] as const),
  ];
}

/** The faults in a report. */
export function wrongIn({ verdict, met, told }: TrialReport): string[] {
  return [
    ...Object.entries(verdict).flatMap(([fault, lines]) => lines.map((line) => `${fault}: ${line}`)),
    ...(met.conflicts > 0 ? [`${met.conflicts} saves met a change that nobody made`] : []),
    ...told.map(() => 'a personal value stands in the log'),
  ];
}
