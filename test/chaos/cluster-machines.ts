import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { root } from '../../src/platform/root.ts';

/** @internal The test renders the configuration with it. */
export const script = join(root, 'deploy/patroni/cluster');
const run = promisify(execFile);
const numbers = [1, 2, 3] as const;

/** One of the three machines. */
export type Machine = (typeof numbers)[number];

/** The interface of etcd that Patroni uses. */
export type Recipe = 'etcd' | 'etcd3';

/** Three machines with PostgreSQL, Patroni and etcd, behind HAProxy and PgBouncer. */
export interface Machines {
  /** The service's role, through PgBouncer. */
  readonly serviceUrl: string;
  /** The owner of the tables, through HAProxy alone. */
  readonly ownerUrl: string;
  /** Its files, also the logs of all programs. */
  readonly folder: string;
  /** The machine that leads. Waits up to a minute for one. */
  leader(): Promise<Machine>;
  /** Whether one leads and both others follow, one of them synchronously. */
  areWhole(): Promise<boolean>;
  /** Kills PostgreSQL there by SIGKILL, as the kernel does when memory is short. */
  killPostmaster(machine: Machine): Promise<void>;
  /** Stops every process of the machine, etcd too, as when a virtual machine is paused. */
  freeze(machine: Machine): Promise<void>;
  /** Stops Patroni there, and not PostgreSQL. */
  freezePatroni(machine: Machine): Promise<void>;
  wake(machine: Machine): Promise<void>;
  /** Wakes a Patroni that sleeps because its clock went back. */
  rousePatroni(machine: Machine): Promise<void>;
  freezeEtcd(): Promise<void>;
  wakeEtcd(): Promise<void>;
  /** Asks the leader to hand over to the synchronous standby, and waits until that leads. */
  switchOver(): Promise<void>;
  /** Cuts the machine off from everything, or from the two others but not from its clients. */
  cutOff(machine: Machine, from: 'everything' | 'the others'): Promise<void>;
  reconnect(machine: Machine): Promise<void>;
  fillDisk(machine: Machine, disk: Disk): Promise<void>;
  emptyDisk(machine: Machine, disk: Disk): Promise<void>;
  /** Sets the clock of the day of PostgreSQL and Patroni there, seconds from the right one. */
  moveClock(machine: Machine, seconds: number): Promise<void>;
  /** Begins the next file of WAL on the leader, so that reserved ones are used up. */
  switchWal(): Promise<void>;
  /** Ends everything, and removes the folder unless its logs are wanted. */
  close(keepLogs: boolean): Promise<void>;
}

export type Disk = 'data' | 'wal';

export interface MachinesOptions {
  readonly recipe: Recipe;
  /** Small disks in memory, of this size. */
  readonly disk?: string | undefined;
  /** The library that moves clocks. */
  readonly clock?: string | undefined;
}

