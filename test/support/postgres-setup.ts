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

/** A server's folder, and how many test projects of this run use it. */
interface Shared {
  readonly folder: string;
  users: number;
}

/** By the folder of the programs. Each project loads this module anew, hence the global object. */
const run = globalThis as { testServers?: Map<string, Shared> };
run.testServers ??= new Map();
const shared = run.testServers;

/**
 * Gives a test project a folder for its database server. Projects with the same PostgreSQL share a
 * server, which stops when the last of them ends.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const key = project.config.provide.postgres?.bin ?? 'embedded';
  const server = shared.get(key) ?? { folder: scratchFolder('kabinet-test-'), users: 0 };
  shared.set(key, server);
  server.users += 1;
  // When root has no user namespaces, the server runs as another user, who must enter the folder.
  await chmod(server.folder, 0o711);
  project.provide('postgresFolder', server.folder);
  return async () => {
    server.users -= 1;
    if (server.users === 0) {
      shared.delete(key);
      await end(server.folder);
    }
  };
}

async function end(folder: string): Promise<void> {
  const data = join(folder, 'postgres', 'data');
  const server = serverProcess(data);
  if (server !== undefined) {
    process.kill(server, 'SIGQUIT');
    while (isServer(server, data)) await pause(10);
  }
  await rm(folder, { recursive: true, force: true });
}
