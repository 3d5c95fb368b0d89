import type { Binaries } from './binaries.ts';

/** Where and as which user to connect, in the form that `pg.Client` and `pg.Pool` accept. */
export interface Connection {
  /** The folder with the socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
}

/** Receives messages for the operator. They never contain a statement or a value. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** The terms that a program's operators know, for error messages. */
export interface Words {
  /** The setting that chooses `folder`, e.g. `DATA_DIR`. */
  readonly folder: string;
  /** What to do when this machine cannot run PostgreSQL, e.g. `set DATABASE_URL`. */
  readonly alternative: string;
}

/** Options that decide where the server's files are and which user it runs as. */
export interface PlaceOptions {
  /** The database's folder. It is made, with its parents, when it is missing. */
  readonly folder: string;
  /** The file of PostgreSQL's own log. */
  readonly logFile: string;
  /**
   * The program's short name. It is part of the names of its connections and of folders outside
   * `folder`.
   */
  readonly name: string;
  /**
   * The parent folder of databases that cannot stay in their `folder`; `/var/lib/NAME-postgres`
   * unless given.
   */
  readonly elsewhere?: string;
  readonly words?: Partial<Words>;
  /** PostgreSQL's programs, if not those that npm installed. */
  readonly binaries?: Binaries;
  /** False: behave as if this machine had no user namespaces. */
  readonly namespaces?: boolean;
}

export interface LocalPostgresOptions extends PlaceOptions {
  /** The program's role, which is not a superuser. It is made when it is missing. */
  readonly role: string;
  /** The program's database, owned by `role`. It is made when it is missing. */
  readonly database: string;
  readonly log: Log;
  /** The superuser's name in a new folder; `postgres` unless given. */
  readonly superuser?: string;
  /** The first key of the advisory locks in the database `postgres`. */
  readonly lockSpace?: number;
  /** Further settings of the server, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Never change these two: programs of different versions share one server. */
const SUPERUSER = 'postgres';
const LOCK_SPACE = 0x6c_6f_63_6c;

const LARGEST_KEY = 2_147_483_647;

/** The options, with defaults filled in. */
export type Complete = Omit<LocalPostgresOptions, keyof PlaceOptions> &
  Required<Pick<LocalPostgresOptions, 'name' | 'superuser' | 'lockSpace' | 'settings'>>;

/** @throws TypeError that names the wrong option */
export function complete(options: LocalPostgresOptions): Complete {
  for (const key of ['folder', 'logFile', 'role', 'database'] as const) {
    if (typeof options[key] !== 'string' || options[key] === '') throw new TypeError(`${key} must be a text`);
  }
  // The name becomes part of paths and of connection names, which PostgreSQL cuts at 63 bytes.
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(options.name)) {
    throw new TypeError('name must begin with a letter from a to z and have at most 32 of a-z, 0-9, _ and -');
  }
  const { name, role, database, log, superuser = SUPERUSER, lockSpace = LOCK_SPACE, settings = {} } = options;
  if (!Number.isInteger(lockSpace) || lockSpace < 0 || lockSpace > LARGEST_KEY) {
    throw new TypeError(`lockSpace must be a whole number from 0 to ${LARGEST_KEY}`);
  }
  return { name, role, database, log, superuser, lockSpace, settings };
}

export function completeWords(words: Partial<Words> = {}): Words {
  return { folder: 'folder', alternative: 'use another PostgreSQL', ...words };
}
