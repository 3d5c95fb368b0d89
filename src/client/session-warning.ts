// Warns before the session ends, prolongs it on request, and leaves when it is over, after keeping
// what was typed. It uses the wall clock, which is right after a laptop was asleep. Other tabs and
// requests of this page prolong the session too, so the server is asked before the warning and
// again before the page is left.

interface Left {
  /** Seconds until the session ends. 0 when it is over. */
  secondsLeft: number;
}

/**
 * The detail of `session-over`. A listener that keeps something stores a promise here, which gives
 * the page to go to.
 */
export interface SessionOver {
  kept?: Promise<string | undefined>;
}

/** Milliseconds between two requests to the server. */
const pause = 5_000;

const dialog = document.querySelector<HTMLDialogElement>('#session-warning');
if (dialog) watch(dialog);

function watch(dialog: HTMLDialogElement): void {
  const { secondsLeft, warnSeconds, endHref, csrf } = dialog.dataset;
  const text = dialog.querySelector('p');
  // All tabs share one session. A tab that prolongs it tells the others.
  const tabs = new BroadcastChannel('session');
  let end = 0;
  /** The end that the server has confirmed, or for which a request to the server failed. */
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
    // Only changed when it differs, because a screen reader reads every change.
    if (text && text.textContent !== words) text.textContent = words;
  }

  /** Asks for the remaining time, or prolongs it. */
  async function renew(path: '/session/left' | '/session/extend'): Promise<void> {
    try {
      const seconds = await server.secondsLeft(path);
      if (seconds <= 0) return await leave();
      prolong(seconds);
      confirmed = path === '/session/left' ? end : undefined;
    } catch {
      // Without an answer, the page relies on its own clock.
      confirmed = end;
    }
    check();
  }

  /** Goes to the sign-in page after what was typed is kept. Stays when it cannot be kept now. */
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

/** The text of the dialog: the number of minutes left, or that the server does not answer. */
function wordsOf(
  { dataset: { failed = '', endsIn = '' } }: HTMLElement,
  left: number,
  unreachable: boolean,
): string {
  return unreachable ? failed : endsIn.replace('{n}', String(Math.max(1, Math.ceil(left / 60_000))));
}

/**
 * Lets listeners keep what was typed, and leaves the page. @throws the error that prevented keeping
 * it
 */
async function goToSignIn(endHref: string | undefined): Promise<void> {
  const over: SessionOver = {};
  document.dispatchEvent(new CustomEvent('session-over', { detail: over }));
  location.replace((await over.kept) ?? endHref ?? '/');
}

/** Sends requests to the server, one at a time and only every few seconds. */
function createServer(csrf: string | undefined) {
  let askAgainAt = Date.now() + pause;
  const server = {
    /** The last question got no answer. */
    unreachable: false,
    mayAsk: () => Date.now() >= askAgainAt,
    /**
     * The remaining time in seconds according to the server. 0 when the session is over.
     * `/session/extend` prolongs it.
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
