import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { settlesWithin } from '../timeout.ts';

/**
 * The open connections of a server, so that it can leave without losing a request that somebody has
 * sent.
 */
export interface Connections {
  /**
   * True from `end` on: each answer says `Connection: close`, after which the client sends nothing
   * more here.
   */
  readonly ending: boolean;
  end(): void;
  /** Accepts no further connection; the open ones stay, unlike with `close` of an HTTP server. */
  stopListening(): void;
  /**
   * Closes those on which nothing is under way. A request that its client is just sending there is
   * lost.
   */
  closeIdle(): void;
  /** Closes all, whatever is under way. */
  cut(): void;
  /** Waits until none is open, at most so many milliseconds. Whether that came about. */
  gone(milliseconds?: number): Promise<boolean>;
}

/** Follows the connections of `server` from now on. */
export function trackConnections(server: Server): Connections {
  const open = new Set<Socket>();
  const waiting = new Set<() => void>();
  let ending = false;
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      if (open.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting.clear();
    });
  });
  return {
    get ending() {
      return ending;
    },
    end() {
      ending = true;
    },
    stopListening() {
      if (server.listening) NetServer.prototype.close.call(server);
    },
    closeIdle() {
      server.closeIdleConnections();
      // Browsers open connections ahead of need; Node counts those as busy until their first
      // request.
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    },
    cut() {
      for (const socket of open) socket.destroy();
    },
    gone(milliseconds) {
      const none = open.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.add(resolve));
      return settlesWithin(none, milliseconds);
    },
  };
}
