import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';
import { networkClient } from '../support/network-client.ts';
import { type ServiceProcess, startProcess } from '../support/processes.ts';

// SIGUSR2 changes how much a running service logs.

let fresh: FreshDatabase;
let service: ServiceProcess | undefined;
let answered = 0;

beforeAll(async () => {
  fresh = await freshDatabase();
});

afterEach(async () => {
  service?.signal('SIGTERM');
  await service?.ended;
  service = undefined;
  answered = 0;
});

afterAll(() => fresh.drop());

async function start(level: string, parameters: readonly string[]): Promise<ServiceProcess> {
  service = await startProcess(
    { DATABASE_URL: urlOf(fresh.connection), LOG_LEVEL: level },
    {
      parameters,
      onLine: (line) => {
        if (line.includes('"msg":"answered"')) answered += 1;
      },
    },
  );
  return service;
}

/** Opens a page over new connections, which go to the workers in turn. */
async function visit(origin: string, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const client = networkClient(origin);
    expect((await client.get('/sign-in')).status).toBe(200);
    client.close();
  }
}

const changed = '"msg":"the log level changes"';

test('every worker follows, also one that starts later, and the next signal sets it back', async () => {
  const running = await start('warn', ['--workers', '2']);
  await visit(running.origin, 4);
  running.signal('SIGUSR2');
  // The primary process and both workers say so.
  await running.saying(changed, 3);
  expect(running.said().split('"to":"debug"')).toHaveLength(4);
  expect(answered).toBe(0);
  await visit(running.origin, 4);
  await vi.waitFor(() => expect(answered).toBe(4));

  running.signal('SIGHUP');
  await running.saying('the rolling restart is done');
  await visit(running.origin, 4);
  await vi.waitFor(() => expect(answered).toBe(8));

  running.signal('SIGUSR2');
  await running.saying('"to":"warn"', 3);
  await visit(running.origin, 4);
  running.signal('SIGUSR2');
  await running.saying(changed, 9);
  expect(answered).toBe(8);
});

test('one process follows too; where the level is debug, the signal makes it less', async () => {
  const running = await start('debug', []);
  running.signal('SIGUSR2');
  await running.saying('"to":"info"');
  running.signal('SIGUSR2');
  await running.saying('"to":"debug"');
  await visit(running.origin, 1);
});
