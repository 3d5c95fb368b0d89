import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LocalPostgresError } from './error.ts';
import { commandFor } from './identity.ts';
import type { Log } from './options.ts';
import { type Place, PORT } from './place.ts';
import { isServer, serverProcess } from './process.ts';

const LOG_LIMIT_BYTES = 10_000_000;
const STOP_LIMIT_MS = 60_000;
const POLL_MS = 20;

/** A server that this process has started. */
export interface Started {
  /** The server's output once it has ended; undefined while it runs. */
  ended(): string | undefined;
  soFar(): string;
}

/** Starts `postgres`. It is not ready yet when this returns. */
export async function spawnServer(place: Place, extra: Readonly<Record<string, string>>): Promise<Started> {
  const args = Object.entries(settingsOf(place, extra)).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const command = commandFor(
    place.identity,
    join(place.binaries.bin, 'postgres'),
    ['-D', place.data, ...args],
    place.binaries,
  );
  const size = await stat(place.log).then(
    (log) => log.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(place.log, `${place.log}.1`);
  const log = await open(place.log, 'a+', 0o600);
  const from = (await log.stat()).size;
  // Detached, so that Ctrl-C in a terminal only reaches the service, which then stops the server
  // properly.
  const child = spawn(command.file, command.args, {
    ...command.options,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  let over = false;
  let problem = '';
  child.once('error', (error) => {
    over = true;
    problem = error.message;
  });
  child.once('exit', () => {
    over = true;
  });
  child.unref();
  await log.close();
  const soFar = () => readFileSync(place.log).subarray(from).toString('utf8') + problem;
  return { ended: () => (over ? soFar() : undefined), soFar };
}

function settingsOf(place: Place, extra: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: `"${place.socket.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    shared_buffers: '64MB',
    // Do not use /dev/shm: containers make it small, and systemd empties it when a user logs out.
    dynamic_shared_memory_type: 'mmap',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Messages and their details can quote values, so only the service may see the details of
    // errors.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_statement: 'none',
    log_min_duration_statement: '-1',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    ...extra,
  };
}

/** An error with the last lines that PostgreSQL printed. */
export function didNotStart(place: Place, said: string): LocalPostgresError {
  const words = said.trim().split('\n').slice(-5).join('\n  ');
  return new LocalPostgresError(
    'notStarted',
    `PostgreSQL did not start on ${place.home}; the end of ${place.log}:\n  ${words || '(nothing)'}`,
  );
}

/** A fast shutdown: running transactions are rolled back, and all committed data is on disk. */
export async function shutDown(place: Place, log: Log): Promise<void> {
  const pid = serverProcess(place.data);
  if (pid === undefined) return;
  process.kill(pid, 'SIGINT');
  for (const limit = Date.now() + STOP_LIMIT_MS; isServer(pid, place.data); await pause(POLL_MS)) {
    if (Date.now() < limit) continue;
    log.warn('PostgreSQL does not stop; ending it at once, it will recover at the next start');
    process.kill(pid, 'SIGQUIT');
    return;
  }
  if (!place.socket.startsWith(place.home)) await rm(place.socket, { recursive: true, force: true });
  log.info('PostgreSQL stopped');
}
