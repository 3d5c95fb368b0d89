import { type Logger, pino } from 'pino';
import { type Config, readConfig } from '../config/config.ts';
import type { Connection, Database } from '../platform/postgres/database.ts';
import { readSchemaState } from '../platform/postgres/schema-release.ts';
import { thisRelease } from '../platform/release.ts';
import { attach } from '../start.ts';
import { CommandFailure } from './failure.ts';

/** Logs the warnings of what a command starts, on stderr. */
export function commandLog(): Logger {
  return pino({ level: 'warn', base: null }, pino.destination({ dest: 2, sync: true }));
}

/** What a command works with. */
export interface Attached {
  readonly config: Config;
  readonly connection: Connection;
  readonly database: Database;
}

/** What a command wants of the database. */
export interface AttachOptions {
  readonly statementTimeout?: number;
  /** For a command that brings its tables, or takes them as they are. */
  readonly anySchema?: boolean;
}

/**
 * Reads the settings and opens the service's database, starting the embedded one if needed. Closes
 * it after `work`. A command never migrates: another release may be running on these tables. Only
 * an embedded database that nobody has used gets its tables here.
 */
export async function withDatabase(
  work: (attached: Attached) => Promise<void>,
  { anySchema = false, ...options }: AttachOptions = {},
): Promise<void> {
  const config = readConfig(process.env);
  const { connection, database, close } = await attach(config, commandLog(), options);
  try {
    if (!anySchema) await requireSchema(database);
    await work({ config, connection, database });
  } finally {
    await close();
  }
}

/** Says which release the database wants, where it is not this one. */
async function requireSchema(database: Database): Promise<void> {
  const { empty, pending, newer, release } = await readSchemaState(database);
  const own = thisRelease();
  if (pending.length > 0) {
    const state = empty
      ? 'the database has no tables yet'
      : `the database is at the level of ${release === undefined ? 'a former release' : `release ${release}`}, and this is ${own}: it lacks ${pending.join(', ')}`;
    throw new CommandFailure(`${state}. Run "kabinet migrate", or start the service`);
  }
  if (newer.length > 0)
    process.stderr.write(
      `the database is at the level of ${release === undefined ? 'a newer release' : `release ${release}`}, and this is ${own}: use that release's command\n`,
    );
}
