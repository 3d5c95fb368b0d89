import { setTimeout as pause } from 'node:timers/promises';
import type { Disk, Machines } from './cluster-machines.ts';
import type { Progress } from './outcome.ts';

/** What a fault works with. */
export interface Scene {
  readonly machines: Machines;
  readonly say: Progress;
  /** Resolves when a save is acknowledged that was sent from now on; rejects after `limit` ms. */
  saved(limit: number): Promise<void>;
}

/** Something that happens to the cluster while clients save. */
export interface ClusterFault {
  readonly what: string;
  /** The size of each machine's two small disks in memory. */
  readonly disk?: string;
  /** The clocks of the machines can be moved. */
  readonly clock?: true;
  /** Resolves when the cause is over and a save was acknowledged. */
  happen(scene: Scene): Promise<void>;
}

/** The faults by their names on the command line. */
export const clusterFaults = {
  kill: {
    what: "the leader's PostgreSQL is killed by SIGKILL",
    async happen({ machines, saved }) {
      await machines.killPostmaster(await machines.leader());
      await saved(150_000);
    },
  },
  'freeze-short': frozenFor(20, 'less than the TTL of 30 s'),
  freeze: frozenFor(60, 'twice the TTL'),
  'freeze-long': frozenFor(150, 'five times the TTL'),
  'freeze-patroni': {
    what: "only the leader's Patroni stands still for 60 s, the case of a watchdog",
    async happen({ machines, saved }) {
      const leader = await machines.leader();
      await machines.freezePatroni(leader);
      await pause(60_000);
      await machines.wake(leader);
      await saved(120_000);
    },
  },
  switchover: {
    what: 'the leader hands over, as before maintenance',
    async happen({ machines, saved }) {
      await machines.switchOver();
      await saved(90_000);
    },
  },
  etcd: {
    what: 'all of etcd gives no answer for 60 s',
    async happen({ machines, saved }) {
      await machines.freezeEtcd();
      await pause(60_000);
      await machines.wakeEtcd();
      await saved(120_000);
    },
  },
  partition: cutOffFrom('everything', 'the leader is cut off from everything for 60 s'),
  'half-partition': cutOffFrom(
    'the others',
    'the leader is cut off from the other machines for 60 s, but not from its clients',
  ),
  'disk-data': fullDisk('data', "the leader's disk for data is full"),
  'disk-wal': fullDisk('wal', "the leader's disk for WAL is full"),
  'clock-ahead': {
    what: "the leader's clock jumps 1 h ahead, and one with the right time takes over",
    clock: true,
    async happen({ machines, say, saved }) {
      const leader = await machines.leader();
      await machines.moveClock(leader, 3_600);
      await pause(40_000);
      await saved(60_000);
      say('the one with the right time takes over');
      await machines.switchOver();
      await saved(90_000);
    },
  },
  'clock-back': {
    what: "the leader's clock jumps 1 h back; Patroni sleeps until somebody wakes it",
    clock: true,
    async happen({ machines, saved }) {
      const leader = await machines.leader();
      await machines.moveClock(leader, -3_600);
      await pause(60_000);
      await machines.rousePatroni(leader);
      await saved(90_000);
    },
  },
} as const satisfies Record<string, ClusterFault>;

function frozenFor(seconds: number, than: string): ClusterFault {
  return {
    what: `every process of the leader's machine stands still for ${seconds} s, ${than}`,
    async happen({ machines, saved }) {
      const leader = await machines.leader();
      await machines.freeze(leader);
      await pause(seconds * 1_000);
      await machines.wake(leader);
      await saved(120_000);
    },
  };
}

function cutOffFrom(from: 'everything' | 'the others', what: string): ClusterFault {
  return {
    what,
    async happen({ machines, saved }) {
      const leader = await machines.leader();
      await machines.cutOff(leader, from);
      await pause(60_000);
      await machines.reconnect(leader);
      await saved(120_000);
    },
  };
}

function fullDisk(disk: Disk, what: string): ClusterFault {
  return {
    what: `${what} for 60 s`,
    disk: '400m',
    async happen({ machines, say, saved }) {
      const leader = await machines.leader();
      await machines.fillDisk(leader, disk);
      // The files of WAL that are there already would last for minutes.
      if (disk === 'wal') for (let file = 0; file < 12; file += 1) await machines.switchWal().catch(() => 0);
      await pause(60_000);
      const then = await machines.leader().catch(() => undefined);
      say(then === leader ? 'the same machine leads' : 'another machine leads');
      await machines.emptyDisk(leader, disk);
      await saved(150_000);
    },
  };
}
