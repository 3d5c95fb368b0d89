import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Binaries, isServer, serverProcess } from 'local-postgres/programs';
import type { TestProject } from 'vitest/node';
import { scratchFolder } from './scratch.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Which PostgreSQL the project runs on; undefined: the embedded one. */
    readonly postgres: Binaries | undefined;
    /** The folder of the run's server, which the first test that wants a database starts. */
    readonly postgresFolder: string;
  }
}

/** Gives a project's run a folder for its database server, and ends that server with the run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = scratchFolder('kabinet-test-');
  // Where root has no user namespaces, the server runs as another user inside.
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