/** What this machine lacks for the cluster, one line each. */
export function missingForCluster(): readonly string[] {
  const lines = execFileSync(script, ['missing'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return lines.split('\n').filter((line) => line !== '');
}

/** Starts them in a new folder; half a minute. @throws with what the script said */
export async function startMachines({ recipe, disk, clock }: MachinesOptions): Promise<Machines> {
  const around = await mkdtemp(join(tmpdir(), 'kabinet-cluster-'));
  // PostgreSQL's user must come through.
  await chmod(around, 0o711);
  const folder = join(around, 'cluster');
  const more = [disk && ['--disk', disk], clock && ['--clock', clock]].flatMap((pair) => pair || []);
  const starting = run(script, ['start', folder, '--recipe', recipe, ...more]);
  // Whoever presses Ctrl-C leaves nothing behind.
  const interrupted = () => {
    starting.child.kill();
    spawnSync(script, ['stop', folder], { stdio: 'ignore' });
    rmSync(around, { recursive: true, force: true });
    process.exit(130);
  };
  const forget = () => {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const { stdout } = await starting.catch((error: Error) => {
    forget();
    throw error;
  });
  const urlOf = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(stdout)?.[1] ?? '';
  const ownerUrl = urlOf('DATABASE_DIRECT_URL');
  return {
    folder,
    ownerUrl,
    serviceUrl: urlOf('DATABASE_URL'),
    ...patroni(),
    ...faults(folder),
    async switchWal() {
      const password = await readFile(join(folder, 'secrets/superuser'), 'utf8');
      const url = new URL(ownerUrl);
      const client = new pg.Client({
        ...{ host: url.hostname, port: Number(url.port), user: 'postgres', database: 'kabinet', password },
        connectionTimeoutMillis: 2_000,
        query_timeout: 2_000,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.query('select pg_switch_wal()');
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    async close(keepLogs) {
      forget();
      execFileSync(script, ['stop', folder], { stdio: 'ignore' });
      if (!keepLogs) await rm(around, { recursive: true, force: true });
    },
  };
}

const addressOf = (machine: Machine) => `10.213.77.1${machine}`;

/** What is asked of Patroni. */
function patroni(): Pick<Machines, 'leader' | 'areWhole' | 'switchOver' | 'rousePatroni'> {
  const ask = (machine: Machine, path: string, init: RequestInit = {}) =>
    fetch(`http://${addressOf(machine)}:8008${path}`, { ...init, signal: AbortSignal.timeout(3_000) }).catch(
      () => undefined,
    );
  async function leader(): Promise<Machine> {
    for (const until = performance.now() + 60_000; performance.now() < until; await pause(200)) {
      const answers = await Promise.all(numbers.map((machine) => ask(machine, '/primary')));
      const leading = numbers.filter((_, index) => answers[index]?.ok);
      if (leading.length === 1 && leading[0]) return leading[0];
    }
    throw new Error('no machine leads');
  }
  return {
    leader,
    async areWhole() {
      const answers = await Promise.all(numbers.map((machine) => ask(machine, '/cluster')));
      // Each must say so: one that was cut off may still show what it knew.
      const views = await Promise.all(
        answers.map(async (answer) => (answer?.ok ? ((await answer.json()) as View) : undefined)),
      );
      return views.every((view) => view && isWhole(view));
    },
    async rousePatroni(machine) {
      // Any change of the settings, or none: SIGHUP and `patronictl reload` are heard too late.
      const answer = await ask(machine, '/config', { method: 'PATCH', body: '{"loop_wait":10}' });
      if (!answer?.ok) throw new Error('Patroni did not wake');
    },
    async switchOver() {
      const machine = await leader();
      const body = JSON.stringify({ leader: `db${machine}` });
      // The answer comes after the hand-over, which may take longer than it is waited for.
      void ask(machine, '/switchover', { method: 'POST', body });
      for (const until = performance.now() + 60_000; (await leader()) === machine; await pause(200))
        if (performance.now() > until) throw new Error('nobody took over');
    },
  };
}

interface View {
  readonly members: readonly { readonly role: string; readonly state: string }[];
}

function isWhole({ members }: View): boolean {
  const roles = members.map(({ role }) => role).sort();
  return (
    roles.join() === 'leader,replica,sync_standby' &&
    members.every(({ state }) => state === 'running' || state === 'streaming')
  );
}

/** What is done to the machines from outside. */
function faults(
  folder: string,
): Omit<
  Machines,
  'folder' | 'ownerUrl' | 'serviceUrl' | 'close' | 'switchWal' | keyof ReturnType<typeof patroni>
> {
  const ip = (...words: readonly string[]) => run('ip', words);
  const homeOf = (machine: Machine) => join(folder, `db${machine}`);
  const processesOf = async (machine: Machine) =>
    (await ip('netns', 'pids', `kabinet-db${machine}`)).stdout.split('\n').filter(Boolean).map(Number);
  const signalOne = async (name: string, what: NodeJS.Signals) =>
    signal(Number(await readFile(join(folder, 'pids', name), 'utf8')), what);
  const signalEtcd = async (what: NodeJS.Signals) => {
    for (const machine of numbers) await signalOne(`etcd${machine}`, what);
  };
  const others = (machine: Machine) => numbers.filter((other) => other !== machine);
  /** Packets between the two get a hardware address that nobody has, so that they vanish. */
  const between = async (one: Machine, other: Machine, vanish: boolean) => {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const entry = [addressOf(to), 'dev', 'eth0'];
      const change = vanish
        ? ['replace', ...entry, 'lladdr', '02:00:00:00:00:01', 'nud', 'permanent']
        : ['del', ...entry];
      await ip('-n', `kabinet-db${from}`, 'neigh', ...change).catch(() => undefined);
    }
  };
  const ballast = (machine: Machine, disk: Disk) => join(homeOf(machine), disk, 'ballast');
  return {
    async killPostmaster(machine) {
      const file = await readFile(join(homeOf(machine), 'data/pg/postmaster.pid'), 'utf8');
      process.kill(Number.parseInt(file, 10), 'SIGKILL');
    },
    async freeze(machine) {
      const frozen = new Set<number>();
      // A process may have started another one meanwhile.
      for (let found = 1; found > 0; ) {
        const fresh = (await processesOf(machine)).filter((id) => !frozen.has(id));
        for (const id of fresh) {
          frozen.add(id);
          signal(id, 'SIGSTOP');
        }
        found = fresh.length;
      }
    },
    freezePatroni: (machine) => signalOne(`patroni${machine}`, 'SIGSTOP'),
    async wake(machine) {
      for (const id of await processesOf(machine)) signal(id, 'SIGCONT');
    },
    freezeEtcd: () => signalEtcd('SIGSTOP'),
    wakeEtcd: () => signalEtcd('SIGCONT'),
    async cutOff(machine, from) {
      if (from === 'everything') await ip('link', 'set', `kabinet-${machine}`, 'down');
      else for (const other of others(machine)) await between(machine, other, true);
    },
    async reconnect(machine) {
      await ip('link', 'set', `kabinet-${machine}`, 'up');
      for (const other of others(machine)) await between(machine, other, false);
    },
    async fillDisk(machine, disk) {
      const { bavail, bsize } = await statfs(join(homeOf(machine), disk));
      // Write what fits; the rest fails.
      await writeFile(ballast(machine, disk), Buffer.alloc(bavail * bsize)).catch(() => undefined);
    },
    emptyDisk: (machine, disk) => rm(ballast(machine, disk), { force: true }),
    moveClock: (machine, seconds) =>
      writeFile(join(homeOf(machine), 'clock'), `${seconds < 0 ? '' : '+'}${seconds}\n`),
  };
}

/** A process that has ended meanwhile needs no signal. */
function signal(id: number, what: NodeJS.Signals): void {
  try {
    process.kill(id, what);
  } catch {}
}
