import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, readFileSync, utimesSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import pg from 'pg';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { serverProcess } from '../src/process.ts';
import {
  asRoot,
  data,
  endWithTest,
  home,
  logFile,
  prepareFolders,
  query,
  seed,
  start,
} from './support/harness.ts';

prepareFolders();

describe('a service', () => {
  beforeEach(seed);

  test('finds its data again', async () => {
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    await first.stop();
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('is the only one on its folder', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(
      `Another service, process ${process.pid}, already uses ${join(home, 'postgres')}: stop it, or set another SHOP_DIR.`,
    );
    expect(await query(first, 'select 1 as works')).toEqual([{ works: 1 }]);
  });

  test('waits for a service that is just stopping', async () => {
    const first = await start();
    const [second] = await Promise.all([start(), first.stop()]);
    expect(await query(second, 'select 1 as works')).toEqual([{ works: 1 }]);
  });

  test('restarts its server when that dies', async () => {
    const server = await start();
    await query(server, 'create table kept as select 7 as n');
    const pool = new pg.Pool({ ...server.connection });
    pool.on('error', () => undefined);
    const kept = async () => (await pool.query('select n from kept')).rows;
    expect(await kept()).toEqual([{ n: 7 }]);
    process.kill(serverProcess(data()) ?? 0, 'SIGKILL');
    await vi.waitFor(async () => expect(await kept()).toEqual([{ n: 7 }]), 20_000);
    await pool.end();
    const { administration: connection } = server;
    const claims = `select count(*)::int as n from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock'`;
    await vi.waitFor(async () => expect(await query({ connection }, claims)).toEqual([{ n: 1 }]), 20_000);
    await expect(start()).rejects.toThrow('Another service');
    await server.stop();
    expect(serverProcess(data())).toBeUndefined();
  });

  test('keeps its statements and their values out of the log', async () => {
    const server = await start();
    const pool = new pg.Pool({ ...server.connection, statement_timeout: 200 });
    // `end` resolves before the connections are closed, so that the stop may still meet them.
    pool.on('error', () => undefined);
    const canary = '900101300007';
    await pool.query('create table person (id text primary key, n int check (n > 0))');
    await pool.query('insert into person values ($1, 1)', [canary]);
    const outcomes = [];
    for (const [text, ...values] of [
      ['insert into person values ($1, 1)', canary],
      ['insert into person values ($1, 0)', `${canary}1`],
      ['select $1::uuid', canary],
      ['select pg_sleep(5), $1::text', canary],
      [`select 1 from "${canary}"`],
      [`do $$ begin raise warning '${canary}'; end $$`],
    ] as const) {
      outcomes.push(
        await pool.query({ text, values }).then(
          () => 'done',
          ({ code }) => code,
        ),
      );
    }
    expect(outcomes).toEqual(['23505', '23514', '22P02', '57014', '42P01', 'done']);
    await pool.end();
    await server.stop();
    const written = readFileSync(logFile(), 'utf8');
    expect(written).toContain('database system is ready');
    expect(written).not.toContain(canary);
  });

  test('reports PostgreSQL’s last output when it does not start', async () => {
    await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /did not start on .*\n.*invalid value for parameter "shared_buffers": "plenty"/,
    );
    expect(serverProcess(data())).toBeUndefined();
  });

  test.each([
    ['a number that nobody has', async () => 4_194_303],
    ['the number of another program', async () => spawnedSleep().pid],
    ['a dead process that nobody reaped', deadUnreaped],
  ])('is not held up by a pid file with %s', async (_whose, pid) => {
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    const server = serverProcess(data()) ?? 0;
    const text = readFileSync(join(data(), 'postmaster.pid'), 'utf8');
    await first.stop();
    const stale = text.replace(String(server), String(await pid()));
    // The server adds the eighth line when it is ready. After a crash the line stays.
    expect(stale.split('\n').length).toBeGreaterThan(7);
    await writeFile(join(data(), 'postmaster.pid'), stale, { mode: 0o600 });
    await writeFile(join(first.connection.host, '.s.PGSQL.5432.lock'), stale, { mode: 0o600 });
    if (asRoot) for (const file of await readdir(data())) chownSync(join(data(), file), 0, 0);
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('starts despite an empty pid file that a power cut left', async () => {
    const first = await start();
    await query(first, 'create table kept as select 7 as n');
    await first.stop();
    const file = join(data(), 'postmaster.pid');
    await writeFile(file, '', { mode: 0o600 });
    const aMinuteAgo = Date.now() / 1000 - 60;
    utimesSync(file, aMinuteAgo, aMinuteAgo);
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
  });
});

function spawnedSleep(): ChildProcess {
  const sleep = spawn('sleep', ['600']);
  endWithTest(sleep);
  return sleep;
}

/**
 * A shell that becomes `sleep` never reaps the child that it had. The child lives until then: a
 * shell would reap it.
 */
async function deadUnreaped(): Promise<number> {
  const script = 'cat <&3 >&2 & echo $!; exec sleep 600';
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
  endWithTest(parent);
  const [stdout, held] = [parent.stdout as Readable, parent.stdio[3] as Writable];
  const [line] = await once(createInterface(stdout), 'line');
  const pid = Number(line);
  const isLinux = process.platform === 'linux';
  const read = (of: number | undefined, file: string) => readFileSync(`/proc/${of}/${file}`, 'utf8');
  if (isLinux) await vi.waitFor(() => expect(read(parent.pid, 'comm')).toBe('sleep\n'));
  held.end();
  const state = () => read(pid, 'stat').replace(/.*\) /, '')[0];
  if (isLinux) await vi.waitFor(() => expect(state()).toBe('Z'));
  return pid;
}
