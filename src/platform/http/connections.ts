import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { settlesWithin } from '../timeout.ts';

/** The open connections of a server. It can then stop without losing a request that was sent. */
export interface Connections {
  /**
   * True once `end` was called. Each answer then says `Connection: close`, and the client sends
   * nothing more over that connection.
   */
  readonly ending: boolean;
  end(): void;
  /** Accepts no new connections. The open ones stay, unlike with `close` of an HTTP server. */
  stopListening(): void;
  /**
   * Closes the connections without a request in progress. A request that is being sent at that
   * moment is lost.
   */
  closeIdle(): void;
  /** Closes all connections, even in the middle of a request. */
  cut(): void;
  /**
   * Waits, at most so many milliseconds, until no connection is open. Returns whether that
   * happened.
   */
  gone(milliseconds?: number): Promise<boolean>;
}

/** Tracks the connections of `server` from now on. */
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
      // Browsers open connections in advance. Node counts them as busy until their first request.
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
