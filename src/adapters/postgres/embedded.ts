import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chown, link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { ConnectionParts } from '../../platform/postgres/database.ts';
import { type Binaries, packagedBinaries } from './embedded-binaries.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';
import {
  commandFor,
  findPlace,
  give,
  initdbIdentity,
  type Place,
  PORT,
  renameUnlessThere,
  socketFile,
} from './embedded-place.ts';
import {
  endWithProcess,
  exists,
  forget,
  isServer,
  pidIn,
  serverProcess,
  type Use,
} from './embedded-process.ts';

/** A PostgreSQL server of our own, in use by this process. */
export interface EmbeddedPostgres {
  /** For the service: the owner of the database `kabinet`, no superuser. */
  readonly connection: ConnectionParts;
  /** For upkeep: PostgreSQL's superuser. */
  readonly administration: ConnectionParts;
  /** The folder with the database's files. */
  readonly location: string;
  /**
   * Ends this process's use, and the server when nobody else uses it. Close pools first. A repeated call gives
   * the first one's promise.
   */
  stop(): Promise<void>;
}

/** Told what an operator may want to know; never a statement or a value. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

export interface EmbeddedPostgresOptions {
  /** The folder of the service's files (`VAR_DIR`). */
  readonly varDir: string;
  readonly log: Log;
  /** For tests: other programs than those npm brought. */
  readonly binaries?: Binaries;
  /** For tests: more settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
  /** For tests: false as if this machine had no user namespaces. */
  readonly namespaces?: boolean;
  /** For tests: the parent of a database that cannot stay in `varDir`. */
  readonly elsewhere?: string;
}

/** The service's role and database. */
const NAME = 'kabinet';
const SUPERUSER = 'postgres';

/**
 * Advisory locks in the database `postgres`, held by one connection of each process that uses the server.
 * PostgreSQL drops them with the connection, so a killed process leaves nothing stale behind.
 */
const LOCKS = 0x6b_61_62_69;
/** Shared by every process that uses the server; exclusive for the one that shuts it down. */
const PRESENCE = 1;
/** Of the one service. */
const SERVICE = 2;
/** Held while the role and the database are made. */
const SETUP = 3;

const START_LIMIT_MS = 60_000;
/** A server writes its lock file within milliseconds of making it. */
const EMPTY_LOCK_MS = 5_000;
const STOP_LIMIT_MS = 60_000;
/** How long a service waits for one that is just leaving. */
const TAKEOVER_MS = 1_000;
const POLL_MS = 20;
/** Beyond what Linux and macOS give to a process. */
const NOBODYS_PID = 2_147_483_646;
const LOG_LIMIT_BYTES = 10_000_000;

/**
 * Starts the embedded PostgreSQL for the service, or adopts the server that a killed service or a command left
 * running on the same folder. A server that dies is started again.
 * @throws EmbeddedPostgresError when another service uses the folder, and for all else that the operator can mend
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return useServer('service', options);
}

/**
 * For commands: joins the server that runs on the folder, or starts it. A service that starts meanwhile adopts it;
 * otherwise the last to leave stops it.
 * @throws EmbeddedPostgresError for what the operator can mend
 */
export function attachEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return useServer('command', options);
}

type Role = 'service' | 'command';

async function useServer(role: Role, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log } = options;
  const place = await findPlace({
    ...options,
    binaries: async (spare) => options.binaries ?? packagedBinaries(spare),
  });
  let presence: pg.Client | undefined;
  let leaving: Promise<void> | undefined;

  async function enter(): Promise<void> {
    const client = await enterServer(place, role, options);
    presence = client;
    client.once('end', () => {
      presence = undefined;
      if (leaving === undefined && role === 'service') entered = enterAgain();
    });
  }

  async function enterAgain(): Promise<void> {
    log.warn('The embedded PostgreSQL ended by itself; starting it again');
    while (leaving === undefined) {
      try {
        return await enter();
      } catch (error) {
        log.warn(`The embedded PostgreSQL did not start: ${(error as Error).message}`);
        await pause(1_000);
      }
    }
  }

  async function leave(): Promise<void> {
    try {
      await entered.catch(() => undefined);
      if (presence !== undefined) await leaveServer(presence, place, log);
    } finally {
      forget(use);
    }
  }

  const use: Use = {
    stop: () => {
      leaving ??= leave();
      return leaving;
    },
    // A command may have company; what it leaves running is adopted, or stopped by the next to leave.
    stopAtExit: () => {
      const pid = role === 'service' && presence !== undefined ? serverProcess(place.data) : undefined;
      if (pid !== undefined) process.kill(pid, 'SIGINT');
    },
  };
  endWithProcess(use);
  let entered = enter();
  try {
    await entered;
  } catch (error) {
    forget(use);
    throw error;
  }
  const at = { host: place.socket, port: PORT };
  return {
    connection: { ...at, user: NAME, database: NAME },
    administration: { ...at, user: SUPERUSER, database: SUPERUSER },
    location: place.home,
    stop: use.stop,
  };
}

