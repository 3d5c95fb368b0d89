import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Place, socketFile } from './place.ts';
import { exists, isServer, pidIn } from './process.ts';

/** Milliseconds after which an empty lock file is stale. A server fills its own at once. */
const EMPTY_LOCK_MS = 5_000;
/** Higher than any process number of Linux or macOS. */
const NOBODYS_PID = 2_147_483_646;

/**
 * Makes the lock files of a crashed server harmless. They hold its process number, and PostgreSQL
 * refuses to start while any process has that number. It is therefore replaced by one that no
 * process can have. The rest of the file stays: it names the shared memory by which PostgreSQL
 * checks that no process of the dead server still writes.
 */
export async function disownStaleLocks(place: Place): Promise<void> {
  for (const file of [join(place.data, 'postmaster.pid'), `${socketFile(place.socket)}.lock`]) {
    if (await isLeftEmpty(file)) {
      await rm(file, { force: true });
      continue;
    }
    const pid = pidIn(file);
    if (pid === undefined || !exists(pid) || isServer(pid, place.data)) continue;
    // Move the file first and read it again: if a server has just started, it gets its file back.
    const aside = `${file}.${randomBytes(4).toString('hex')}`;
    try {
      await rename(file, aside);
      const moved = pidIn(aside);
      if (moved === undefined || !isServer(moved, place.data)) {
        const [, ...others] = (await readFile(aside, 'utf8')).split('\n');
        await writeFile(aside, [NOBODYS_PID, ...others].join('\n'));
      }
      await link(aside, file);
    } catch (error) {
      // Another process did this first.
      if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      await rm(aside, { force: true });
    }
  }
}

/**
 * True when a lock file stays empty. It is empty for a moment while a server writes it; one that
 * stays empty was left by a power cut.
 */
async function isLeftEmpty(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.size === 0 && Date.now() - found.mtimeMs > EMPTY_LOCK_MS;
}
