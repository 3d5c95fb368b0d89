// Sends a form once, even if the button is pressed again. The server recognises a repeated form by
// its formId in any case, and this spares the person the wait.

/**
 * Milliseconds after which another press is allowed, because the first request may have been
 * stopped.
 */
const patience = 10_000;

const sent = new Map<HTMLFormElement, HTMLElement | null>();

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.set(form, event.submitter);
  event.submitter?.setAttribute('aria-busy', 'true');
  setTimeout(() => release(form), patience);
});

addEventListener('pageshow', () => {
  for (const form of sent.keys()) release(form);
});

function release(form: HTMLFormElement): void {
  sent.get(form)?.removeAttribute('aria-busy');
  sent.delete(form);
}
