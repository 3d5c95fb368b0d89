// Warns before the session ends, and prolongs it when the person says so. By the wall clock, so that a laptop that slept knows.

interface Extended {
  /** Until the session ends, seconds. */
  secondsLeft: number;
}

const dialog = document.querySelector<HTMLDialogElement>('#session-warning');
if (dialog) watch(dialog);

function watch(dialog: HTMLDialogElement): void {
  const { secondsLeft, warnSeconds, endHref, csrf, endsIn, failed } = dialog.dataset;
  const text = dialog.querySelector('p');
  // Tabs share one session: what prolongs it in one is known in all.
  const tabs = new BroadcastChannel('session');
  let end = 0;
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
  document.addEventListener('visibilitychange', check);
  setInterval(check, 1000);
  check();

  function prolong(seconds: number): void {
    end = Date.now() + seconds * 1000;
    tabs.postMessage(end);
  }

  function check(): void {
    const left = end - Date.now();
    if (left <= 0) leave();
    else if (left > Number(warnSeconds) * 1000) dialog.close();
    else {
      if (!dialog.open) dialog.showModal();
      say((endsIn ?? '').replace('{n}', String(Math.ceil(left / 60_000))));
    }
  }

  /** Only what is new, since a screen reader reads every change. */
  function say(words: string): void {
    if (text && text.textContent !== words) text.textContent = words;
  }

  async function extend(): Promise<void> {
    try {
      const answer = await fetch('/session/extend', {
        method: 'POST',
        headers: { accept: 'application/json' },
        body: new URLSearchParams({ csrf: csrf ?? '' }),
      });
      if (answer.redirected || (answer.status >= 400 && answer.status < 500)) return leave();
      prolong(((await answer.json()) as Extended).secondsLeft);
      check();
    } catch {
      say(failed ?? '');
    }
  }

  function leave(): void {
    document.dispatchEvent(new Event('session-over'));
    location.replace(endHref ?? '/');
  }
}
