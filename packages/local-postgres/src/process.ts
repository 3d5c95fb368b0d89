import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The process of the server on the folder `data`, if it lives. A pid file alone proves nothing:
 * after a crash its number may be another program's, or that of a dead process which nobody has
 * waited for yet.
 */
export function serverProcess(data: string): number | undefined {
  const pid = pidIn(join(data, 'postmaster.pid'));
  return pid !== undefined && isServer(pid, data) ? pid : undefined;
}

/** The process number in the first line of one of PostgreSQL's lock files. */
export function pidIn(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether any process has this number, be it dead and not yet reaped. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Whether process `pid` lives and was started as the server on `data`. */
export function isServer(pid: number, data: string): boolean {
  if (!exists(pid)) return false;
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(data);
    }
    // A dead process that waits to be reaped has an empty command line.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data);
  } catch (error) {
    // Gone meanwhile; what cannot be looked at is taken for alive.
    return !['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
