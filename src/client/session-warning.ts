// Warns before the session ends, prolongs it when the person says so, and leaves when it is over:
// after what was typed is kept. By the wall clock, so that a laptop that slept knows. Other tabs
// and requests of this page prolong the session too: so the server is asked before anything is
// said, and once more before the page is left.

interface Left {
  /** Until the session ends, seconds; 0 when it is over. */
  secondsLeft: number;
}

/** What `session-over` carries: whoever keeps something puts its promise of where to go there. */
export interface SessionOver {
  kept?: Promise<string | undefined>;
}

/** Milliseconds between two questions to the server. */
const pause = 5_000;

const dialog = document.querySelector<HTMLDialogElement>('#session-warning');
if (dialog) watch(dialog);

function watch(dialog: HTMLDialogElement): void {
  const { secondsLeft, warnSeconds, endHref, csrf } = dialog.dataset;
  const text = dialog.querySelector('p');
  // Tabs share one session: what prolongs it in one is known in all.
  const tabs = new BroadcastChannel('session');
  let end = 0;
  /** The end that the server has confirmed, or was asked about in vain. */
  let confirmed: number | undefined;
  let leaving = false;
  const server = createServer(csrf);
  prolong(Number(secondsLeft));

  tabs.addEventListener('message', (event: MessageEvent<number>) => {
    end = Math.max(end, event.data);
    check();
  });
  dialog.querySelector('button')?.addEventListener('click', () => renew('/session/extend'));
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    void renew('/session/extend');
  });
  document.addEventListener('visibilitychange', () => {
    // Another tab may have signed out.
    if (document.visibilityState === 'visible' && server.mayAsk()) void renew('/session/left');
    check();
  });
  setInterval(check, 1000);
  check();

  function prolong(seconds: number): void {
    end = Date.now() + seconds * 1000;
    tabs.postMessage(end);
  }

  function check(): void {
    const left = end - Date.now();
    if (left > Number(warnSeconds) * 1000) {
      dialog.close();
      return;
    }
    if ((left <= 0 || confirmed !== end) && server.mayAsk()) void renew('/session/left');
    if (confirmed !== end) return;
    if (!dialog.open) dialog.showModal();
    const words = wordsOf(dialog, left, server.unreachable);
    // Only what is new, since a screen reader reads every change.
    if (text && text.textContent !== words) text.textContent = words;
  }

  /** Asks how much is left, or prolongs it. */
  async function renew(path: '/session/left' | '/session/extend'): Promise<void> {
    try {
      const seconds = await server.secondsLeft(path);
      if (seconds <= 0) return await leave();
      prolong(seconds);
      confirmed = path === '/session/left' ? end : undefined;
    } catch {
      // What the page knows itself has to do.
      confirmed = end;
    }
    check();
  }

  /** Goes to sign-in, after what was typed is kept; stays where that cannot be done now. */
  async function leave(): Promise<void> {
    if (leaving) return;
    leaving = true;
    try {
      await goToSignIn(endHref);
    } catch {
      leaving = false;
      server.unreachable = true;
      end = Math.min(end, Date.now());
      confirmed = end;
      check();
    }
  }
}

/** What the dialog says: how many minutes are left, or that the server gives no answer. */
function wordsOf(
  { dataset: { failed = '', endsIn = '' } }: HTMLElement,
  left: number,
  unreachable: boolean,
): string {
  return unreachable ? failed : endsIn.replace('{n}', String(Math.max(1, Math.ceil(left / 60_000))));
}

/**
 * Lets whoever keeps something keep it, and leaves the page. @throws what kept it from being kept
 */
async function goToSignIn(endHref: string | undefined): Promise<void> {
  const over: SessionOver = {};
  document.dispatchEvent(new CustomEvent('session-over', { detail: over }));
  location.replace((await over.kept) ?? endHref ?? '/');
}

/** Puts questions to the server, one at a time and no more often than every few seconds. */
function createServer(csrf: string | undefined) {
  let askAgainAt = Date.now() + pause;
  const server = {
    /** The last question got no answer. */
    unreachable: false,
    mayAsk: () => Date.now() >= askAgainAt,
    /**
     * What the server says is left, in seconds; 0 when the session is over. `/session/extend`
     * prolongs it.
     * @throws TypeError without a connection, Error when the server cannot answer now
     */
    async secondsLeft(path: string): Promise<number> {
      askAgainAt = Number.POSITIVE_INFINITY;
      try {
        const answer = await fetch(path, {
          method: 'POST',
          headers: { accept: 'application/json' },
          body: new URLSearchParams({ csrf: csrf ?? '' }),
        });
        if (answer.status >= 500 || answer.status === 429) throw new Error('the server cannot answer now');
        server.unreachable = false;
        return answer.redirected || !answer.ok ? 0 : ((await answer.json()) as Left).secondsLeft;
      } catch (error) {
        server.unreachable = true;
        throw error;
      } finally {
        askAgainAt = Date.now() + pause;
      }
    },
  };
  return server;
}
