import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Binaries,
  commandFor,
  findPlace,
  give,
  initdbIdentity,
  type Place,
} from 'local-postgres/programs';
import pg from 'pg';

/**
 * A primary and a standby with synchronous replication, behind one address as a proxy provides it.
 */
export interface Pair {
  readonly url: string;
  /** The standby itself, which can only be read. */
  readonly standbyUrl: string;
  /** Kills the primary by SIGKILL, promotes the standby and sends everybody there. */
  failOver(): Promise<void>;
  /** Kills the primary by SIGKILL. Nobody takes over. */
  killPrimary(): Promise<void>;
  /**
   * Starts the killed primary again as it was, without a standby, and sends everybody there: a
   * former leader that takes over again.
   */
  returnToFirst(): Promise<void>;
  close(): Promise<void>;
}

/** Starts both with these programs. */
export async function startPair(binaries: Binaries): Promise<Pair> {
  const varDir = await mkdtemp(join(tmpdir(), 'kabinet-chaos-'));
  await chmod(varDir, 0o711);
  const place = await findPlace({
    folder: join(varDir, 'postgres'),
    logFile: join(varDir, 'postgres.log'),
    name: 'kabinet',
    binaries,
  });
  const first = join(place.home, 'first');
  const second = join(place.home, 'second');
  const switchboard = await openSwitch();
  const running: ChildProcess[] = [];
  const [firstPort, secondPort] = [await freePort(), await freePort()];

  await initialise(place, first, firstPort);
  running.push(run(place, first));
  await query(firstPort, 'create role kabinet login', 'create database kabinet owner kabinet');
  await end(running[0], 'SIGINT');
  await cp(first, second, { recursive: true });
  if (place.identity.kind === 'uid') await give(second, place.identity.uid);
  await chmod(second, 0o700);
  await writeFile(join(second, 'standby.signal'), '', { mode: 0o644 });
  await appendFile(
    join(second, 'postgresql.conf'),
    `port = ${secondPort}\nprimary_conninfo = 'host=127.0.0.1 port=${firstPort} user=postgres application_name=second'\n`,
  );
  running[0] = run(place, first);
  running.push(run(place, second));
  await query(firstPort, "alter system set synchronous_standby_names = 'second'", 'select pg_reload_conf()');
  while ((await query(firstPort, "select from pg_stat_replication where sync_state = 'sync'")) === 0)
    await pause(100);
  switchboard.leadTo(firstPort);

  return {
    url: `postgresql://kabinet@127.0.0.1:${switchboard.port}/kabinet`,
    standbyUrl: `postgresql://kabinet@127.0.0.1:${secondPort}/kabinet`,
    async failOver() {
      await end(running[0], 'SIGKILL');
      switchboard.leadTo(undefined);
      await query(secondPort, 'select pg_promote()');
      switchboard.leadTo(secondPort);
    },
    async killPrimary() {
      await end(running[0], 'SIGKILL');
      switchboard.leadTo(undefined);
    },
    async returnToFirst() {
      await end(running[0], 'SIGKILL');
      running[0] = run(place, first);
      await query(firstPort, "alter system set synchronous_standby_names = ''", 'select pg_reload_conf()');
      switchboard.leadTo(firstPort);
    },
    async close() {
      switchboard.close();
      for (const one of running) await end(one, 'SIGINT');
      await rm(varDir, { recursive: true, force: true });
    },
  };
}

async function initialise(place: Place, data: string, port: number): Promise<void> {
  const identity = await initdbIdentity(place.identity);
  const command = commandFor(
    identity,
    join(place.binaries.bin, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'],
    place.binaries,
  );
  const child = spawn(command.file, command.args, { ...command.options, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`initdb ended with ${code}`);
  if (place.identity.kind === 'uid') await give(data, place.identity.uid);
  await appendFile(
    join(data, 'postgresql.conf'),
    `port = ${port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nwal_level = replica\nhot_standby = on\n`,
  );
}

function run(place: Place, data: string): ChildProcess {
  const { file, args, options } = commandFor(
    place.identity,
    join(place.binaries.bin, 'postgres'),
    ['-D', data],
    place.binaries,
  );
  return spawn(file, args, { ...options, stdio: 'ignore' });
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/**
 * Runs statements as the superuser, retrying until the server accepts them. Returns the number of
 * rows of the last one.
 */
async function query(port: number, ...statements: readonly string[]): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      if (attempt > 300) throw error;
      await pause(100);
      continue;
    }
    try {
      let rows = 0;
      for (const statement of statements) rows = (await client.query(statement)).rowCount ?? 0;
      return rows;
    } finally {
      await client.end();
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('there is no free port');
  return address.port;
}

/** One address that leads to one of two ports. Switching cuts the connections to the other port. */
async function openSwitch() {
  let target: number | undefined;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    if (target === undefined) return void client.destroy();
    const upstream = dial(target, '127.0.0.1');
    keep(client);
    keep(upstream);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    leadTo(port: number | undefined) {
      target = port;
      cut();
    },
    close() {
      server.close();
      cut();
    },
  };
}
