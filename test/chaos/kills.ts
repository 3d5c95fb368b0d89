import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../../src/adapters/postgres/database.ts';
import { sql } from '../../src/adapters/postgres/sql.ts';
import { type FundFault, type FundServerOptions, startFundServer } from '../support/fund-server.ts';
import { marksIn, marksOf } from '../support/marks.ts';
import { inventPerson } from '../support/people.ts';
import { type Met, startClients } from './clients.ts';
import { judge, readWritten, type Verdict } from './judge.ts';
import { environment, type Place, startNodes } from './nodes.ts';
import type { Point } from './points.ts';
import { enrolAll } from './sign-in.ts';
import type { Plant } from './trap.ts';

export interface KillOptions {
  /** A migrated, empty database, and how the nodes reach it. */
  readonly database: Database;
  readonly databaseUrl: string;
  readonly varDir: string;
  /** Nodes at a time; all but one are being killed at any moment, in turn. */
  readonly nodes: number;
  readonly people: number;
  readonly clients: number;
  /** Kills at each of these points, in mixed order. */
  readonly at: readonly Point[];
  readonly timesEach: number;
  /** Kills at any moment up to half a second after a node listens. */
  readonly random: number;
  /** The clients go on until so much is acknowledged. */
  readonly saves: number;
  readonly pauseMs: number;
  /** Share of the questions to the fund that go wrong. */
  readonly faults: number;
  /** Whether what a dead node held is taken at the end, without waiting for its leases of 30 seconds. */
  readonly hurry: boolean;
  readonly plant?: Plant;
  readonly fund?: Pick<FundServerOptions, 'idempotent'>;
  readonly onProgress?: (line: string) => void;
}

export interface KillReport {
  readonly verdict: Verdict;
  /** How often a node was killed at each point. */
  readonly kills: ReadonlyMap<Point | 'at random', number>;
  readonly saves: number;
  readonly met: Met;
  /** From each death until the successor listened, milliseconds. */
  readonly restarts: readonly number[];
  readonly fundQuestions: number;
  readonly fundFaults: number;
  /** From the last kill until everything was delivered, seconds. */
  readonly drained: number;
  /** Values of the marked people that stand in what the nodes wrote. */
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
/** What the stand-in tells of, as the points at which a node can die meanwhile. */
const stages: Readonly<Record<'arrived' | 'applied', Point>> = {
  arrived: 'at the fund: arrived, not applied',
  applied: 'at the fund: applied, not answered',
};

/** Kills nodes under saving clients, lets everything be delivered, and compares. */
export async function killTest(options: KillOptions): Promise<KillReport> {
  const { database, onProgress = () => undefined } = options;
  const people = Array.from({ length: options.people }, (_, n) => inventPerson(n));
  await enrolAll(database, people);

  /** The places whose node is to die while the fund has a change of it in hand. */
  const atFund = new Map<Place, Point>();
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
    FUND_URL: fund.url,
    ...(options.plant === undefined ? {} : { CHAOS_PLANT: options.plant }),
  });
  try {
    const clients = await startClients({
      people,
      atOnce: options.clients,
      origins: nodes.origins,
      pauseMs: options.pauseMs,
    });
    behaveBadly();

    const kills = new Map<Point | 'at random', number>();
    const restarts: number[] = [];
    const plan = mixed([
      ...options.at.flatMap((point) => Array.from({ length: options.timesEach }, () => point)),
      ...Array.from({ length: options.random }, () => 'at random' as const),
    ]);
    let done = 0;
    // One node is always left alone, so that the clients have one.
    const [, ...killers] = nodes.places;
    const next = [...nodes.places];
    const carryOut = async () => {
      for (let point = plan.pop(); point !== undefined; point = plan.pop()) {
        const place = next.shift();
        if (!place) throw new Error('more killers than nodes');
        await place.listens();
        await killOnce(place, point, atFund);
        const died = performance.now();
        kills.set(point, (kills.get(point) ?? 0) + 1);
        done += 1;
        if (done % 20 === 0) onProgress(`${done} kills, ${clients.ledger.length} saves acknowledged`);
        await place.listens();
        restarts.push(performance.now() - died);
        next.push(place);
      }
    };
    const carriedOut = async () => {
      await Promise.all(killers.map(carryOut));
      while (clients.ledger.length < options.saves) await pause(100);
    };
    await Promise.race([carriedOut(), clients.failed]);
    await clients.stop();

    fund.behave('none');
    const killed = performance.now();
    await drain(database, options.hurry);
    const drained = (performance.now() - killed) / 1_000;
    await nodes.stop();
    const log = nodes.log();
    const marks = people.flatMap(marksOf);
    return {
      verdict: judge(clients.ledger, await readWritten(database), fund),
      kills,
      saves: clients.ledger.length,
      met: clients.met(),
      restarts,
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

async function killOnce(place: Place, point: Point | 'at random', atFund: Map<Place, Point>): Promise<void> {
  if (point === 'at random') {
    await pause(Math.random() * 500);
    return place.kill();
  }
  if (Object.values(stages).includes(point)) atFund.set(place, point);
  try {
    await place.killAt(point);
  } finally {
    atFund.delete(place);
  }
}

/** Waits until the fund has everything. With `hurry` neither leases of the dead nor pauses between tries are waited for. */
async function drain(database: Database, hurry: boolean): Promise<void> {
  for (const until = performance.now() + 300_000; performance.now() < until; ) {
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

function mixed<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