/** Connects to the server of this place, started if need be, and takes the locks of `role`. */
async function enterServer(place: Place, role: Role, options: EmbeddedPostgresOptions): Promise<pg.Client> {
  for (;;) {
    const client = await reach(place, role, options);
    try {
      // Refused while another process shuts the server down: then it is started anew.
      if (await lock(client, PRESENCE, 'shared')) {
        await setUp(client);
        if (role === 'service') await claim(client, place);
        return client;
      }
      await client.end();
    } catch (error) {
      await leaveServer(client, place, options.log);
      if (!lostConnection(error)) throw error;
    }
    await pause(POLL_MS);
  }
}

/** Gives up the locks; whoever finds nobody else there shuts the server down. */
async function leaveServer(client: pg.Client, place: Place, log: Log): Promise<void> {
  try {
    if (await isLast(client)) await shutDown(place, log);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function lock(client: pg.Client, key: number, mode: 'shared' | 'exclusive'): Promise<boolean> {
  const attempt = mode === 'shared' ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock';
  const { rows } = await client.query(`select ${attempt}($1, $2) as held`, [LOCKS, key]);
  return rows[0].held === true;
}

/** Makes the role and the database of the service where they are missing. */
async function setUp(client: pg.Client): Promise<void> {
  const { rows } = await client.query('select 1 from pg_database where datname = $1', [NAME]);
  if (rows.length > 0) return;
  await client.query('select pg_advisory_lock($1, $2)', [LOCKS, SETUP]);
  const { rows: found } = await client.query(
    'select exists (select from pg_roles where rolname = $1) as role, exists (select from pg_database where datname = $1) as database',
    [NAME],
  );
  if (!found[0].role) await client.query(`create role ${NAME} login`);
  if (!found[0].database) await client.query(`create database ${NAME} owner ${NAME}`);
  await client.query('select pg_advisory_unlock($1, $2)', [LOCKS, SETUP]);
}

/** Takes the service's lock, or says who has it. */
async function claim(client: pg.Client, place: Place): Promise<void> {
  for (const limit = Date.now() + TAKEOVER_MS; !(await lock(client, SERVICE, 'exclusive')); ) {
    if (Date.now() > limit) {
      const { rows } = await client.query(
        `select activity.application_name as name
         from pg_locks as held join pg_stat_activity as activity using (pid)
         where held.locktype = 'advisory' and held.classid = $1 and held.objid = $2 and held.granted`,
        [LOCKS, SERVICE],
      );
      const pid = /\d+$/.exec(rows[0]?.name ?? '')?.[0];
      throw new EmbeddedPostgresError(
        `Another service${pid === undefined ? '' : `, process ${pid},`} already uses ${place.home}: stop it, or set another VAR_DIR.`,
      );
    }
    await pause(POLL_MS);
  }
}

/** Whether nobody else uses the server; from then on nobody can enter until this connection ends. */
async function isLast(client: pg.Client): Promise<boolean> {
  try {
    await client.query('select pg_advisory_unlock_shared($1, $2)', [LOCKS, PRESENCE]);
    return await lock(client, PRESENCE, 'exclusive');
  } catch {
    return false;
  }
}

/** A connection to the running server; starts one when none answers. */
async function reach(place: Place, role: Role, options: EmbeddedPostgresOptions): Promise<pg.Client> {
  let limit = Date.now() + START_LIMIT_MS;
  let started: Started | undefined;
  for (;;) {
    const answer = await connect(place, role);
    if (answer instanceof pg.Client) {
      options.log.info(
        `PostgreSQL ${started === undefined ? 'was already running' : 'started'} on ${place.home}`,
      );
      return answer;
    }
    // A server that is recovering says so, however long it takes.
    if (answer === 'busy') limit = Date.now() + START_LIMIT_MS;
    const ended = started?.ended();
    if (ended !== undefined) {
      // Of two that start at once PostgreSQL lets one win.
      if (!/lock file .* (?:already exists|is empty)|shared memory block|could not bind/.test(ended))
        throw failure(place, ended);
      started = undefined;
      await pause(10 * POLL_MS);
    }
    if (Date.now() > limit) throw failure(place, started?.soFar() ?? '');
    if (started === undefined && answer === 'absent' && serverProcess(place.data) === undefined) {
      await disownStaleLocks(place);
      await initialise(place);
      started = await spawnServer(place, options.settings ?? {});
    }
    await pause(POLL_MS);
  }
}

function failure(place: Place, said: string): EmbeddedPostgresError {
  const words = said.trim().split('\n').slice(-5).join('\n  ');
  return new EmbeddedPostgresError(
    `PostgreSQL did not start on ${place.home}; the end of ${place.log}:\n  ${words || '(nothing)'}`,
  );
}

/** `absent`: nothing listens; `busy`: it starts or stops. */
async function connect(place: Place, role: Role): Promise<pg.Client | 'absent' | 'busy'> {
  const client = new pg.Client({
    host: place.socket,
    port: PORT,
    user: SUPERUSER,
    database: SUPERUSER,
    application_name: `kabinet ${role} ${process.pid}`,
  });
  // The `end` event follows, and that is what counts.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    const { code } = error as NodeJS.ErrnoException;
    if (code === '57P03') return 'busy';
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || lostConnection(error)) return 'absent';
    if (code === 'EACCES') {
      throw new EmbeddedPostgresError(
        `${place.socket} may be entered only by the user who started PostgreSQL there.`,
      );
    }
    throw error;
  }
}

