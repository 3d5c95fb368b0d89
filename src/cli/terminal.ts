import { type Logger, pino } from 'pino';
import { type Config, readConfig } from '../config/config.ts';
import type { Connection, Database } from '../platform/postgres/database.ts';
import { attach } from '../start.ts';

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

/**
 * Reads the settings and opens the service's database, starting the embedded one if needed. Closes
 * it after `work`.
 */
export async function withDatabase(
  work: (attached: Attached) => Promise<void>,
  options: { readonly statementTimeout?: number } = {},
): Promise<void> {
  const config = readConfig(process.env);
  const { connection, database, close } = await attach(config, commandLog(), options);
  try {
    await work({ config, connection, database });
  } finally {
    await close();
  }
}
