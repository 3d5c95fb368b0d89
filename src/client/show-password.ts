// Shows and hides a password. The button is hidden until this script runs.

for (const eye of document.querySelectorAll<HTMLButtonElement>('.eye')) {
  const input = eye.previousElementSibling;
  if (!(input instanceof HTMLInputElement)) continue;
  const show = (shown: boolean) => {
    input.type = shown ? 'text' : 'password';
    eye.title = eye.dataset[shown ? 'hide' : 'show'] ?? '';
    eye.ariaLabel = eye.title;
  };
  eye.hidden = false;
  eye.addEventListener('click', () => show(input.type === 'password'));
  // Browsers remember the content of a text field, and offer to save a password only when it comes
  // from a password field.
  input.form?.addEventListener('submit', () => show(false));
  addEventListener('pagehide', () => show(false));
}
