import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalPostgres } from 'local-postgres';
import { urlOf } from '../../bench/service.ts';
import { startBundledPostgres } from '../../src/bundled-postgres.ts';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';

const silent = { info: () => undefined, warn: () => undefined };

/** A separate PostgreSQL that really writes to the disk, with a migrated, empty database. */
export interface OwnServer {
  readonly server: LocalPostgres;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly varDir: string;
  close(): Promise<void>;
}

/** Starts it in a new folder, or in `varDir`. */
export async function startOwnServer(
  options: { readonly varDir?: string; readonly settings?: Readonly<Record<string, string>> } = {},
): Promise<OwnServer> {
  const varDir = options.varDir ?? (await mkdtemp(join(tmpdir(), 'kabinet-chaos-')));
  await chmod(varDir, 0o711);
  const server = await startBundledPostgres({
    varDir,
    log: silent,
    ...(options.settings ? { settings: options.settings } : {}),
  });
  await migrate(server.connection, silent);
  const database = openDatabase(server.connection, { max: 4, statementTimeout: 0, onError: () => undefined });
  return {
    server,
    database,
    databaseUrl: urlOf(server.connection),
    varDir,
    async close() {
      await database.close();
      await server.stop();
      if (options.varDir === undefined) await rm(varDir, { recursive: true, force: true });
    },
  };
}
