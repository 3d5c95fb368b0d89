import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Binaries, isServer, serverProcess } from 'local-postgres/programs';
import type { TestProject } from 'vitest/node';
import { scratchFolder } from '../../packages/local-postgres/test/support/scratch.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The PostgreSQL of this test project; undefined: the embedded one. */
    readonly postgres: Binaries | undefined;
    /** The folder of the run's server. The first test that needs a database starts it. */
    readonly postgresFolder: string;
  }
}

/**
 * Gives a test project's run a folder for its database server, and stops that server at the end.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = scratchFolder('kabinet-test-');
  // When root has no user namespaces, the server runs as another user, who must enter the folder.
  await chmod(folder, 0o711);
  project.provide('postgresFolder', folder);
  return async () => {
    const data = join(folder, 'postgres', 'data');
    const server = serverProcess(data);
    if (server !== undefined) {
      process.kill(server, 'SIGQUIT');
      while (isServer(server, data)) await pause(10);
    }
    await rm(folder, { recursive: true, force: true });
  };
}
