import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { serverProcess } from 'local-postgres/programs';
import { openDatabase } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { sql } from '../../src/platform/postgres/sql.ts';
import { systemPostgres } from '../support/system-postgres.ts';
import { bundleNode } from './bundle-node.ts';
import type { Clients } from './clients.ts';
import { duration, type Outcome, type Progress, spread } from './outcome.ts';
import { type OwnServer, startOwnServer } from './own-server.ts';
import { startPair } from './standby.ts';
import { figuresOf, type TrialReport, tryOut, wrongIn } from './trial.ts';

/** What happens to the database while clients save, each on its own server. */
const misfortunes: Readonly<Record<string, (progress: Progress) => Promise<Outcome>>> = {
  'all sessions ended every 2 s': sessionsEnded,
  'ten immediate restarts': restarts,
  'the disk is full': diskFull,
  'a synchronous standby takes over': failover,
};

/** Runs each of them. No acknowledged save may be lost, and each node must survive all of them. */
export async function chaos(progress: Progress): Promise<Outcome> {
  await bundleNode();
  const figures: (readonly [string, string])[] = [];
  const wrong: string[] = [];
  for (const [name, happen] of Object.entries(misfortunes)) {
    progress(name);
    const outcome = await happen(progress);
    figures.push([`· ${name}`, ''], ...outcome.figures);
    wrong.push(...outcome.wrong.map((line) => `${name}: ${line}`));
  }
  return { figures, wrong };
}

const usual = { nodes: 2, people: 100, clients: 8, pauseMs: 50, faults: 0, hurry: true } as const;

async function sessionsEnded(): Promise<Outcome> {
  return withServer({}, async (own) => {
    let ended = 0;
    const report = await tryOut({ ...own, ...usual }, async () => {
      for (let turn = 0; turn < 60; turn += 1) {
        await pause(2_000);
        ended += await own.database.run(sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`);
      }
    });
    return outcomeOf(report, [['sessions ended', String(ended)]]);
  });
}

async function restarts(): Promise<Outcome> {
  return withServer({}, async (own) => {
    const took: number[] = [];
    const report = await tryOut({ ...own, ...usual }, async ({ clients }) => {
      for (let turn = 0; turn < 10; turn += 1) {
        await pause(3_000);
        const server = serverProcess(join(own.server.location, 'data'));
        if (server === undefined) throw new Error('PostgreSQL does not run');
        // PostgreSQL ends without a last checkpoint, as after a power cut. The supervisor restarts
        // it.
        process.kill(server, 'SIGQUIT');
        took.push(await untilSaved(clients));
      }
    });
    return outcomeOf(report, [['from a restart until a save (median / p99 / longest)', spread(took)]]);
  });
}

async function diskFull(progress: Progress): Promise<Outcome> {
  const disk = await mountSmallDisk();
  if (disk === undefined) {
    progress('skipped: only root may mount a small disk');
    return { figures: [['skipped', 'only root may mount a small disk']], wrong: [] };
  }
  const settings = { max_wal_size: '64MB', min_wal_size: '32MB' };
  try {
    return await withServer({ varDir: disk.folder, settings }, async (own) => {
      let refused = 0;
      let recovered = 0;
      const report = await tryOut({ ...own, ...usual }, async ({ clients }) => {
        await pause(3_000);
        const failures = () => [...clients.met().failures.values()].reduce((sum, times) => sum + times, 0);
        const before = failures();
        await disk.fill();
        // PostgreSQL's reserved files last for a while.
        for (
          const until = performance.now() + 120_000;
          performance.now() < until && failures() - before < 50;
        )
          await pause(100);
        refused = failures() - before;
        await disk.free();
        recovered = await untilSaved(clients);
        await pause(5_000);
      });
      const { figures, wrong } = outcomeOf(report, [
        ['saves refused while it was full', String(refused)],
        ['from free space until a save', duration(recovered)],
      ]);
      return {
        figures,
        wrong: refused === 0 ? [...wrong, 'no save was refused: the disk was not full'] : wrong,
      };
    });
  } finally {
    await disk.close();
  }
}

async function failover(progress: Progress): Promise<Outcome> {
  const binaries = systemPostgres();
  if (binaries === undefined) {
    progress('skipped: there is no PostgreSQL 15 or later beside the embedded one');
    return { figures: [['skipped', 'no PostgreSQL beside the embedded one']], wrong: [] };
  }
  const pair = await startPair(binaries);
  const varDir = await mkdtemp(join(tmpdir(), 'kabinet-chaos-'));
  const connection = { connectionString: pair.url };
  await migrate(connection, { info: () => undefined });
  const database = openDatabase(connection, { max: 4, statementTimeout: 0, onError: () => undefined });
  try {
    let took = 0;
    const report = await tryOut(
      { ...usual, database, databaseUrl: pair.url, varDir },
      async ({ clients }) => {
        await pause(5_000);
        const began = performance.now();
        await pair.failOver();
        await untilSaved(clients, 0);
        took = performance.now() - began;
        await pause(5_000);
      },
    );
    const { figures, wrong } = outcomeOf(report, [
      ['PostgreSQL', binaries.version],
      ["from the primary's death until a save", duration(took)],
    ]);
    return { figures, wrong: took > 60_000 ? [...wrong, 'it took over a minute'] : wrong };
  } finally {
    await database.close();
    await pair.close();
    await rm(varDir, { recursive: true, force: true });
  }
}

function outcomeOf(report: TrialReport, more: Outcome['figures']): Outcome {
  return { figures: [...more, ...figuresOf(report)], wrong: wrongIn(report) };
}

async function withServer(
  options: Parameters<typeof startOwnServer>[0],
  work: (own: OwnServer) => Promise<Outcome>,
): Promise<Outcome> {
  const own = await startOwnServer(options);
  try {
    return await work(own);
  } finally {
    await own.close();
  }
}

/**
 * Waits until a save is acknowledged, ignoring those within the first `moment` milliseconds, which
 * may have been made before. Returns how long it took.
 */
async function untilSaved({ ledger, failed }: Clients, moment = 50): Promise<number> {
  const began = performance.now();
  await pause(moment);
  const before = ledger.length;
  const saved = async () => {
    while (ledger.length === before) await pause(10);
  };
  await Promise.race([saved(), failed]);
  return performance.now() - began;
}

/** Mounts a disk of 400 MB in memory; undefined when this process may not mount one. */
async function mountSmallDisk() {
  const folder = await mkdtemp(join(tmpdir(), 'kabinet-chaos-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    await rm(folder, { recursive: true });
    return undefined;
  }
  await chmod(folder, 0o711);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    async fill() {
      const { bavail, bsize } = await statfs(folder);
      // Write what fits; the rest fails.
      await writeFile(ballast, Buffer.alloc(bavail * bsize)).catch(() => undefined);
    },
    free: () => rm(ballast, { force: true }),
    async close() {
      execFileSync('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}