/** The server went away under the connection. */
function lostConnection(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    ['57P01', '57P02', '57P03', 'ECONNRESET', 'EPIPE'].includes(code ?? '') ||
    /^Connection terminated|not queryable/.test(message)
  );
}

/**
 * A server that did not end in order leaves lock files with its number. PostgreSQL refuses to start while any
 * process has that number, so it is replaced by one that none can have. The rest of the file stays: it names the
 * shared memory by which PostgreSQL makes sure that no process of the dead server is still writing.
 */
async function disownStaleLocks(place: Place): Promise<void> {
  for (const file of [join(place.data, 'postmaster.pid'), `${socketFile(place.socket)}.lock`]) {
    if (await isLeftEmpty(file)) {
      await rm(file, { force: true });
      continue;
    }
    const pid = pidIn(file);
    if (pid === undefined || !exists(pid) || isServer(pid, place.data)) continue;
    // Moved first and looked at again: a server that started this moment gets its file back.
    const aside = `${file}.${randomBytes(4).toString('hex')}`;
    try {
      await rename(file, aside);
      const moved = pidIn(aside);
      if (moved === undefined || !isServer(moved, place.data)) {
        const [, ...others] = (await readFile(aside, 'utf8')).split('\n');
        await writeFile(aside, [NOBODYS_PID, ...others].join('\n'));
      }
      await link(aside, file);
    } catch (error) {
      // Another process was faster.
      if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      await rm(aside, { force: true });
    }
  }
}

/** A lock file is empty for the moment in which a server writes it; one that stays so was left by a power cut. */
async function isLeftEmpty(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.size === 0 && Date.now() - found.mtimeMs > EMPTY_LOCK_MS;
}

/** Makes the database's folder, whole or not at all. */
async function initialise(place: Place): Promise<void> {
  const major = place.binaries.version.split('.')[0];
  const kept = await readFile(join(place.data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (kept !== undefined) {
    if (kept.trim() === major) return;
    throw new EmbeddedPostgresError(
      `${place.home} was made by PostgreSQL ${kept.trim()} and this is ${major}: run the former version of the service and move its data by pg_dump, or set another VAR_DIR.`,
    );
  }
  await sweep(place);
  const identity = await initdbIdentity(place.identity);
  const fresh = `${place.data}.${randomBytes(4).toString('hex')}`;
  await mkdir(fresh, { mode: 0o700 });
  if (identity.kind === 'uid') await chown(fresh, identity.uid, identity.gid);
  // Sorting by code point and Unicode's letters, whatever locales the machine has. Letters inside trigrams are
  // still told by the machine's LC_CTYPE.
  const letters = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
  const locale =
    Number(major) >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', `--lc-ctype=${letters}`]
      : ['--locale=C', `--lc-ctype=${letters}`];
  const args = ['-D', fresh, '-U', SUPERUSER, '--encoding=UTF8', '--auth-local=trust', '--auth-host=reject'];
  const initdb = commandFor(
    identity,
    join(place.binaries.bin, 'initdb'),
    [...args, ...locale],
    place.binaries,
  );
  try {
    const { code, said } = await finish(initdb);
    if (code !== 0) throw failure(place, said);
    if (place.identity.kind === 'uid') await give(fresh, place.identity.uid);
    await renameUnlessThere(fresh, place.data);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what starts that were killed half-way left. */
async function sweep(place: Place): Promise<void> {
  for (const name of await readdir(place.home)) {
    const folder = join(place.home, name);
    if (!/^data\.[0-9a-f]{8}$/.test(name) || Date.now() - (await stat(folder)).mtimeMs < 600_000) continue;
    await rm(folder, { recursive: true, force: true });
  }
}

async function finish(
  command: ReturnType<typeof commandFor>,
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.file, command.args, command.options);
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

interface Started {
  /** What the server wrote when it has ended, undefined while it lives. */
  ended(): string | undefined;
  soFar(): string;
}

async function spawnServer(place: Place, extra: Readonly<Record<string, string>>): Promise<Started> {
  const settings: Record<string, string> = {
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: `"${place.socket.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    // DATABASE_POOL's most, and some for commands.
    max_connections: '250',
    shared_buffers: '64MB',
    // Not in /dev/shm: containers make it small, and systemd empties it when an ordinary user logs out.
    dynamic_shared_memory_type: 'mmap',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Messages and their details can quote values: of errors only the service knows, and it logs none of them.
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
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
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
  // Detached, so that Ctrl-C in a terminal reaches the service alone, which then stops the server in order.
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

/** Fast shutdown: transactions under way are rolled back, everything acknowledged is on disk. */
async function shutDown(place: Place, log: Log): Promise<void> {
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
