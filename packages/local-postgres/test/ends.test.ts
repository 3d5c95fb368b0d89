import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { serverProcess } from '../src/process.ts';
import {
  attach,
  data,
  logFile,
  prepareFolders,
  query,
  seed,
  spawnService,
  start,
} from './support/harness.ts';

prepareFolders();

describe('a service that ends badly', () => {
  beforeEach(seed);

  test('killed: the next one adopts its server and finds every acknowledged row', async () => {
    const child = await spawnService();
    await vi.waitFor(() => expect(child.written()).toBeGreaterThan(50), 20_000);
    const server = serverProcess(data());
    expect(server).toBeDefined();
    child.process.kill('SIGKILL');
    await child.ended;
    const next = await start();
    expect(serverProcess(data())).toBe(server);
    const [row] = await query(next, 'select count(*)::int as rows from written');
    expect(row?.['rows']).toBeGreaterThanOrEqual(child.written());
    await next.stop();
    expect(serverProcess(data())).toBeUndefined();
  });

  test('killed together with its server: the next one starts and finds every acknowledged row', async () => {
    const child = await spawnService();
    await vi.waitFor(() => expect(child.written()).toBeGreaterThan(50), 20_000);
    process.kill(serverProcess(data()) ?? 0, 'SIGKILL');
    child.process.kill('SIGKILL');
    await child.ended;
    const [row] = await query(await start(), 'select count(*)::int as rows from written');
    expect(row?.['rows']).toBeGreaterThanOrEqual(child.written());
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s to its process group: the server shuts down cleanly',
    async (signal) => {
      const child = await spawnService({ detached: true });
      process.kill(-(child.process.pid ?? 0), signal);
      expect(await child.ended).toEqual([null, signal]);
      await vi.waitFor(() => expect(serverProcess(data())).toBeUndefined());
      expect(readFileSync(logFile(), 'utf8')).toMatch(/database system is shut down\n$/);
    },
  );

  test('exiting without calling stop: the server shuts down cleanly', async () => {
    const child = await spawnService();
    child.process.stdin?.write('exit\n');
    expect(await child.ended).toEqual([3, null]);
    await vi.waitFor(() => expect(serverProcess(data())).toBeUndefined(), 20_000);
    expect(readFileSync(logFile(), 'utf8')).toMatch(/database system is shut down\n$/);
  });

  test('a second process is refused, with the process number of the first', async () => {
    const child = await spawnService();
    await expect(spawnService()).rejects.toThrow(
      `Another service, process ${child.process.pid}, already uses`,
    );
    expect(await query(child, 'select 1 as works')).toEqual([{ works: 1 }]);
  });
});

describe('a command', () => {
  beforeEach(seed);

  test('joins the server of the service and leaves it running', async () => {
    const service = await start();
    const server = serverProcess(data());
    const command = await attach();
    expect(await query(command, 'select 1 as works')).toEqual([{ works: 1 }]);
    await command.stop();
    expect(serverProcess(data())).toBe(server);
    expect(await query(service, 'select 1 as works')).toEqual([{ works: 1 }]);
  });

  test('starts the server when none runs, and the last command stops it', async () => {
    const first = await attach();
    const second = await attach();
    await first.stop();
    expect(await query(second, 'select 1 as works')).toEqual([{ works: 1 }]);
    await second.stop();
    expect(serverProcess(data())).toBeUndefined();
  });

  test('leaves the server it started to a service, and may run longer than that', async () => {
    const command = await attach();
    const server = serverProcess(data());
    const service = await start();
    await command.stop();
    expect(serverProcess(data())).toBe(server);
    const later = await attach();
    await service.stop();
    expect(serverProcess(data())).toBe(server);
    await later.stop();
    expect(serverProcess(data())).toBeUndefined();
  });

  test('works while other commands and a service start and stop', async () => {
    const commands = Array.from({ length: 4 }, async () => {
      const command = await attach();
      const rows = await query(command, 'select 1 as works');
      await command.stop();
      return rows;
    });
    const service = await start();
    expect((await Promise.all(commands)).flat()).toEqual(Array.from({ length: 4 }, () => ({ works: 1 })));
    expect(await query(service, 'select 1 as works')).toEqual([{ works: 1 }]);
    await service.stop();
    expect(serverProcess(data())).toBeUndefined();
  });
});
