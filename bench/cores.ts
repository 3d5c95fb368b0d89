import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The processor for the measured process; undefined where it cannot have one of its own. */
export type Core = number | undefined;

/**
 * Gives the measured process a processor of its own. The load, which is this process, and whatever
 * it starts move to the others. Where there is no `taskset` or only one processor, all share.
 */
export async function withCores<Value>(work: (core: Core) => Promise<Value>): Promise<Value> {
  const all = await coresOfThisProcess();
  const [first, ...others] = all;
  if (first === undefined || others.length === 0) return work(undefined);
  await keepThisProcessOn(others);
  try {
    return await work(first);
  } finally {
    await keepThisProcessOn(all);
  }
}

/** What `fork` needs to start Node on this processor. */
export function onCore(core: Core): { readonly execPath?: string; readonly execArgv?: string[] } {
  return core === undefined
    ? {}
    : { execPath: 'taskset', execArgv: ['--cpu-list', String(core), process.execPath] };
}

/** How rows name it. */
export function coreNote(core: Core): string {
  return core === undefined ? 'load on the same processors' : 'the server alone on one processor';
}

async function coresOfThisProcess(): Promise<number[]> {
  const told = await run('taskset', ['--cpu-list', '--pid', String(process.pid)]).catch(() => undefined);
  const list = told?.stdout.split(':').at(-1)?.trim() ?? '';
  return list.split(',').flatMap((part) => {
    if (!/^\d+(-\d+)?$/.test(part)) return [];
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** All threads of this process; processes that it starts later inherit it. */
async function keepThisProcessOn(cores: readonly number[]): Promise<void> {
  await run('taskset', ['--all-tasks', '--cpu-list', '--pid', cores.join(','), String(process.pid)]);
}
