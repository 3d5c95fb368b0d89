import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalPostgres } from 'local-postgres';
import { startBundledPostgres } from '../src/bundled-postgres.ts';

/** Says nothing, for what logs while it prepares a measurement. */
export const silent = { info: () => undefined, warn: () => undefined };

/** Runs `work` on a PostgreSQL of its own, whose folder is removed afterwards. */
export async function withOwnPostgres<Value>(
  name: string,
  settings: Readonly<Record<string, string>>,
  work: (server: LocalPostgres, folder: string) => Promise<Value>,
): Promise<Value> {
  const varDir = await mkdtemp(join(tmpdir(), `kabinet-${name}-`));
  // When root has no user namespaces, the server runs as another user, who must enter the folder.
  await chmod(varDir, 0o711);
  const server = await startBundledPostgres({ varDir, log: silent, settings });
  try {
    return await work(server, varDir);
  } finally {
    await server.stop();
    await rm(varDir, { recursive: true, force: true });
  }
}
