import { parseArgs } from 'node:util';
import { clusterFaults } from './cluster-faults.ts';
import type { Recipe } from './cluster-machines.ts';

export type FaultName = keyof typeof clusterFaults;

export interface ClusterOptions {
  readonly faults: readonly FaultName[];
  readonly recipe: Recipe;
  /** How often each fault is tried; with the recipe that loses, at most. */
  readonly times: number;
}

const names = Object.keys(clusterFaults) as FaultName[];
const width = Math.max(...names.map((name) => name.length));

export const usage = `Usage: npm run chaos -- cluster [FAULT]… [--recipe etcd3] [--times N]

Starts deploy/patroni on this machine for each fault and lets clients save meanwhile:

${names.map((name) => `  ${name.padEnd(width)}  ${clusterFaults[name].what}`).join('\n')}

--recipe etcd3  the interface of etcd that loses; tries freeze until it does, at most N times (6)
--times N       how often each fault is tried (1)`;

/** Reads the words after `cluster`. @throws with what is wrong with them */
export function readClusterOptions(words: readonly string[]): ClusterOptions {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: { recipe: { type: 'string', default: 'etcd' }, times: { type: 'string' } },
    allowPositionals: true,
  });
  const { recipe } = values;
  if (recipe !== 'etcd' && recipe !== 'etcd3') throw new Error(`There is no recipe ${recipe}.\n\n${usage}`);
  const unknown = positionals.filter((name) => !(name in clusterFaults));
  if (unknown.length > 0) throw new Error(`There is no fault ${unknown.join(', ')}.\n\n${usage}`);
  const isOld = recipe === 'etcd3';
  const times = Number(values.times ?? (isOld ? 6 : 1));
  if (!Number.isInteger(times) || times < 1) throw new Error(`--times takes a whole number.\n\n${usage}`);
  const named = positionals as FaultName[];
  return { recipe, times, faults: named.length > 0 ? named : isOld ? ['freeze'] : names };
}
