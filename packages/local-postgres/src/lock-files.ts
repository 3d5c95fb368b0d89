import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Place, socketFile } from './place.ts';
import { exists, isServer, pidIn } from './process.ts';

/** A server writes its lock file within milliseconds of making it. */
const EMPTY_LOCK_MS = 5_000;
/** Beyond what Linux and macOS give to a process. */
const NOBODYS_PID = 2_147_483_646;

/**
 * A server that did not end in order leaves lock files with its number. PostgreSQL refuses to start
 * while any process has that number, so it is replaced by one that none can have. The rest of the
 * file stays: it names the shared memory by which PostgreSQL makes sure that no process of the dead
 * server is still writing.
 */
export async function disownStaleLocks(place: Place): Promise<void> {
  for (const file of [join(place.data, 'postmaster.pid'), `${socketFile(place.socket)}.lock`]) {
    if (await isLeftEmpty(file)) {
      await rm(file, { force: true });
      continue;
    }
    const pid = pidIn(file);
    if (pid === undefined || !exists(pid) || isServer(pid, place.data)) continue;
    // Moved first and looked at again: a server that started this moment gets its file back.
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
      // Another process was faster.
      if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      await rm(aside, { force: true });
    }
  }
}

/**
 * A lock file is empty for the moment in which a server writes it; one that stays so was left by a
 * power cut.
 */
async function isLeftEmpty(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.size === 0 && Date.now() - found.mtimeMs > EMPTY_LOCK_MS;
}
