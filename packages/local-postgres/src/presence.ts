import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { LocalPostgresError } from './error.ts';
import { type Context, lostConnection, reach } from './reach.ts';
import { shutDown } from './server.ts';

/**
 * Advisory locks in the database `postgres`. Each process that uses the server holds them on one
 * connection. PostgreSQL releases them when the connection ends, so a killed process leaves no
 * stale lock. Never change the numbers: processes of different versions share one server.
 */
const LOCKS = {
  /** Shared by every process that uses the server; exclusive for the process that shuts it down. */
  presence: 1,
  /** Held by the one service. */
  service: 2,
  /** Held while the role and the database are made. */
  setup: 3,
} as const;

/** Milliseconds that a service waits for another one that is stopping. */
const TAKEOVER_MS = 1_000;
const POLL_MS = 20;

/** Connects to the server of this place, starting it if necessary, and takes the locks. */
export async function enterServer(context: Context): Promise<pg.Client> {
  for (;;) {
    const client = await reach(context);
    try {
      // Refused while another process shuts the server down. It is then started again.
      if (await lock(client, context, 'presence', 'shared')) {
        await setUp(client, context);
        if (context.kind === 'service') await claim(client, context);
        return client;
      }
      await client.end();
    } catch (error) {
      await leaveServer(client, context);
      if (!lostConnection(error)) throw error;
    }
    await pause(POLL_MS);
  }
}

/** Releases the locks. Shuts the server down when no other process uses it. */
export async function leaveServer(client: pg.Client, context: Context): Promise<void> {
  try {
    if (await isLast(client, context)) await shutDown(context.place, context.options.log);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function lock(
  client: pg.Client,
  { options }: Context,
  key: keyof typeof LOCKS,
  mode: 'shared' | 'exclusive',
): Promise<boolean> {
  const attempt = mode === 'shared' ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock';
  const { rows } = await client.query(`select ${attempt}($1, $2) as held`, [options.lockSpace, LOCKS[key]]);
  return rows[0].held === true;
}

/** Makes the program's role and database when they are missing. */
async function setUp(client: pg.Client, { options }: Context): Promise<void> {
  const { role, database, lockSpace } = options;
  const { rows } = await client.query('select 1 from pg_database where datname = $1', [database]);
  if (rows.length > 0) return;
  await client.query('select pg_advisory_lock($1, $2)', [lockSpace, LOCKS.setup]);
  const { rows: found } = await client.query(
    `select exists (select from pg_roles where rolname = $1) as role,
       exists (select from pg_database where datname = $2) as database`,
    [role, database],
  );
  const [roleName, databaseName] = [pg.escapeIdentifier(role), pg.escapeIdentifier(database)];
  if (!found[0].role) await client.query(`create role ${roleName} login`);
  if (!found[0].database) await client.query(`create database ${databaseName} owner ${roleName}`);
  await client.query('select pg_advisory_unlock($1, $2)', [lockSpace, LOCKS.setup]);
}

/** Takes the service's lock. Throws an error that names the holder when it is taken. */
async function claim(client: pg.Client, context: Context): Promise<void> {
  const { place, options } = context;
  const limit = Date.now() + TAKEOVER_MS;
  while (!(await lock(client, context, 'service', 'exclusive'))) {
    if (Date.now() > limit) {
      const { rows } = await client.query(
        `select activity.application_name as name
         from pg_locks as held join pg_stat_activity as activity using (pid)
         where held.locktype = 'advisory' and held.classid = $1 and held.objid = $2 and held.granted`,
        [options.lockSpace, LOCKS.service],
      );
      const pid = /\d+$/.exec(rows[0]?.name ?? '')?.[0];
      throw new LocalPostgresError(
        'inUse',
        `Another service${pid === undefined ? '' : `, process ${pid},`} already uses ${place.home}: stop it, or set another ${place.words.folder}.`,
      );
    }
    await pause(POLL_MS);
  }
}

/**
 * True when no other process uses the server. After that, none can enter until this connection
 * ends.
 */
async function isLast(client: pg.Client, context: Context): Promise<boolean> {
  try {
    const keys = [context.options.lockSpace, LOCKS.presence];
    await client.query('select pg_advisory_unlock_shared($1, $2)', keys);
    return await lock(client, context, 'presence', 'exclusive');
  } catch {
    return false;
  }
}
