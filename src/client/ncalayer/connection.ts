import { isAnswer, isGreeting } from './answers.ts';

/** Why there is no answer. */
export type Ending =
  /** Nothing listens, or the browser does not trust what does: it does not say which. */
  | 'unreachable'
  /** The connection ended after the greeting. */
  | 'gone'
  /** Something that is no message of NCALayer's, or no greeting. */
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
   * Sends a request and waits for its answer: so many milliseconds, or until the connection ends.
   * One at a time.
   */
  ask(request: object, milliseconds: number): Promise<object>;
  close(): void;
}

const address = 'wss://127.0.0.1:13579/';
/** From the open connection to the greeting, milliseconds. */
const greetingTime = 10_000;
/** Characters of a message; a signature has some five thousand. */
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
  /** Messages that nobody has looked at; what came before somebody waits is not lost. */
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

  /** Waits until `found` finds something. */
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
  /** The first message of a kind; others are passed over. */
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
    // Whatever listens there without a word is no NCALayer.
    await wait(greetingTime, 'broken', next(isGreeting));
    greeted = true;
  } catch (error) {
    close();
    throw error;
  }
  return {
    ask(request, time) {
      // An answer to a request that was given up is not the answer to this one.
      messages.length = 0;
      if (ended === undefined) socket.send(JSON.stringify(request));
      return wait(time, 'timeout', next(isAnswer));
    },
    close,
  };
}

/** A JSON object of a size that a message may have; undefined otherwise. */
function readMessage(data: unknown): object | undefined {
  if (typeof data !== 'string' || data.length > longest) return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
