import { bundleNode } from './bundle-node.ts';
import { killTest } from './kills.ts';
import { type Outcome, type Progress, spread } from './outcome.ts';
import { startOwnServer } from './own-server.ts';
import { points } from './points.ts';
import { figuresOf, wrongIn } from './trial.ts';

/**
 * The kill test at its full length: each point twenty times, sixty kills at random moments, and at
 * least ten thousand saves.
 */
export async function chaos(progress: Progress): Promise<Outcome> {
  await bundleNode();
  const own = await startOwnServer();
  try {
    const report = await killTest({
      ...own,
      ...{ nodes: 3, people: 200, clients: 8, pauseMs: 100 },
      ...{ at: points, timesEach: 20, random: 60, saves: 10_000 },
      faults: 0.2,
      hurry: false,
      onProgress: progress,
    });
    const { kills, restarts } = report;
    return {
      figures: [
        ...[...kills].map(([point, times]) => [`killed ${point}`, String(times)] as const),
        ['killed altogether', String(restarts.length)],
        ['from a death until the successor listened (median / p99 / longest)', spread(restarts)],
        ...figuresOf(report),
      ],
      wrong: wrongIn(report),
    };
  } finally {
    await own.close();
  }
}
