import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { LocalPostgresError } from './error.ts';
import { initialise } from './initialise.ts';
import { disownStaleLocks } from './lock-files.ts';
import type { Complete } from './options.ts';
import { type Place, PORT } from './place.ts';
import { serverProcess } from './process.ts';
import { didNotStart, type Started, spawnServer } from './server.ts';

/** How a process uses the server: as the only service, or as one of many commands. */
export type Kind = 'service' | 'command';

/** How one process uses one server. */
export interface Context {
  readonly kind: Kind;
  readonly place: Place;
  readonly options: Complete;
}

/** The database that initdb makes. It is used for maintenance. */
export const MAINTENANCE = 'postgres';

const START_LIMIT_MS = 60_000;
const POLL_MS = 20;

/** Connects to the running server, and starts one when none answers. */
export async function reach(context: Context): Promise<pg.Client> {
  const { place, options } = context;
  let limit = Date.now() + START_LIMIT_MS;
  let started: Started | undefined;
  for (;;) {
    const answer = await connect(context);
    if (answer instanceof pg.Client) {
      options.log.info(
        `PostgreSQL ${started === undefined ? 'was already running' : 'started'} on ${place.home}`,
      );
      return answer;
    }
    // A recovering server is still starting, however long that takes.
    if (answer === 'busy') limit = Date.now() + START_LIMIT_MS;
    const ended = started?.ended();
    if (ended !== undefined) {
      // When two start at once, PostgreSQL lets one of them win.
      if (!/lock file .* (?:already exists|is empty)|shared memory block|could not bind/.test(ended))
        throw didNotStart(place, ended);
      started = undefined;
      await pause(10 * POLL_MS);
    }
    if (Date.now() > limit) throw didNotStart(place, started?.soFar() ?? '');
    if (started === undefined && answer === 'absent' && serverProcess(place.data) === undefined) {
      await disownStaleLocks(place);
      await initialise(place, options.superuser);
      started = await spawnServer(place, options.settings);
    }
    await pause(POLL_MS);
  }
}

/** `absent`: nothing listens. `busy`: the server is starting or stopping. */
async function connect({ kind, place, options }: Context): Promise<pg.Client | 'absent' | 'busy'> {
  const client = new pg.Client({
    host: place.socket,
    port: PORT,
    user: options.superuser,
    database: MAINTENANCE,
    application_name: `${options.name} ${kind} ${process.pid}`,
  });
  // Ignore the error: the `end` event that follows is the one that is handled.
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
      throw new LocalPostgresError(
        'notPermitted',
        `${place.socket} may be entered only by the user who started PostgreSQL there.`,
      );
    }
    throw error;
  }
}

/** True when the server went away during the connection. */
export function lostConnection(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    ['57P01', '57P02', '57P03', 'ECONNRESET', 'EPIPE'].includes(code ?? '') ||
    /^Connection terminated|not queryable/.test(message)
  );
}
