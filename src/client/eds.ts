// Signs by NCALayer, the authority's program on this computer, over a WebSocket. Nothing that it
// sends is trusted or shown: the server checks the signature, and the page already has the texts of
// every state.

import { beginOnce } from './begin-once.ts';
import { fetchChallenge } from './fetch-challenge.ts';
import { hiddenField } from './hidden-field.ts';
import {
  askForTokens,
  type Outcome,
  readSignature,
  readStorage,
  signByBasics,
  signByCommonUtils,
} from './ncalayer/answers.ts';
import { type Agent, ConnectionEnded, connect, type Ending } from './ncalayer/connection.ts';

interface Challenge {
  readonly id: string;
  /** Base64. */
  readonly data: string;
}

/** States of the page. Their texts are in `ui/eds-sign.tsx`. */
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
  | 'gone'
  | 'failed'
  | 'tooOld'
  | 'phone'
  | 'offline';

/** Ends the signing in the given state, which gives the cause. */
class Ended extends Error {
  readonly state: State;
  constructor(state: State) {
    super(state);
    this.state = state;
  }
}

/**
 * Milliseconds until the connection is open. The time is longer while the browser may be asking the
 * person for permission.
 */
const openingTime = 10_000;
const permissionTime = 60_000;
/**
 * Milliseconds for which the server accepts the signature. Only a closed connection is reported
 * earlier, because a person may take long to choose a key.
 */
const signingTime = 120_000;
/** Milliseconds for answers that NCALayer gives without the person. */
const answerTime = 10_000;

/** There is no NCALayer on a phone, so nothing can be signed there. */
const onPhone = /Android|iPhone|iPad|Mobile/.test(navigator.userAgent);

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
    start.hidden = busy || onPhone;
    cancel.hidden = !busy || state === 'sending';
  };
  const run = async (): Promise<void> => {
    if (stop) return;
    stop = new AbortController();
    try {
      const { id, signature } = await sign(block, form, stop.signal, (state) => show(state, true));
      hiddenField(form, 'id').value = id;
      hiddenField(form, 'signature').value = signature;
      show('sending', true);
      form.requestSubmit();
    } catch (error) {
      show(await stateAfter(error), false);
    } finally {
      stop = undefined;
    }
  };
  start.addEventListener('click', run);
  cancel.addEventListener('click', () => stop?.abort());
  // The browser's Back button shows the page as it was left. It must be ready for another try.
  addEventListener('pageshow', (event) => {
    if (event.persisted) show(onPhone ? 'phone' : undefined, false);
  });
  block.querySelector('.until-script')?.remove();
  show(onPhone ? 'phone' : undefined, false);
  if (block.dataset['begins'] !== undefined) {
    beginOnce();
    void run();
  }
}

async function sign(
  block: HTMLElement,
  form: HTMLFormElement,
  stop: AbortSignal,
  show: (state: State) => void,
): Promise<{ id: string; signature: string }> {
  if (onPhone) throw new Ended('phone');
  show('connecting');
  // Tried whatever the permission is, because a page from this same computer needs none.
  const asked = (await permissionState()) === 'prompt';
  const agent = await connect(asked ? permissionTime : openingTime, stop);
  try {
    const challenge = await askForChallenge(
      block.dataset['challenge'] ?? '',
      hiddenField(form, 'csrf').value,
      stop,
    );
    show('waiting');
    const outcome = await askToSign(agent, challenge.data, block.dataset['locale']);
    if (outcome.kind === 'signed') return { id: challenge.id, signature: outcome.signature };
    throw new Ended(noSignature[outcome.kind]);
  } finally {
    agent.close();
  }
}

/** Signs by `basics`, or by `commonUtils` when NCALayer is too old to have that. */
async function askToSign(agent: Agent, data: string, locale: string | undefined): Promise<Outcome> {
  const outcome = readSignature(await agent.ask(signByBasics(data, locale), signingTime));
  if (outcome.kind !== 'unknownModule') return outcome;
  const storage = readStorage(await agent.ask(askForTokens, answerTime));
  if (storage === undefined) return outcome;
  return readSignature(await agent.ask(signByCommonUtils(data, storage), signingTime));
}

const noSignature: Readonly<Record<Exclude<Outcome['kind'], 'signed'>, State>> = {
  cancelled: 'cancelled',
  failed: 'failed',
  unknownModule: 'tooOld',
  unreadable: 'broken',
};

const noAnswer: Readonly<Record<Exclude<Ending, 'unreachable'>, State>> = {
  gone: 'gone',
  broken: 'broken',
  timeout: 'timeout',
  cancelled: 'cancelled',
};

/** The state that the page shows after an error. */
async function stateAfter(error: unknown): Promise<State> {
  if (error instanceof Ended) return error.state;
  if (!(error instanceof ConnectionEnded)) return 'broken';
  return error.ending === 'unreachable' ? connectionFailure() : noAnswer[error.ending];
}

/**
 * Why a connection failed. A browser lets pages from elsewhere reach this computer only with the
 * person's permission.
 */
async function connectionFailure(): Promise<State> {
  const permission = await permissionState();
  if (permission === 'denied') return 'denied';
  const fromElsewhere = !/^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(location.hostname);
  return permission === 'prompt' && fromElsewhere ? 'permission' : 'notRunning';
}

/**
 * The browser's permission for local connections. Undefined when the browser has no such
 * permission.
 */
async function permissionState(): Promise<PermissionState | undefined> {
  // Newer browsers distinguish this computer from the rest of the local network.
  for (const name of ['loopback-network', 'local-network-access']) {
    try {
      return (await navigator.permissions.query({ name: name as PermissionName })).state;
    } catch {
      // This browser does not know the name.
    }
  }
  return undefined;
}

async function askForChallenge(path: string, csrf: string, stop: AbortSignal): Promise<Challenge> {
  const challenge = await fetchChallenge<Challenge>(path, csrf, stop);
  if (challenge) return challenge;
  throw new Ended(stop.aborted ? 'cancelled' : 'offline');
}
