// Sends a form once, even if the button is pressed again, says that it is being sent, and loses
// nothing without a connection. The server recognises a repeated form by its formId in any case,
// and this spares the person the wait.
//
// A form with `data-unsaved` may have taken minutes to fill in, and a page that the browser could
// not load would take its place in the history. Such a form is sent in the background first: the
// page stays until there is an answer. See decision 183.

import { fieldsOf } from './form-fields.ts';
import { forget, say } from './form-note.ts';

/**
 * Milliseconds after which another press is allowed, because the first request may have been
 * stopped.
 */
const patience = 10_000;
/** Milliseconds after which a form that is sent in the background counts as not answered. */
const answerTime = 30_000;
/** Milliseconds after which the page says that the form is being sent. */
const noticeable = 600;

interface Sending {
  readonly submitter: HTMLElement | null;
  readonly timers: ReturnType<typeof setTimeout>[];
  /** The server has been asked, so the form may now be sent as a page. */
  isAsked?: boolean;
}

const { sending: sendingText = '', offline: offlineText = '' } = document.body.dataset;
const sent = new Map<HTMLFormElement, Sending>();

document.addEventListener('submit', (event) => {
  const { target: form, submitter } = event;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  const before = sent.get(form);
  if (before?.isAsked) {
    sendAsPage(form, before);
    return;
  }
  if (before) {
    event.preventDefault();
    return;
  }
  if (!navigator.onLine) {
    event.preventDefault();
    say(form, submitter, offlineText, 'alert');
    return;
  }
  const own = hold(form, submitter);
  if (form.dataset['unsaved'] !== undefined && !submitter?.hasAttribute('formaction')) {
    event.preventDefault();
    void sendInBackground(form, own);
  } else {
    sendAsPage(form, own);
  }
});

addEventListener('pageshow', (event) => {
  // What was typed here is saved by now, so the page must show what is on file.
  const isSaved = document.querySelector('form[data-saved]') !== null;
  if (event.persisted && isSaved) return location.reload();
  for (const form of sent.keys()) release(form);
});

function hold(form: HTMLFormElement, submitter: HTMLElement | null): Sending {
  forget();
  submitter?.setAttribute('aria-busy', 'true');
  const notice = say(form, submitter, '', 'status');
  const timers = [setTimeout(() => notice(sendingText), noticeable)];
  const own = { submitter, timers };
  sent.set(form, own);
  return own;
}

/** The browser sends the form and leaves the page. */
function sendAsPage(form: HTMLFormElement, own: Sending): void {
  form.dataset['leaving'] = '';
  own.timers.push(setTimeout(() => release(form), patience));
}

function release(form: HTMLFormElement): void {
  const own = sent.get(form);
  for (const timer of own?.timers ?? []) clearTimeout(timer);
  own?.submitter?.removeAttribute('aria-busy');
  delete form.dataset['leaving'];
  sent.delete(form);
  forget();
}

/** Sends the form and follows the answer. Without an answer, the page stays as it is. */
async function sendInBackground(form: HTMLFormElement, own: Sending): Promise<void> {
  try {
    const next = await nextPage(form, own.submitter);
    if (next !== undefined) {
      form.dataset['leaving'] = '';
      form.dataset['saved'] = '';
      location.assign(next);
      return;
    }
  } catch {
    release(form);
    say(form, own.submitter, offlineText, 'alert');
    return;
  }
  // Nothing was saved. The page that says why is fetched by the browser itself.
  own.isAsked = true;
  form.requestSubmit(own.submitter);
}

/**
 * The page to which the answer leads. Undefined when the answer is a page of its own.
 * @throws when there is no answer
 */
async function nextPage(form: HTMLFormElement, submitter: HTMLElement | null): Promise<string | undefined> {
  const answer = await fetch(form.getAttribute('action') ?? '', {
    method: 'POST',
    body: fieldsOf(form, submitter),
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(answerTime),
  });
  if (answer.redirected) return answer.url;
  if (answer.status !== 200 || !answer.headers.get('content-type')?.includes('json')) return undefined;
  return ((await answer.json()) as { readonly to: string }).to;
}
