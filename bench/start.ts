import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from '../src/platform/root.ts';
import { percentile, type Row } from './row.ts';

const warmStarts = 5;
const longest = 60_000;

interface Started {
  /** From the command to the whole first page, in seconds. */
  readonly took: number;
  /** Resident memory of the service's process after that page, in MB. PostgreSQL is not in it. */
  readonly memory: number;
}

/**
 * `npm start` until the first page has come: cold, where nothing is built and there is no database,
 * and warm, where both are there. And the memory of the fresh process.
 */
export async function bench(): Promise<Row[]> {
  const varDir = await mkdtemp(join(tmpdir(), 'kabinet-start-'));
  try {
    // Without its stamp a build counts as none.
    await rm(join(root, 'dist/.build.json'), { force: true });
    const cold = await start(varDir);
    const warm: Started[] = [];
    for (let turn = 0; turn < warmStarts; turn++) warm.push(await start(varDir));
    const median = (what: keyof Started) =>
      percentile(
        warm.map((one) => one[what]),
        0.5,
      );
    return [
      { name: 'npm start to the first page, cold', value: cold.took, unit: 's', note: 'at most 4' },
      {
        name: 'npm start to the first page, warm',
        value: median('took'),
        unit: 's',
        note: `median of ${warmStarts}; at most 2`,
      },
      { name: 'memory of a fresh process', value: median('memory'), unit: 'MB', note: 'at most 120' },
    ];
  } finally {
    await rm(varDir, { recursive: true, force: true });
  }
}

async function start(varDir: string): Promise<Started> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const settings = {
    VAR_DIR: varDir,
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DEMO: '1',
    LOG_LEVEL: 'warn',
  };
  const began = performance.now();
  const child = spawn('npm', ['start'], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: '', ...settings },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  try {
    await firstPage(child, `http://127.0.0.1:${port}/`, began + longest);
    const took = (performance.now() - began) / 1_000;
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const bytes = Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
    return { took, memory: bytes / 2 ** 20 };
  } finally {
    const ended = once(child, 'exit');
    // npm stands between this process and the service: the whole group is asked to end.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await ended;
  }
}

async function firstPage(child: ChildProcess, url: string, until: number): Promise<void> {
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`);
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok && (await response.text()).endsWith('</html>')) return;
    await pause(10);
  }
  throw new Error('npm start shows no page');
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
