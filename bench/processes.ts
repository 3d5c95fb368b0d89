import { readdir, readFile } from 'node:fs/promises';

/** What Linux reports about a process: see proc(5). */
interface Seen {
  readonly pid: number;
  readonly parent: number;
  /** CPU seconds, including children that have ended. */
  readonly cpu: number;
  /** Resident memory, MB. */
  readonly memory: number;
}

/** The CPU time of a process and all its descendants, in seconds. */
export async function cpuOf(pid: number): Promise<number> {
  return (await family(pid)).reduce((sum, { cpu }) => sum + cpu, 0);
}

/** The CPU time of all processes of the machine, in seconds. */
export async function cpuOfMachine(): Promise<number> {
  const [first = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = first
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupts + softInterrupts) / 100;
}

/** The resident memory of a process and all its descendants, in MB. */
export async function memoryOf(pid: number): Promise<number> {
  return (await family(pid)).reduce((sum, { memory }) => sum + memory, 0);
}

/** The process that started this one. */
export async function parentOf(pid: number): Promise<number> {
  return (await look(pid))?.parent ?? 0;
}

async function family(pid: number): Promise<Seen[]> {
  const names = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const all = (await Promise.all(names.map((name) => look(Number(name))))).filter(
    (seen) => seen !== undefined,
  );
  const members: Seen[] = [];
  let generation = all.filter((seen) => seen.pid === pid);
  while (generation.length > 0) {
    members.push(...generation);
    const parents = new Set(generation.map((seen) => seen.pid));
    generation = all.filter((seen) => parents.has(seen.parent));
  }
  return members;
}

async function look(pid: number): Promise<Seen | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name before it may contain any character, including brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const number = (place: number) => Number(fields[place - 3]);
  return {
    pid,
    parent: number(4),
    cpu: (number(14) + number(15) + number(16) + number(17)) / 100,
    memory: (number(24) * 4) / 1024,
  };
}
