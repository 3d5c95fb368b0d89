// Signs by NCALayer, the authority's program on this computer, over a WebSocket. Nothing it says is trusted or shown: the signature
// goes to the server, which checks it, and every state has its words on the page already.

interface Challenge {
  readonly id: string;
  /** Base64. */
  readonly data: string;
}

/** States of the page; the words are in `ui/eds-sign.tsx`. */
type State =
  | 'connecting'
  | 'waiting'
  | 'sending'
  | 'notRunning'
  | 'permission'
  | 'denied'
  | 'cancelled'
  | 'timeout'
  | 'broken'
  | 'failed'
  | 'phone'
  | 'offline';

/** Ends the signing in a state that says why. */
class Ended extends Error {
  readonly state: State;
  constructor(state: State) {
    super(state);
    this.state = state;
  }
}

const address = 'wss://127.0.0.1:13579/';
/** Until NCALayer greets, milliseconds; longer while the browser may be asking the person for permission. */
const greetingTime = 10_000;
const permissionTime = 60_000;
/** As long as the server takes the signature. */
const signingTime = 120_000;
/** Characters of an answer; a signature has some five thousand. */
const longest = 100_000;
const individual = '1.2.398.3.3.4.1.1';

const block = document.querySelector<HTMLElement>('#eds-sign');
if (block) prepare(block);

function prepare(block: HTMLElement): void {
  const start = block.querySelector<HTMLButtonElement>('#eds-start');
  const cancel = block.querySelector<HTMLButtonElement>('#eds-cancel');
  const form = block.querySelector<HTMLFormElement>('#eds-form');
  if (!start || !cancel || !form) return;
  let stop: AbortController | undefined;

  const show = (state: State | undefined, busy: boolean): void => {
    for (const one of block.querySelectorAll<HTMLElement>('[data-state]'))
      one.hidden = one.dataset['state'] !== state;
    start.hidden = busy;
    cancel.hidden = !busy || state === 'sending';
  };
  const run = async (): Promise<void> => {
    if (stop) return;
    stop = new AbortController();
    try {
      const { id, signature } = await sign(block, form, stop.signal, (state) => show(state, true));
      field(form, 'id').value = id;
      field(form, 'signature').value = signature;
      show('sending', true);
      form.requestSubmit();
    } catch (error) {
      show(error instanceof Ended ? error.state : 'broken', false);
    } finally {
      stop = undefined;
    }
  };
  start.addEventListener('click', run);
  cancel.addEventListener('click', () => stop?.abort());
  // Back brings the page as it was left: ready for another try.
  addEventListener('pageshow', (event) => {
    if (event.persisted) show(undefined, false);
  });
  show(undefined, false);
  if (block.dataset['begins'] !== undefined) {
    // Not again at a reload.
    history.replaceState(null, '', withoutBegin());
    void run();
  }
}

function withoutBegin(): string {
  const query = new URLSearchParams(location.search);
  query.delete('begin');
  return location.pathname + (query.size > 0 ? `?${query}` : '');
}

async function sign(
  block: HTMLElement,
  form: HTMLFormElement,
  stop: AbortSignal,
  show: (state: State) => void,
): Promise<{ id: string; signature: string }> {
  if (/Android|iPhone|iPad|Mobile/.test(navigator.userAgent)) throw new Ended('phone');
  show('connecting');
  // Tried whatever the permission is: a page of this very computer needs none.
  const asked = (await permissionState()) === 'prompt';
  const agent = await connect(asked ? permissionTime : greetingTime, stop);
  try {
    const challenge = await fetchChallenge(block.dataset['challenge'] ?? '', field(form, 'csrf').value, stop);
    show('waiting');
    const answer = await agent.ask(
      {
        module: 'kz.gov.pki.knca.basics',
        method: 'sign',
        args: {
          allowedStorages: null,
          format: 'cms',
          data: challenge.data,
          // NCALayer's own defaults differ: each is said.
          signingParams: { decode: true, encapsulate: true, digested: false },
          signerParams: { extKeyUsageOids: [individual] },
          locale: block.dataset['locale'],
        },
      },
      signingTime,
    );
    return { id: challenge.id, signature: readSignature(answer) };
  } finally {
    agent.close();
  }
}

