// Asks before typed words are lost: in the form's own words where Cancel is pressed, in the browser's where the page is left.

const form = document.querySelector<HTMLFormElement>('form[data-unsaved]');
if (form) guard(form);

function guard(form: HTMLFormElement): void {
  const { unsaved: question } = form.dataset;
  let leaving = false;

  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('[data-cancels]') : null;
    if (link === null || !isTyped(form)) return;
    if (confirm(question)) leaving = true;
    else event.preventDefault();
  });
  form.addEventListener('submit', (event) => {
    leaving = !event.defaultPrevented;
  });
  document.addEventListener('session-over', () => {
    leaving = true;
  });
  addEventListener('pageshow', () => {
    leaving = false;
  });
  addEventListener('beforeunload', (event) => {
    if (!leaving && isTyped(form)) event.preventDefault();
  });
}

/** Whether the form holds anything that is not saved: typed now, or before the server showed it again. */
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
