import { setTimeout as pause } from 'node:timers/promises';
import type { Place } from './nodes.ts';
import type { Point } from './points.ts';
import { stages, type Trial, type TrialOptions, type TrialReport, tryOut } from './trial.ts';

export interface KillOptions extends TrialOptions {
  /** The points at which nodes are killed, in mixed order. */
  readonly at: readonly Point[];
  readonly timesEach: number;
  /** The number of kills at a random moment, up to half a second after a node listens. */
  readonly random: number;
  /** The kills are spread over this many acknowledged saves. */
  readonly saves: number;
  readonly onProgress?: (line: string) => void;
}

export interface KillReport extends TrialReport {
  /** How often a node was killed at each point. */
  readonly kills: ReadonlyMap<Point | 'at random', number>;
  /** Milliseconds from each death until the successor listened. */
  readonly restarts: readonly number[];
}

/**
 * Kills nodes while clients save. At any time all nodes but one are being killed, in turn, so that
 * the clients always have one.
 */
export async function killTest(options: KillOptions): Promise<KillReport> {
  const { onProgress = () => undefined } = options;
  const kills = new Map<Point | 'at random', number>();
  const restarts: number[] = [];
  const plan = mixed([
    ...options.at.flatMap((point) => Array.from({ length: options.timesEach }, () => point)),
    ...Array.from({ length: options.random }, () => 'at random' as const),
  ]);
  const all = plan.length;
  let begun = 0;
  let done = 0;

  const report = await tryOut(options, async ({ nodes, clients, atFund }) => {
    const enough = async (saves: number) => {
      while (clients.ledger.length < saves) await pause(20);
    };
    const next = [...nodes.places];
    const carryOut = async () => {
      for (let point = plan.pop(); point !== undefined; point = plan.pop()) {
        const place = next.shift();
        if (!place) throw new Error('more killers than nodes');
        await place.listens();
        begun += 1;
        await enough((options.saves * begun) / all);
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
    const [, ...killers] = nodes.places;
    await Promise.all(killers.map(carryOut));
    await enough(options.saves);
  });
  return { ...report, kills, restarts };
}

async function killOnce(place: Place, point: Point | 'at random', atFund: Trial['atFund']): Promise<void> {
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

function mixed<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
