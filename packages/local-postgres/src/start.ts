import { type Connection, complete, type LocalPostgresOptions } from './options.ts';
import { findPlace, PORT } from './place.ts';
import { type Kind, MAINTENANCE } from './reach.ts';
import { supervise } from './supervise.ts';

/** A PostgreSQL server in use by this process. */
export interface LocalPostgres {
  /** For the program: the owner of its database, not a superuser. */
  readonly connection: Connection;
  /** For maintenance: PostgreSQL's superuser. */
  readonly administration: Connection;
  /** The folder with the database's files. */
  readonly location: string;
  /**
   * Ends this process's use, and stops the server when no other process uses it. Close pools first.
   * Repeated calls return the first call's promise.
   */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL for the service. If a killed service or a command left a server running on the
 * same folder, uses that one. A server that dies is started again.
 * @throws LocalPostgresError when another service uses the folder, and for other errors that the
 * operator can correct
 */
export function startLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  return use('service', options);
}

/**
 * For commands: uses the server that runs on the folder, or starts it. A service that starts
 * meanwhile takes it over; otherwise the last command to end stops it.
 * @throws LocalPostgresError for errors that the operator can correct
 */
export function attachLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  return use('command', options);
}

async function use(kind: Kind, given: LocalPostgresOptions): Promise<LocalPostgres> {
  const options = complete(given);
  const place = await findPlace(given);
  const { stop } = await supervise({ kind, place, options });
  const at = { host: place.socket, port: PORT };
  return {
    connection: { ...at, user: options.role, database: options.database },
    administration: { ...at, user: options.superuser, database: MAINTENANCE },
    location: place.home,
    stop,
  };
}
