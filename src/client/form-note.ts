// A note beside the buttons of a form: that it is being sent, or that it could not be.

const mark = 'data-form-note';

/** Removes every note. */
export function forget(): void {
  for (const note of document.querySelectorAll(`[${mark}]`)) note.remove();
}

/**
 * Puts a note beside the button that was pressed, and returns a function that changes its text. An
 * empty note is not shown, but a screen reader reads what it says later.
 */
export function say(
  form: HTMLFormElement,
  submitter: HTMLElement | null,
  text: string,
  role: 'alert' | 'status',
): (text: string) => void {
  forget();
  const note = document.createElement('p');
  note.setAttribute(mark, '');
  note.className = 'form-note';
  note.role = role;
  const row = rowOf(form, submitter);
  if (row) row.prepend(note);
  else if (submitter) submitter.before(note);
  else form.append(note);
  const change = (words: string): void => {
    note.textContent = words;
  };
  change(text);
  if (text !== '') note.scrollIntoView({ block: 'nearest' });
  return change;
}

/**
 * The row of the button. Enter in a field presses a button that nobody sees: then the last row of
 * the form.
 */
function rowOf(form: HTMLFormElement, submitter: HTMLElement | null): Element | undefined {
  const own = submitter?.closest('.button-row');
  if (own) return own;
  if (submitter?.closest('main')) return undefined;
  return [...form.querySelectorAll('.button-row')].at(-1);
}
