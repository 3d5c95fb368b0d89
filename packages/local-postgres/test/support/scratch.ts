import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const ROOM_BYTES = 2_000_000_000;

/**
 * Makes a folder for a test's databases. It is in memory where there is enough space and programs
 * may run: databases write and sync thousands of files, and a busy disk would slow the tests.
 * Otherwise it is in the usual temporary folder.
 */
export function scratchFolder(prefix: string): string {
  for (const parent of [MEMORY, tmpdir()]) {
    if (parent === MEMORY && !isRoomy()) continue;
    const folder = realpathSync(mkdtempSync(join(parent, prefix)));
    if (parent !== MEMORY || runsPrograms(folder)) return folder;
    rmSync(folder, { recursive: true });
  }
  throw new Error('there is no temporary folder');
}

function isRoomy(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ROOM_BYTES;
  } catch {
    return false;
  }
}

function runsPrograms(folder: string): boolean {
  const program = join(folder, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
  const { status } = spawnSync(program);
  rmSync(program);
  return status === 0;
}
