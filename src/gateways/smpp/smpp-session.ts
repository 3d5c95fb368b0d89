import { isIP } from 'node:net';
import smpp, { type Pdu, type Session } from 'smpp';
import { GatewayFailure } from '../gateway.ts';
import { bindRefusal } from './smpp-status.ts';

export interface SmppAddress {
  /** `smpp://user:password@host:2775`, or `ssmpp://…` for TLS with a verified certificate. */
  readonly url: URL;
  /** A certificate authority to trust besides Node's own list, PEM. */
  readonly ca?: string;
}

/** One bound session. */
export interface BoundSession {
  /**
   * Sends a request and waits for its answer, within the time limit and while the session lasts.
   */
  ask(request: (link: Session, onResponse: (answer: Pdu) => void) => boolean): Promise<Pdu>;
  /** Ends the session at once. Calls `ended` before it returns. */
  end(): void;
  /**
   * Sends no further requests, and ends the session when all earlier ones are answered. Calls
   * `ended` before it returns.
   */
  retire(): void;
}

export interface SessionWatch {
  /**
   * No more requests can be sent in the session, whoever ended it. Called once, even when the
   * session never became bound.
   */
  readonly ended: () => void;
  /** The SMS centre delivered something (`deliver_sm` or `data_sm`), and it has been answered. */
  readonly delivered: (pdu: Pdu) => void;
  /** When aborted, ends a session that is not bound yet. */
  readonly signal: AbortSignal;
}

/** SMPP 3.4, 5.1.3: invalid command id. */
const invalidCommand = 0x03;
/** SMPP 3.4 defines no answer to these. */
const unanswered = ['outbind', 'alert_notification'];

/**
 * Connects and binds as a transceiver. `timeout` is for connecting and for each answer, in
 * milliseconds.
 * @throws GatewayFailure; with blame `account` when the account was refused
 */
export async function bindSession(
  address: SmppAddress,
  timeout: number,
  watch: SessionWatch,
): Promise<BoundSession> {
  const link = smpp.connect(endpointOf(address));
  // Every request in progress listens for the end of the session.
  link.setMaxListeners(0);
  let pending = 0;
  let retired = false;
  let over = false;
  const retire = () => {
    if (!retired) {
      retired = true;
      watch.ended();
    }
    if (pending === 0) end();
  };
  const end = () => {
    if (over) return;
    over = true;
    link.destroy();
    if (!retired) {
      retired = true;
      watch.ended();
    }
    link.emit('over');
  };
  link.on('close', end);
  // The library stops reading after a broken PDU, so the session cannot be used any more.
  link.on('error', end);
  serve(link, watch, { end, retire });
  const session: BoundSession = {
    end,
    retire,
    async ask(request) {
      if (retired) throw new GatewayFailure('SMPP_CONNECTION');
      pending += 1;
      try {
        return await ask(link, request, timeout, end);
      } finally {
        pending -= 1;
        if (retired) retire();
      }
    },
  };
  watch.signal.addEventListener('abort', end, { once: true });
  try {
    await connected(link, address, timeout);
    const { url } = address;
    const answer = await session.ask((_link, onResponse) =>
      link.bind_transceiver(
        {
          system_id: decodeURIComponent(url.username),
          password: decodeURIComponent(url.password),
          interface_version: 0x34,
        },
        onResponse,
      ),
    );
    if (answer.command_status !== 0) throw bindRefusal(answer.command_status);
  } catch (error) {
    end();
    throw error;
  } finally {
    watch.signal.removeEventListener('abort', end);
  }
  return session;
}

/**
 * Answers every request of the SMS centre. Without an answer it would end the session, or repeat
 * the request for ever.
 */
function serve(
  link: Session,
  watch: SessionWatch,
  { end, retire }: { readonly end: () => void; readonly retire: () => void },
): void {
  const answered: Readonly<Record<string, (pdu: Pdu) => void>> = {
    enquire_link: (pdu) => link.send(pdu.response()),
    deliver_sm: (pdu) => {
      link.send(pdu.response());
      watch.delivered(pdu);
    },
    data_sm: (pdu) => {
      link.send(pdu.response());
      watch.delivered(pdu);
    },
    // The other side may leave the connection open, so close it once the answer has been sent.
    unbind: (pdu) => void link.send(pdu.response(), undefined, retire),
  };
  link.on('pdu', (pdu: Pdu) => {
    // A sequence number of 0 refuses no request of ours: the two sides read different frames.
    if (pdu.command === 'generic_nack' && pdu.sequence_number === 0) return end();
    if (pdu.isResponse() || unanswered.includes(pdu.command)) return undefined;
    const answer = answered[pdu.command];
    if (answer) return answer(pdu);
    link.generic_nack({ command_status: invalidCommand, sequence_number: pdu.sequence_number });
    return undefined;
  });
}

function connected(link: Session, { url }: SmppAddress, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (code: string) => {
      clearTimeout(late);
      reject(new GatewayFailure(code));
    };
    const late = setTimeout(() => failed('SMPP_CONNECT_TIMEOUT'), timeout);
    link.prependOnceListener('error', (error: NodeJS.ErrnoException) =>
      failed(error.code ?? 'SMPP_CONNECTION'),
    );
    link.once('over', () => failed('SMPP_CONNECTION'));
    link.once(url.protocol === 'ssmpp:' ? 'secureConnect' : 'connect', () => {
      clearTimeout(late);
      resolve();
    });
  });
}

function ask(
  link: Session,
  request: Parameters<BoundSession['ask']>[0],
  timeout: number,
  end: () => void,
): Promise<Pdu> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(late);
      link.off('over', gone);
      act();
    };
    const gone = () => settle(() => reject(new GatewayFailure('SMPP_CONNECTION')));
    const late = setTimeout(() => {
      settle(() => reject(new GatewayFailure('SMPP_TIMEOUT')));
      // The session's other requests would time out as well. The next message gets a new session.
      end();
    }, timeout);
    link.once('over', gone);
    if (!request(link, (answer) => settle(() => resolve(answer)))) gone();
  });
}

function endpointOf({ url, ca }: SmppAddress) {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const tls = url.protocol === 'ssmpp:';
  return {
    host,
    port: url.port === '' ? (tls ? 3_550 : 2_775) : Number(url.port),
    tls,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
  };
}
