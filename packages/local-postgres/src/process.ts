import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The process number of a running server on the folder `data`. The pid file alone proves nothing:
 * after a crash the number may belong to another program, or to a dead process that was not yet
 * reaped.
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

/** True when a process has this number, even a dead one that was not yet reaped. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** True when the process `pid` runs and was started as the server on `data`. */
export function isServer(pid: number, data: string): boolean {
  if (!exists(pid)) return false;
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(data);
    }
    // A dead process that was not yet reaped has an empty command line.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data);
  } catch (error) {
    // The process has ended. One that cannot be examined counts as running.
    return !['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
