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

/** Starts the bundled PostgreSQL under `varDir` for the service. No second service may use it. */
export function startBundledPostgres(options: BundledOptions): Promise<LocalPostgres> {
  return startLocalPostgres(localOptions(options));
}

/** Does the same for a command, which may run beside the service or alone. */
export function attachBundledPostgres(options: BundledOptions): Promise<LocalPostgres> {
  return attachLocalPostgres(localOptions(options));
}

/**
 * These names must not change: data folders were created with them, and processes of former
 * releases hold these locks.
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
    // Enough for the highest DATABASE_POOL, and some more for commands.
    settings: { max_connections: '250', ...settings },
  };
}
