// Makes the browser ask before typed text is lost. Cancel is a button of the form, for which the
// server asks. When the session is over, the text is sent to the address in `data-keep`, which
// keeps it for its owner.

import { fieldsOf } from './form-fields.ts';
import type { SessionOver } from './session-warning.ts';

const form = document.querySelector<HTMLFormElement>('form[data-unsaved]');
if (form) guard(form);

function guard(form: HTMLFormElement): void {
  let leaving = false;

  document.addEventListener('session-over', (event) => {
    const { keep: address } = form.dataset;
    leaving = true;
    if (address === undefined || !isTyped(form) || !(event instanceof CustomEvent)) return;
    const over = event.detail as SessionOver;
    over.kept = keep(form, address).catch((error: unknown) => {
      leaving = false;
      throw error;
    });
  });
  addEventListener('pageshow', () => {
    leaving = false;
  });
  addEventListener('beforeunload', (event) => {
    // `submit-once.ts` marks a form that is on its way.
    if (!leaving && form.dataset['leaving'] === undefined && isTyped(form)) event.preventDefault();
  });
}

/**
 * Sends the content of the form to be kept, and returns the page to go to.
 * @throws when it could not be kept now
 */
async function keep(form: HTMLFormElement, address: string): Promise<string | undefined> {
  const answer = await fetch(address, { method: 'POST', body: fieldsOf(form) });
  if (answer.status >= 500 || answer.status === 429) throw new Error('it cannot be kept now');
  return answer.redirected ? answer.url : undefined;
}

/** Whether the form has anything unsaved: typed now, or typed before the server showed it again. */
function isTyped(form: HTMLFormElement): boolean {
  const { typed } = form.dataset;
  if (typed !== undefined) return true;
  return [...form.elements].some((element) => {
    if (element instanceof HTMLSelectElement) {
      return [...element.options].some((option) => option.selected !== option.defaultSelected);
    }
    if (!(element instanceof HTMLInputElement)) return false;
    return element.checked !== element.defaultChecked || element.value !== element.defaultValue;
  });
}
