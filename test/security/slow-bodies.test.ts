import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { inventPerson } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';

// Forms sent byte by byte from one address. They hold connections but no places, and not for long.

const atOnce = 6;

/**
 * Starts a service for the tests of a suite. `halfSent` sends a form up to the middle of its body.
 */
function serve(role: string) {
  let service: TestService;
  let origin: URL;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    service = await startService({ REQUESTS_AT_ONCE: String(atOnce), ROLE: role }, { work: false });
    await service.enrol(inventPerson(9_430));
    origin = new URL(await service.listen());
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await service.close();
  });

  /** Sends the head of a form and half of its body. The answer is collected as it arrives. */
  async function halfSent(
    path: string,
  ): Promise<{ readonly socket: Socket; answer: string; readonly rest: string }> {
    const socket = connect(Number(origin.port), origin.hostname);
    sockets.push(socket);
    const half = { socket, answer: '', rest: 'word=x' };
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      half.answer += data.toString('latin1');
    });
    await once(socket, 'connect');
    const body = 'iin=1&pass';
    socket.write(
      [
        `POST ${path} HTTP/1.1`,
        `Host: localhost:${origin.port}`,
        `Origin: http://localhost:${origin.port}`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length + half.rest.length}`,
        '',
        body,
      ].join('\r\n'),
    );
    return half;
  }

  return { service: () => service, origin: () => origin, halfSent };
}

const roles = ['all', 'web'];

describe.each(roles)('with ROLE=%s', (role) => {
  const { service, origin, halfSent } = serve(role);

  const connections = () =>
    new Promise<number>((resolve, reject) =>
      service().server.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );

  test('two hundred of them block nobody, and each is answered when it is complete', async () => {
    const paths = ['/sign-in', '/register', '/recover', '/language', '/services/requisites'];
    const halves = await Promise.all(
      Array.from({ length: 200 }, (_, n) => halfSent(paths[n % paths.length] ?? '')),
    );
    await vi.waitFor(async () => expect(await connections()).toBeGreaterThanOrEqual(200), {
      timeout: 20_000,
    });
    for (let ask = 0; ask < 5; ask += 1) {
      const answer = await fetch(new URL('/sign-in', origin()));
      expect(answer.status).toBe(200);
      await answer.text();
    }
    for (const half of halves) half.socket.write(half.rest);
    await vi.waitFor(() => expect(halves.filter(({ answer }) => answer === '')).toEqual([]), {
      timeout: 20_000,
    });
    // Without a token each is refused, or told that too many arrived at once. None waits.
    expect(halves.filter(({ answer }) => !/^HTTP\/1\.1 (403|503) /.test(answer))).toEqual([]);
    for (const { socket } of halves) socket.destroy();
  });
});

// The waits of both services overlap.
describe.concurrent.each(roles)('with ROLE=%s', (role) => {
  const { service, halfSent } = serve(role);

  test('a form that is not complete within seconds is ended', { timeout: 40_000 }, async ({ expect }) => {
    const { server } = service().server;
    expect(server.requestTimeout).toBeLessThanOrEqual(15_000);
    // Node has the time limit. This test shows that it is checked more often than every 30 seconds.
    server.requestTimeout = 100;
    try {
      const half = await halfSent('/sign-in');
      await Promise.race([
        once(half.socket, 'close'),
        pause(15_000, undefined, { ref: false }).then(() => Promise.reject(new Error('still open'))),
      ]);
      expect(half.answer).toMatch(/^HTTP\/1\.1 408 /);
    } finally {
      server.requestTimeout = 10_000;
    }
  });
});
