import type { Binaries } from './binaries.ts';

/** Where and as whom to connect; what `pg.Client` and `pg.Pool` take. */
export interface Connection {
  /** The folder of the socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
}

/** Told what an operator may want to know; never a statement or a value. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** What the operators of a program call things, for the messages of errors. */
export interface Words {
  /** The setting that decides where `folder` is: `DATA_DIR`. */
  readonly folder: string;
  /** What helps where this machine cannot run PostgreSQL: `set DATABASE_URL`. */
  readonly alternative: string;
}

/** What decides where the server's files are and as whom it runs. */
export interface PlaceOptions {
  /** The database's folder; made with its parents where it is missing. */
  readonly folder: string;
  /** PostgreSQL's own log. */
  readonly logFile: string;
  /**
   * The program's short name, in the names of its connections and of folders outside of `folder`.
   */
  readonly name: string;
  /**
   * Parent of the databases that cannot stay in their `folder`; `/var/lib/NAME-postgres` unless
   * given.
   */
  readonly elsewhere?: string;
  readonly words?: Partial<Words>;
  /** Other programs than those npm brought. */
  readonly binaries?: Binaries;
  /** False: as if this machine had no user namespaces. */
  readonly namespaces?: boolean;
}

export interface LocalPostgresOptions extends PlaceOptions {
  /** The program's role, no superuser; made where it is missing. */
  readonly role: string;
  /** The program's database, owned by `role`; made where it is missing. */
  readonly database: string;
  readonly log: Log;
  /** The superuser's name in a new folder; `postgres` unless given. */
  readonly superuser?: string;
  /** First key of the advisory locks in the database `postgres`. */
  readonly lockSpace?: number;
  /** More settings of the server, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Both must stay what they are: programs of different versions meet on one server. */
const SUPERUSER = 'postgres';
const LOCK_SPACE = 0x6c_6f_63_6c;

const LARGEST_KEY = 2_147_483_647;

/** The options with their defaults. */
export type Complete = Omit<LocalPostgresOptions, keyof PlaceOptions> &
  Required<Pick<LocalPostgresOptions, 'name' | 'superuser' | 'lockSpace' | 'settings'>>;

/** @throws TypeError that names the wrong option */
export function complete(options: LocalPostgresOptions): Complete {
  for (const key of ['folder', 'logFile', 'role', 'database'] as const) {
    if (typeof options[key] !== 'string' || options[key] === '') throw new TypeError(`${key} must be a text`);
  }
  // It becomes a part of paths, and of a connection's name, of which PostgreSQL keeps 63 bytes.
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
