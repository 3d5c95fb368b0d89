import { isAnswer, isGreeting } from './answers.ts';

/** Why there is no answer. */
export type Ending =
  /** Nothing listens, or the browser does not trust what does. The browser does not say which. */
  | 'unreachable'
  /** The connection ended after the greeting. */
  | 'gone'
  /** A message that is not one of NCALayer's, or is not a greeting. */
  | 'broken'
  | 'timeout'
  | 'cancelled';

export class ConnectionEnded extends Error {
  readonly ending: Ending;
  constructor(ending: Ending) {
    super(ending);
    this.ending = ending;
  }
}

export interface Agent {
  /**
   * Sends a request and waits for its answer, at most `milliseconds` and only while the connection
   * is open. One request at a time.
   */
  ask(request: object, milliseconds: number): Promise<object>;
  close(): void;
}

const address = 'wss://127.0.0.1:13579/';
/** Milliseconds from the open connection to the greeting. */
const greetingTime = 10_000;
/** Maximum number of characters in a message. A signature has about five thousand. */
const longest = 100_000;

/**
 * Connects to NCALayer and waits for its greeting.
 * @param milliseconds until the connection is open
 * @throws ConnectionEnded from here and from `ask`
 */
export async function connect(milliseconds: number, stop: AbortSignal): Promise<Agent> {
  const socket = new WebSocket(address);
  let ended: Ending | undefined;
  let opened = false;
  let greeted = false;
  /**
   * Messages that have not been read. A message that arrives before somebody waits for it is not
   * lost.
   */
  const messages: object[] = [];
  let look: (() => void) | undefined;

  const end = (ending: Ending): void => {
    ended ??= ending;
    look?.();
  };
  socket.onopen = () => {
    opened = true;
    look?.();
  };
  socket.onclose = () => end(!opened ? 'unreachable' : greeted ? 'gone' : 'broken');
  socket.onmessage = ({ data }) => {
    if (data === '--heartbeat--') return;
    const message = readMessage(data);
    if (message === undefined) end('broken');
    else messages.push(message);
    look?.();
  };
  stop.addEventListener('abort', () => end('cancelled'), { once: true });

  /** Waits until `found` returns a value. */
  const wait = <Value>(time: number, late: Ending, found: () => Value | undefined): Promise<Value> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(late), time);
      look = () => {
        const value = found();
        if (value === undefined && ended === undefined) return;
        clearTimeout(timer);
        look = undefined;
        if (value !== undefined) resolve(value);
        else reject(new ConnectionEnded(ended ?? 'broken'));
      };
      look();
    });
  /** The first message of a kind. Others are dropped. */
  const next = (kind: (message: object) => boolean) => (): object | undefined => {
    for (let message = messages.shift(); message; message = messages.shift())
      if (kind(message)) return message;
    return undefined;
  };
  const close = (): void => {
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  };

  try {
    await wait(milliseconds, 'unreachable', () => opened || undefined);
    // A program that listens there without a greeting is not NCALayer.
    await wait(greetingTime, 'broken', next(isGreeting));
    greeted = true;
  } catch (error) {
    close();
    throw error;
  }
  return {
    ask(request, time) {
      // An answer to an abandoned request must not be taken for the answer to this one.
      messages.length = 0;
      if (ended === undefined) socket.send(JSON.stringify(request));
      return wait(time, 'timeout', next(isAnswer));
    },
    close,
  };
}

/** A JSON object no longer than a message may be. Otherwise undefined. */
function readMessage(data: unknown): object | undefined {
  if (typeof data !== 'string' || data.length > longest) return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
