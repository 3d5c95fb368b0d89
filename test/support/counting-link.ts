import { createServer, connect as dial, type Socket } from 'node:net';

/** A link on loopback to PostgreSQL, which counts the round trips through it. */
export interface CountingLink {
  readonly port: number;
  /** How many round trips began since the last call. */
  take(): number;
  close(): Promise<void>;
}

/**
 * Opens a link to `target`: a port on 127.0.0.1, or the path of a socket. A round trip begins when
 * the client sends something after the server has answered all that came before.
 */
export async function openCountingLink(target: number | string): Promise<CountingLink> {
  let begun = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = typeof target === 'number' ? dial(target, '127.0.0.1') : dial(target);
    let isAnswered = true;
    client.on('data', (bytes) => {
      if (isAnswered) begun += 1;
      isAnswered = false;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      isAnswered = true;
      client.write(bytes);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    take() {
      const taken = begun;
      begun = 0;
      return taken;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
