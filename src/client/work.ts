// Does the work that a code costs while codes are being guessed, or once a network has asked too
// often. It takes some seconds before the form is sent. The browser calculates in the background:
// the page stays usable, and the person can stop it.

import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2';

/** No challenge takes more derivations than this (`features/account-request/work.ts`). */
const mostDerivations = 240;

/** Percentage after which a screen reader announces the progress again. */
const step = 25;

const block = document.querySelector<HTMLElement>('#work');
const form = block?.closest('form');
if (block && form) prepare(block, form);

function prepare(block: HTMLElement, form: HTMLFormElement): void {
  const status = block.querySelector<HTMLElement>('#work-status');
  const cancel = block.querySelector<HTMLElement>('#work-cancel');
  // Without the browser's cryptography (an unprotected connection), the page stays unchanged.
  if (!status || !cancel || !globalThis.crypto?.subtle) return;
  let working: AbortController | undefined;
  let done = false;

  const announce = (name: 'running' | 'done' | 'cancelled' | 'failed', percent = 0): void => {
    status.textContent = (block.dataset[name] ?? '').replace('{percent}', String(percent));
  };

  async function work(submitter: HTMLElement | null): Promise<void> {
    working = new AbortController();
    cancel?.removeAttribute('hidden');
    announce('running');
    try {
      const proof = await solve(block, form as HTMLFormElement, working, (percent) =>
        announce('running', percent),
      );
      if (proof !== undefined) setProof(form as HTMLFormElement, proof);
      announce('done');
      done = true;
      form?.requestSubmit(submitter);
    } catch {
      announce(working.signal.aborted ? 'cancelled' : 'failed');
    } finally {
      working = undefined;
      cancel?.setAttribute('hidden', '');
    }
  }

  block.hidden = false;
  cancel.hidden = true;
  document.querySelector('#without-work')?.setAttribute('hidden', '');
  cancel.addEventListener('click', () => working?.abort());
  // Must run before submit-once.ts, which counts every press that is allowed.
  form.addEventListener('submit', (event) => {
    const target = event.submitter?.getAttribute('formaction');
    if (done || target) return;
    event.preventDefault();
    if (!working) void work(event.submitter);
  });
  // The browser may show a remembered page again, but a proof is valid only once.
  addEventListener('pageshow', () => {
    done = false;
    form.querySelector('input[name=proof]')?.remove();
  });
}

/**
 * The proof for the values in the form. Undefined when the form is invalid, and the server will say
 * why.
 */
async function solve(
  block: HTMLElement,
  form: HTMLFormElement,
  controller: AbortController,
  onProgress: (percent: number) => void,
): Promise<string | undefined> {
  const fields = new URLSearchParams();
  for (const name of ['csrf', 'iin', 'contact']) {
    const value = new FormData(form).get(name);
    if (typeof value === 'string') fields.set(name, value);
  }
  const answer = await fetch(block.dataset['path'] ?? '', {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'application/json' },
    body: fields,
    signal: controller.signal,
  });
  if (!answer.ok) throw new Error(`answered with ${answer.status}`);
  const { challenge } = (await answer.json()) as { readonly challenge: Challenge | null };
  if (!challenge) return undefined;
  let derived = 0;
  let announced = 0;
  const solution = await solveChallenge({
    challenge,
    controller,
    deriveKey: (...what) => {
      derived += 1;
      const percent = Math.min(99, Math.floor((derived * 100) / mostDerivations));
      if (percent >= announced + step) {
        announced = percent - (percent % step);
        onProgress(announced);
      }
      return deriveKey(...what);
    },
  });
  if (!solution) throw new Error('not solved');
  return btoa(JSON.stringify({ challenge, solution }));
}

function setProof(form: HTMLFormElement, proof: string): void {
  const input = document.createElement('input');
  input.type = 'hidden';
  input.name = 'proof';
  input.value = proof;
  form.append(input);
}
