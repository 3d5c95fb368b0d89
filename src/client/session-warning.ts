// Warns before the session ends, prolongs it when the person says so, and leaves when it is over: after what was typed is kept.
// By the wall clock, so that a laptop that slept knows. Other tabs and requests of this page prolong the session too: so the
// server is asked before anything is said, and once more before the page is left.

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
  const { secondsLeft, warnSeconds, endHref, csrf, endsIn, failed } = dialog.dataset;
  const text = dialog.querySelector('p');
  // Tabs share one session: what prolongs it in one is known in all.
  const tabs = new BroadcastChannel('session');
  let end = 0;
  /** The end that the server has confirmed, or was asked about in vain. */
  let confirmed: number | undefined;
  let mayAsk = Date.now() + pause;
  let unreachable = false;
  let leaving = false;
  prolong(Number(secondsLeft));

  tabs.addEventListener('message', (event: MessageEvent<number>) => {
    end = Math.max(end, event.data);
    check();
  });
  dialog.querySelector('button')?.addEventListener('click', extend);
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    extend();
  });
  document.addEventListener('visibilitychange', () => {
    // Another tab may have signed out.
    if (document.visibilityState === 'visible' && Date.now() >= mayAsk) void ask();
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
    if ((left <= 0 || confirmed !== end) && Date.now() >= mayAsk) void ask();
    if (confirmed !== end) return;
    if (!dialog.open) dialog.showModal();
    say(
      unreachable
        ? (failed ?? '')
        : (endsIn ?? '').replace('{n}', String(Math.max(1, Math.ceil(left / 60_000)))),
    );
  }

  /** Only what is new, since a screen reader reads every change. */
  function say(words: string): void {
    if (text && text.textContent !== words) text.textContent = words;
  }

  /** @throws TypeError without a connection, Error when the server cannot answer now */
  async function post(path: string): Promise<Response> {
    mayAsk = Number.POSITIVE_INFINITY;
    try {
      const answer = await fetch(path, {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams({ csrf: csrf ?? '' }),
      });
      if (answer.status >= 500 || answer.status === 429) throw new Error('the server cannot answer now');
      unreachable = false;
      return answer;
    } catch (error) {
      unreachable = true;
      throw error;
    } finally {
      mayAsk = Date.now() + pause;
    }
  }

  /** Asks how much is left, without prolonging it. */
  async function ask(): Promise<void> {
    try {
      const answer = await post('/session/left');
      const { secondsLeft } = answer.ok ? ((await answer.json()) as Left) : { secondsLeft: 0 };
      if (secondsLeft <= 0) return await leave();
      prolong(secondsLeft);
    } catch {
      // What the page knows itself has to do.
    }
    confirmed = end;
    check();
  }

  async function extend(): Promise<void> {
    try {
      const answer = await post('/session/extend');
      if (answer.redirected || !answer.ok) return await leave();
      prolong(((await answer.json()) as Left).secondsLeft);
      confirmed = undefined;
    } catch {
      confirmed = end;
    }
    check();
  }

  /** Goes to sign-in, after what was typed is kept; stays where that cannot be done now. */
  async function leave(): Promise<void> {
    if (leaving) return;
    leaving = true;
    const over: SessionOver = {};
    document.dispatchEvent(new CustomEvent('session-over', { detail: over }));
    try {
      location.replace((await over.kept) ?? endHref ?? '/');
    } catch {
      leaving = false;
      unreachable = true;
      end = Math.min(end, Date.now());
      confirmed = end;
      check();
    }
  }
}
