import { join } from 'node:path';
import {
  attachLocalPostgres,
  type LocalPostgres,
  type LocalPostgresOptions,
  startLocalPostgres,
} from 'local-postgres';

export interface BundledOptions extends Pick<LocalPostgresOptions, 'log' | 'binaries' | 'settings'> {
  /** The folder of the service's files (`VAR_DIR`). */
  readonly varDir: string;
}

/** Starts the bundled PostgreSQL under `varDir` for the service; no second service may use it. */
export function startBundledPostgres(options: BundledOptions): Promise<LocalPostgres> {
  return startLocalPostgres(localOptions(options));
}

/** The same for a command, which may run beside the service or alone. */
export function attachBundledPostgres(options: BundledOptions): Promise<LocalPostgres> {
  return attachLocalPostgres(localOptions(options));
}

/**
 * Data folders were made with these names, and processes of former releases hold these locks: they
 * stay as they are.
 */
function localOptions({ varDir, settings, ...options }: BundledOptions): LocalPostgresOptions {
  return {
    ...options,
    folder: join(varDir, 'postgres'),
    logFile: join(varDir, 'postgres.log'),
    name: 'kabinet',
    role: 'kabinet',
    database: 'kabinet',
    superuser: 'postgres',
    lockSpace: 0x6b_61_62_69,
    elsewhere: '/var/lib/kabinet-postgres',
    words: { folder: 'VAR_DIR', alternative: 'set DATABASE_URL' },
    // DATABASE_POOL's most, and some for commands.
    settings: { max_connections: '250', ...settings },
  };
}
