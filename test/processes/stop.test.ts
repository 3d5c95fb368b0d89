import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { urlOf } from '../support/kabinet.ts';
import { runService, startProcess } from '../support/processes.ts';

// What SIGTERM does to a process of the built service.

let fresh: FreshDatabase;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  fresh = await freshDatabase();
  environment = { DATABASE_URL: urlOf(fresh.connection) };
});

afterAll(() => fresh.drop());

/** A connection on which the test writes requests by hand. */
async function plainConnection(
  origin: string,
): Promise<{ socket: Socket; heard(text: string): Promise<string> }> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  let said = '';
  socket.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return {
    socket,
    async heard(text) {
      while (!said.includes(text)) await once(socket, 'data');
      return said;
    },
  };
}

/** The head of a form whose body follows later. The server confirms that it has read the head. */
const head = (origin: string) =>
  [
    'POST /sign-out HTTP/1.1',
    `Host: ${new URL(origin).host}`,
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Length: 6',
    'Expect: 100-continue',
    '\r\n',
  ].join('\r\n');

async function refusesConnections(origin: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const refused = await fetch(`${origin}/health/live`).then(
        () => 'answered',
        (failure: Error) => (failure.cause as NodeJS.ErrnoException).code,
      );
      expect(refused).toBe('ECONNREFUSED');
    },
    { timeout: 30_000, interval: 20 },
  );
}

/**
 * Tells the service to stop while it waits for the rest of a form. Returns the connection on which
 * the rest will be sent.
 */
async function stoppedInFlight(service: Awaited<ReturnType<typeof startProcess>>) {
  const connection = await plainConnection(service.origin);
  connection.socket.write(head(service.origin));
  await connection.heard('100 Continue');
  service.signal('SIGTERM');
  await refusesConnections(service.origin);
  return connection;
}

describe.concurrent('SIGTERM', () => {
  test('completes a request in progress, and then exits with 0', async () => {
    const service = await startProcess(environment);
    const { socket, heard } = await stoppedInFlight(service);
    socket.write('csrf=x');
    const answer = await heard('</html>');
    expect(answer).toMatch(/HTTP\/1\.1 403 /);
    expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
    expect(await service.ended).toBe(0);
  });

  test('reports "not ready" and still answers for DRAIN_SECONDS, closing the connection each time', async () => {
    const service = await startProcess({ ...environment, DRAIN_SECONDS: '5' });
    service.signal('SIGTERM');
    await vi.waitFor(
      async () => {
        const answer = await fetch(`${service.origin}/health/ready`);
        expect([answer.status, await answer.json()]).toEqual([503, { status: 'closing' }]);
      },
      { timeout: 5_000, interval: 20 },
    );
    const page = await fetch(`${service.origin}/sign-in`);
    expect([page.status, page.headers.get('connection')]).toEqual([200, 'close']);
    expect(await service.ended).toBe(0);
  });

  test('ends the process at once when it comes a second time', async () => {
    const service = await startProcess(environment);
    await stoppedInFlight(service);
    const again = setInterval(() => service.signal('SIGTERM'), 100);
    expect(await service.ended).toBe(128 + 15);
    clearInterval(again);
  });

  test('ends a process whose gateway and clients hang, and returns its messages to the queue', async () => {
    const own = await freshDatabase();
    const gateway = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('220 hello\r\n');
      socket.on('data', (text) => {
        if (String(text).startsWith('DATA')) gateway.emit('reached');
        else socket.write('250 yes\r\n');
      });
    });
    await once(gateway.listen(0, '127.0.0.1'), 'listening');
    const { port } = gateway.address() as { port: number };
    const service = await startProcess({
      DATABASE_URL: urlOf(own.connection),
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: 'cabinet@example.kz',
    });
    const reached = once(gateway, 'reached');
    await own.database.run(sql`
      with person as (insert into cabinet.holder (iin) values ('000000000001') returning holder_id)
      insert into cabinet.outbox (holder_id, lane, payload)
      select holder_id, 'notice', '{"kind": "new-device", "channel": "email", "to": "a@example.kz", "language": "kk", "at": "2026-11-22T19:31:00Z"}'::jsonb
      from person`);
    await reached;
    const slow = await plainConnection(service.origin);
    slow.socket.write(head(service.origin));
    await slow.heard('100 Continue');
    const silent = await plainConnection(service.origin);
    const dropped = once(silent.socket, 'close');
    service.signal('SIGTERM');
    await dropped;
    expect(await service.ended).toBe(0);
    const message = await own.database.first(sql`
      select attempts, attempts - forgiven as failed, leased_until, last_error from cabinet.outbox`);
    expect(message).toEqual({ attempts: 1, failed: 0, leased_until: null, last_error: null });
    gateway.close();
    await own.drop();
  });
});

test('a wrong command line exits with 2 and an explanation', async () => {
  const wrong = runService({}, { parameters: ['--workers', 'many'] });
  expect(await wrong.ended).toBe(2);
  expect(wrong.said()).toContain('--workers must be a whole number from 1 to 64 (it is "many")');
});
