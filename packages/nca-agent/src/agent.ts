/**
 * The agent's server: `ws` and `wss` on one port of 127.0.0.1, as NCALayer has it, and a page about
 * its certificate.
 */
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { answer, type Choose, failed, GREETING, type Manner } from './protocol.ts';
import { makeTlsIdentity, type TlsIdentity } from './tls.ts';

/** The port that NCALayer listens on and that pages connect to. */
export const NCALAYER_PORT = 13_579;

/** Deliberate faults. A page must cope with each of them. */
export const FAULTS = [
  'none',
  /** The person closes the window. */
  'cancel',
  /** No answer to a request. */
  'hang',
  /** No greeting. */
  'mute',
  /** Text that is not JSON. */
  'garbage',
  /** 20 MB of data. */
  'huge',
  /** The connection breaks in the middle of a message. */
  'close',
  /** An error whose text contains markup. */
  'refuse',
  /** The person closes the window, which is reported as an error. */
  'cancel-code',
  /** The connection breaks after the greeting. */
  'leave',
  /** Empty messages between the others, which some programs send. */
  'alive',
  /** A single signature arrives as a list of one. */
  'list',
  /** A version without `basics`, and one that also lacks `commonUtils`. */
  'no-basics',
  'no-modules',
] as const;

export type Fault = (typeof FAULTS)[number];

export interface AgentOptions {
  readonly choose: Choose;
  /** 13579 unless given; 0 takes any free port. */
  readonly port?: number;
  readonly tls?: TlsIdentity;
  readonly fault?: Fault;
  /** Milliseconds before each answer to a request. */
  readonly delay?: number;
}

export interface Agent {
  readonly port: number;
  /** This may be changed while the agent runs. */
  choose: Choose;
  fault: Fault;
  delay: number;
  close(): Promise<void>;
}

const HUGE = 20 * 1024 * 1024;
const MAX_MESSAGE = 1024 * 1024;
/** The first byte of a TLS handshake. */
const HANDSHAKE = 0x16;

/**
 * Starts the agent. Rejects with `EADDRINUSE` when something already listens there, for example a
 * real NCALayer.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const state = { choose: options.choose, fault: options.fault ?? 'none', delay: options.delay ?? 0 };
  const sockets = new Set<Socket>();
  const websockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE });
  websockets.on('connection', (socket) => serve(socket, state));

  const http = createHttp(page('http'));
  const https = createHttps({ ...(options.tls ?? makeTlsIdentity(new Date())) }, page('https'));
  for (const server of [http, https]) {
    server.on('upgrade', (request, socket, head) => {
      websockets.handleUpgrade(request, socket, head, (one) => websockets.emit('connection', one, request));
    });
  }
  // Both protocols share one port. The first byte tells which one it is.
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const first: Buffer | null = socket.read(1);
      if (first === null) return;
      socket.unshift(first);
      (first[0] === HANDSHAKE ? https : http).emit('connection', socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(options.port ?? NCALAYER_PORT, '127.0.0.1', resolve);
  });
  return Object.assign(state, {
    port: (listener.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  });
}

/** Serves one connection: sends the greeting, then answers one request at a time. */
function serve(socket: WebSocket, state: Pick<Agent, 'choose' | 'fault' | 'delay'>): void {
  socket.on('error', () => socket.terminate());
  if (state.fault === 'alive') socket.send('{}');
  if (state.fault !== 'mute') socket.send(GREETING);
  if (state.fault === 'alive') socket.send('{}');
  // Close after the greeting has been sent.
  if (state.fault === 'leave') socket.close();
  let turn = Promise.resolve();
  socket.on('message', (data) => {
    turn = turn.then(() => reply(socket, String(data), state)).catch(() => socket.terminate());
  });
}

async function reply(
  socket: WebSocket,
  text: string,
  state: Pick<Agent, 'choose' | 'fault' | 'delay'>,
): Promise<void> {
  const { fault, delay } = state;
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  switch (fault) {
    case 'none':
    case 'list':
    case 'no-basics':
    case 'no-modules':
      return socket.send(await answer(text, state.choose, manners[fault]));
    case 'alive':
      for (let i = 0; i < 3; i += 1) socket.send('{}');
      return socket.send(await answer(text, state.choose));
    case 'cancel-code':
      return socket.send(
        JSON.stringify({ status: false, code: 'USER_CANCELED', message: 'cancelled by user' }),
      );
    case 'cancel':
      return socket.send(await answer(text, async () => null));
    case 'hang':
    case 'mute':
    case 'leave':
      return;
    case 'garbage':
      return socket.send('<html>502 Bad Gateway</html>');
    case 'huge':
      return socket.send('A'.repeat(HUGE));
    case 'close':
      return socket.terminate();
    case 'refuse':
      return socket.send(failed('SIGNING_FAILURE', '<img src=x onerror=alert(1)>'));
  }
}

const manners: Readonly<Record<'none' | 'list' | 'no-basics' | 'no-modules', Manner>> = {
  none: {},
  list: { listOfOne: true },
  'no-basics': { modules: ['commonUtils'] },
  'no-modules': { modules: [] },
};

/**
 * Serves a plain page on which a person can accept the certificate: browsers only offer that for
 * pages.
 */
function page(scheme: 'http' | 'https'): RequestListener {
  const words =
    scheme === 'https'
      ? ['Ready', 'This browser accepts the certificate. Close this page and go back to the cabinet.']
      : [
          'The demonstration agent runs',
          'Its certificate is unknown to your browser. Open <a href="/secure">the same page over https</a>, choose “Advanced” and continue to 127.0.0.1; then go back to the cabinet.',
        ];
  return (request, response) => {
    if (scheme === 'http' && request.url === '/secure') {
      response.writeHead(302, { location: `https://${request.headers.host ?? '127.0.0.1'}/` }).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(
      `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>${words[0]}</title><h1>${words[0]}</h1><p>${words[1]}</p><p>It signs with test keys only. It is no NCALayer, and no real key belongs in it.</p>`,
    );
  };
}
