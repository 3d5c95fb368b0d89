import { type Connection, complete, type LocalPostgresOptions } from './options.ts';
import { findPlace, PORT } from './place.ts';
import { type Kind, MAINTENANCE } from './reach.ts';
import { supervise } from './supervise.ts';

/** A PostgreSQL server in use by this process. */
export interface LocalPostgres {
  /** For the program: the owner of its database, no superuser. */
  readonly connection: Connection;
  /** For upkeep: PostgreSQL's superuser. */
  readonly administration: Connection;
  /** The folder with the database's files. */
  readonly location: string;
  /**
   * Ends this process's use, and the server when nobody else uses it. Close pools first. A repeated
   * call gives the first one's promise.
   */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL for the service, or adopts the server that a killed service or a command left
 * running on the same folder. A server that dies is started again.
 * @throws LocalPostgresError when another service uses the folder, and for all else that the
 *   operator can mend
 */
export function startLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  return use('service', options);
}

/**
 * For commands: joins the server that runs on the folder, or starts it. A service that starts
 * meanwhile adopts it; otherwise the last to leave stops it.
 * @throws LocalPostgresError for what the operator can mend
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
