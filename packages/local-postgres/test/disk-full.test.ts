import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { home, prepareFolders, query, seed, start } from './support/harness.ts';

prepareFolders();

/** A small disk needs the right to mount one. */
const mountDisk = () => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', home]).status === 0;

test('a server that a full disk has ended is started again once there is room', async ({ skip }) => {
  if (!mountDisk()) skip('this user may not mount a disk');
  chmodSync(home, 0o711);
  const warnings: string[] = [];
  const server = await seed()
    .then(() => start({ log: { info: () => undefined, warn: (text) => warnings.push(text) } }))
    .catch((error: Error) => {
      spawnSync('umount', [home]);
      throw error;
    });
  try {
    await query(server, 'create table kept as select 7 as n');
    const filler = join(home, 'filler');
    const { bavail, bsize } = statfsSync(home);
    writeFileSync(filler, Buffer.alloc(bavail * bsize - 20_000_000));

    // Only the write-ahead log grows. Without room for it the server has to end.
    const message = `pg_logical_emit_message(false, 'much', repeat('x', 1000000))`;
    await expect(query(server, `select ${message} from generate_series(1, 200)`)).rejects.toThrow();
    await vi.waitFor(() => expect(warnings.join('\n')).toContain('No space left on device'), 30_000);

    rmSync(filler);
    await vi.waitFor(async () => expect(await query(server, 'select n from kept')).toEqual([{ n: 7 }]), {
      timeout: 30_000,
      interval: 200,
    });
  } finally {
    await server.stop();
    spawnSync('umount', [home]);
  }
});
