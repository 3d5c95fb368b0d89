import { bundleNode } from './bundle-node.ts';
import { faults, type Verdict } from './judge.ts';
import { type KillOptions, killTest } from './kills.ts';
import type { Outcome, Progress } from './outcome.ts';
import { startOwnServer } from './own-server.ts';

type PlantedRun = Pick<KillOptions, 'at' | 'timesEach' | 'faults' | 'plant' | 'fund'>;

/** The planted faults, and what must be found for each. */
export const plants: readonly {
  readonly name: string;
  readonly run: PlantedRun;
  readonly finds: readonly (keyof Verdict)[];
}[] = [
  {
    name: 'the answer goes out before COMMIT',
    run: {
      at: ['after the write, before COMMIT'],
      timesEach: 4,
      faults: 0,
      plant: 'acknowledge before COMMIT',
    },
    finds: ['lost'],
  },
  {
    name: 'the fund takes each copy of a change for a new one, whatever its number',
    run: {
      at: ['at the fund: applied, not answered'],
      timesEach: 2,
      faults: 0.5,
      fund: { idempotent: false },
    },
    finds: ['doubled', 'out of order'],
  },
];

/**
 * Runs a short kill test for each planted fault. It is wrong when the kill test does not find it.
 */
export async function chaos(progress: Progress): Promise<Outcome> {
  await bundleNode();
  const figures: (readonly [string, string])[] = [];
  const wrong: string[] = [];
  for (const { name, run, finds } of plants) {
    progress(`planted: ${name}`);
    const own = await startOwnServer();
    try {
      const { verdict } = await killTest({ ...own, ...usual, ...run });
      for (const fault of finds)
        if (verdict[fault].length === 0) wrong.push(`"${name}": nothing ${fault} was found`);
      figures.push([name, faults.map((fault) => `${verdict[fault].length} ${fault}`).join(', ')]);
    } finally {
      await own.close();
    }
  }
  return { figures, wrong };
}

/** The settings of all short kill tests. */
export const usual = {
  ...{ nodes: 2, people: 12, clients: 4, pauseMs: 20 },
  ...{ random: 0, saves: 100, hurry: true },
} as const satisfies Partial<KillOptions>;
