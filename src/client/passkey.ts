// Asks for a passkey: at a press of the button, or at once when the page was opened for it. What
// needs the library is loaded only then. Nothing that the browser gives is trusted here: the server
// checks the answer, and the page already has the texts of every state.

import { beginOnce } from './begin-once.ts';
import { hiddenField } from './hidden-field.ts';

/** States of the page. Their texts are in `ui/passkey-ask.tsx`. */
type State =
  | 'waiting'
  | 'sending'
  | 'cancelled'
  | 'unsupported'
  | 'already'
  | 'failed'
  | 'offline'
  | 'elsewhere';

const block = document.querySelector<HTMLElement>('#passkey');
if (block) prepare(block);

function prepare(block: HTMLElement): void {
  const start = block.querySelector<HTMLButtonElement>('#passkey-start');
  const cancel = block.querySelector<HTMLButtonElement>('#passkey-cancel');
  const form = block.querySelector<HTMLFormElement>('#passkey-form');
  if (!start || !cancel || !form) return;
  const { challenge = '', origin, creates, begins } = block.dataset;
  let isAsking = false;
  let stop: (() => void) | undefined;

  const show = (state: State | undefined, busy: boolean): void => {
    for (const one of block.querySelectorAll<HTMLElement>('[data-state]'))
      one.hidden = one.dataset['state'] !== state;
    start.hidden = busy || state === 'unsupported' || state === 'elsewhere';
    cancel.hidden = !busy || state === 'sending';
  };
  const run = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      show('waiting', true);
      const { askBrowser, stopAsking } = await import('./passkey/ceremony.ts');
      stop = stopAsking;
      hiddenField(form, 'answer').value = await askBrowser(
        challenge,
        hiddenField(form, 'csrf').value,
        creates !== undefined,
      );
      show('sending', true);
      form.requestSubmit();
    } catch (error) {
      show(stateAfter(error), false);
    } finally {
      isAsking = false;
    }
  };
  start.addEventListener('click', run);
  cancel.addEventListener('click', () => stop?.());
  // The browser's Back button shows the page as it was left. It must be ready for another try.
  addEventListener('pageshow', (event) => {
    if (event.persisted) show(undefined, false);
  });
  block.querySelector('.until-script')?.remove();
  if (location.origin !== origin) show('elsewhere', false);
  else if (globalThis.PublicKeyCredential === undefined) show('unsupported', false);
  else {
    show(undefined, false);
    if (begins !== undefined) {
      beginOnce();
      void run();
    }
  }
}

/** The state that the page shows after an error. The browser tells no more than its name. */
function stateAfter(error: unknown): State {
  switch ((error as Error).name) {
    case 'NoChallenge':
      return 'offline';
    case 'NotAllowedError':
    case 'AbortError':
      return 'cancelled';
    case 'InvalidStateError':
      return 'already';
    case 'NotSupportedError':
      return 'unsupported';
    case 'SecurityError':
      return 'elsewhere';
    default:
      return 'failed';
  }
}
