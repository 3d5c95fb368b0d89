import { bundleNode } from './bundle-node.ts';
import { faults } from './judge.ts';
import { type KillReport, killTest } from './kills.ts';
import { duration, type Outcome, type Progress, spread } from './outcome.ts';
import { startOwnServer } from './own-server.ts';
import { points } from './points.ts';

/** The kill test at its full length: every point twenty times, sixty kills at random, ten thousand saves or more. */
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
    return { figures: figuresOf(report), wrong: wrongIn(report) };
  } finally {
    await own.close();
  }
}

function figuresOf({
  kills,
  saves,
  met,
  restarts,
  fundQuestions,
  fundFaults,
  drained,
  verdict,
}: KillReport): Outcome['figures'] {
  return [
    ...[...kills].map(([point, times]) => [`killed ${point}`, String(times)] as const),
    ['killed altogether', String([...kills.values()].reduce((sum, times) => sum + times, 0))],
    ['saves acknowledged', String(saves)],
    ['sent again after a cut connection', String(met.cut)],
    ['sent again after an answer of 500 or 503', String(met.refused)],
    ['from a death until the successor listened (median / p99 / longest)', spread(restarts)],
    ['from sending to the receipt (median / p99 / longest)', spread(met.took)],
    ['questions to the fund, and how many went wrong', `${fundQuestions}, ${fundFaults}`],
    ['from the last save until the fund had everything', duration(drained * 1_000)],
    ...faults.map((fault) => [fault, String(verdict[fault].length)] as const),
  ];
}

/** Everything in a report that must not be. */
export function wrongIn({ verdict, met, told }: KillReport): string[] {
  return [
    ...faults.flatMap((fault) => verdict[fault].map((line) => `${fault}: ${line}`)),
    ...(met.conflicts > 0 ? [`${met.conflicts} saves met a change that nobody made`] : []),
    ...told.map(() => 'a personal value stands in the log'),
  ];
}