/** What NCALayer answers: a signature, an empty body when the person closed its window, or an error. */
function readSignature(answer: unknown): string {
  const { status, body } = answer as { status?: unknown; body?: { result?: unknown } };
  if (status === false) throw new Ended('failed');
  if (status !== true || typeof body !== 'object') throw new Ended('broken');
  const { result } = body;
  if (result === undefined) throw new Ended('cancelled');
  if (typeof result !== 'string') throw new Ended('broken');
  return result;
}

interface Agent {
  ask(message: object, milliseconds: number): Promise<unknown>;
  close(): void;
}

/** Connects and waits for the greeting. Messages are taken one by one; what is no message of NCALayer's ends it. */
async function connect(milliseconds: number, stop: AbortSignal): Promise<Agent> {
  const socket = new WebSocket(address);
  let opened = false;
  /** Waits for what `listen` hears; ends when the connection does, the person cancels, or the time is over. */
  const wait = <Value>(
    time: number,
    late: State,
    listen: (hear: (value: Value) => void, end: (state: State) => void) => void,
  ): Promise<Value> =>
    new Promise((resolve, reject) => {
      const end = (state: State): void => {
        clearTimeout(timer);
        reject(new Ended(state));
      };
      const timer = setTimeout(() => end(late), time);
      stop.addEventListener('abort', () => end('cancelled'), { once: true });
      socket.onclose = async () => end(opened ? 'broken' : await whyNot());
      listen((value) => {
        clearTimeout(timer);
        resolve(value);
      }, end);
    });
  const nextMessage = (time: number, late: State): Promise<unknown> =>
    wait(time, late, (hear, end) => {
      socket.onmessage = ({ data }) => {
        if (data === '--heartbeat--') return;
        const message = readMessage(data);
        if (message === undefined) end('broken');
        else hear(message);
      };
    });
  const close = (): void => {
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  };
  try {
    await wait<void>(milliseconds, 'notRunning', (hear) => {
      socket.onopen = () => hear();
    });
    opened = true;
    // Whatever listens there without a word is no NCALayer.
    await nextMessage(greetingTime, 'broken');
  } catch (error) {
    close();
    throw error;
  }
  return {
    ask(message, time) {
      const answer = nextMessage(time, 'timeout');
      socket.send(JSON.stringify(message));
      return answer;
    },
    close,
  };
}

/** A JSON object of a size that an answer may have; undefined otherwise. */
function readMessage(data: unknown): object | undefined {
  if (typeof data !== 'string' || data.length > longest) return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Why a connection failed: the browser lets pages from elsewhere reach this computer only when the person allows it. */
async function whyNot(): Promise<State> {
  const permission = await permissionState();
  if (permission === 'denied') return 'denied';
  const fromElsewhere = !/^(localhost|127\.|\[::1\])/.test(location.hostname);
  return permission === 'prompt' && fromElsewhere ? 'permission' : 'notRunning';
}

/** The browser's word on local connections; undefined where it has no such permission. */
async function permissionState(): Promise<PermissionState | undefined> {
  // Newer browsers tell this computer from the rest of the local network.
  for (const name of ['loopback-network', 'local-network-access']) {
    try {
      return (await navigator.permissions.query({ name: name as PermissionName })).state;
    } catch {
      // Unknown to this browser.
    }
  }
  return undefined;
}

async function fetchChallenge(path: string, csrf: string, stop: AbortSignal): Promise<Challenge> {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ csrf }),
      signal: stop,
    });
    if (answer.ok) return (await answer.json()) as Challenge;
  } catch {
    if (stop.aborted) throw new Ended('cancelled');
  }
  throw new Ended('offline');
}

function field(form: HTMLFormElement, name: string): HTMLInputElement {
  return form.elements.namedItem(name) as HTMLInputElement;
}
