import type { Pdu } from 'smpp';
import { GatewayFailure } from '../gateway.ts';
import { type BoundSession, bindSession, type SmppAddress } from './smpp-session.ts';

/** Keeps one session at a time with the SMS centre. */
export interface SmppConnection {
  /** The session, connected and bound. Opens a new one when there is none. */
  session(): Promise<BoundSession>;
  /** Unbinds and ends the session. Does not wait for one that is not bound yet. */
  close(): Promise<void>;
}

/**
 * Connects when a session is asked for.
 * @param timeout for connecting and for each answer; milliseconds
 */
export function createSmppConnection(
  address: SmppAddress,
  timeout: number,
  on: {
    /** Called when a bound session has ended without `close`. */
    readonly lost: () => void;
    /** Called when the SMS centre delivered something. */
    readonly delivered: (pdu: Pdu) => void;
  },
): SmppConnection {
  let opening: Promise<BoundSession> | undefined;
  let current: BoundSession | undefined;
  let closed = false;
  const leaving = new AbortController();

  function open(): Promise<BoundSession> {
    let bound = false;
    const opened = bindSession(address, timeout, {
      ended: () => {
        if (opening === opened) {
          opening = undefined;
          current = undefined;
        }
        if (bound && !closed) on.lost();
      },
      delivered: on.delivered,
      signal: leaving.signal,
    }).then((session) => {
      bound = true;
      current = session;
      return session;
    });
    return opened;
  }

  return {
    session() {
      if (closed) return Promise.reject(new GatewayFailure('SMPP_CLOSED'));
      opening ??= open();
      return opening;
    },
    async close() {
      closed = true;
      leaving.abort();
      const bound = current;
      if (!bound) return;
      await bound.ask((link, onResponse) => link.unbind(onResponse)).catch(() => undefined);
      bound.end();
    },
  };
}
