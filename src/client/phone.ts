// Follows a sign-in with the phone: replaces the QR code before it is out of date, counts the time
// that is left, and opens the page again once the phone has done something.

interface State {
  readonly state: string;
  /** Seconds until it is over. */
  readonly left: number;
  /** What a phone did that was not accepted. */
  readonly trouble: string;
  /** The code that is shown now, unless the page has it. */
  readonly code?: { readonly turn: number; readonly path: string; readonly link: string };
}

/** Milliseconds between two questions: while the page is seen, and while it is not. */
const often = 2_000;
const seldom = 10_000;

const block = document.querySelector<HTMLElement>('#phone-attempt');
if (block) follow(block);

function follow(block: HTMLElement): void {
  let over = Date.now() + Number(block.dataset['left']) * 1_000;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  for (const one of block.querySelectorAll('.until-script')) one.remove();

  const ask = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    clearTimeout(timer);
    try {
      const now = await fetchState(block.dataset['turn']);
      const { state, trouble } = block.dataset;
      if (now.state !== state || now.trouble !== trouble || now.left <= 0) return leave(block);
      over = Date.now() + now.left * 1_000;
      if (now.code) replace(block, now.code);
    } catch {
      // Without a connection: the next question may arrive.
    } finally {
      asking = false;
    }
    timer = setTimeout(ask, document.hidden ? seldom : often);
  };

  setInterval(() => showLeft(block, Math.ceil((over - Date.now()) / 1_000)), 1_000);
  // The person comes back from the app.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void ask();
  });
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
  timer = setTimeout(ask, often);
}

async function fetchState(turn = ''): Promise<State> {
  const answer = await fetch(`/sign-in/phone/state?turn=${encodeURIComponent(turn)}`, {
    headers: { accept: 'application/json' },
  });
  if (!answer.ok) throw new Error('no state');
  return (await answer.json()) as State;
}

/** Shows the page as the server now writes it. */
function leave(block: HTMLElement): void {
  location.replace(block.dataset['page'] ?? '/');
}

function replace(block: HTMLElement, { turn, path, link }: NonNullable<State['code']>): void {
  block.dataset['turn'] = String(turn);
  for (const code of block.querySelectorAll('[data-qr]')) code.setAttribute('d', path);
  // The server makes this address, and only one that a browser opens as a page may stand here.
  if (/^https?:\/\//.test(link)) block.querySelector('[data-link]')?.setAttribute('href', link);
}

function showLeft(block: HTMLElement, seconds: number): void {
  const place = block.querySelector('[data-left-time]');
  const left = Math.max(0, seconds);
  if (place) place.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}
