import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What a link does to its users. */
export type LinkState =
  | 'good'
  /** Nobody listens, and open connections are cut. */
  | 'refusing'
  /** Accepts everything and passes nothing on. */
  | 'stalling'
  /** Cuts each connection when its client first sends something, and the open ones. */
  | 'dropping'
  /** Passes everything on after 40 ms. */
  | 'slow';

/** A TCP link on loopback to a server on loopback, which can be disturbed. */
export interface FaultyLink {
  readonly port: number;
  become(state: LinkState): Promise<void>;
  /** The number of connections made so far. */
  connections(): number;
  /**
   * How many round trips began since the last call. One begins when the client sends something
   * after the server has answered what came before.
   */
  takeRoundTrips(): number;
  close(): Promise<void>;
}

/** Opens a link to `target`: a port on 127.0.0.1, or the path of a socket. */
export async function openFaultyLink(target: number | string): Promise<FaultyLink> {
  let state: LinkState = 'good';
  let count = 0;
  let roundTrips = 0;
  const sockets = new Set<Socket>();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const pass = (from: Socket, to: Socket, isClient: boolean) => {
    from.on('data', async (bytes) => {
      if (state === 'stalling') return;
      if (state === 'dropping' && isClient) return void from.destroy();
      if (state === 'slow') await pause(40);
      if (!to.destroyed) to.write(bytes);
    });
    from.on('close', () => to.destroy());
  };
  const countRoundTrips = (client: Socket, upstream: Socket) => {
    let isAnswered = true;
    client.on('data', () => {
      if (isAnswered) roundTrips += 1;
      isAnswered = false;
    });
    upstream.on('data', () => {
      isAnswered = true;
    });
  };
  const server: Server = createServer((client) => {
    count += 1;
    const upstream = typeof target === 'number' ? dial(target, '127.0.0.1') : dial(target);
    keep(client);
    keep(upstream);
    countRoundTrips(client, upstream);
    pass(client, upstream, true);
    pass(upstream, client, false);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const unlisten = () => new Promise<void>((resolve) => server.close(() => resolve()));
  await listen(0);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    port,
    connections: () => count,
    takeRoundTrips() {
      const taken = roundTrips;
      roundTrips = 0;
      return taken;
    },
    async become(next) {
      if (next === 'refusing' && state !== 'refusing') {
        const closed = unlisten();
        cut();
        await closed;
      }
      if (next !== 'refusing' && state === 'refusing') await listen(port);
      if (next === 'dropping') cut();
      state = next;
    },
    async close() {
      const closed = server.listening ? unlisten() : undefined;
      cut();
      await closed;
    },
  };
}
