export interface SessionWarningProps {
  /** Seconds until the session ends, when the page was made. */
  secondsLeft: number;
  /** Seconds before the end at which the warning opens. */
  warnSeconds: number;
  /** The page to open when the session has ended. */
  endHref: string;
  csrf: string;
  words: SessionWarningWords;
}

export interface SessionWarningWords {
  /**
   * With `{time}` already filled in: "Your session ends at 14:32". Also shown without JavaScript.
   */
  endsAt: string;
  /** "Your session will end in {n} min". The script fills in `{n}`. */
  endsIn: string;
  /** "Stay signed in". */
  extend: string;
  /** Shown when the server could not be reached. */
  failed: string;
}

/**
 * The dialog that `client/session-warning.ts` opens. Without JavaScript it stays closed, and the
 * header shows the time.
 */
export function SessionWarning({ secondsLeft, warnSeconds, endHref, csrf, words }: SessionWarningProps) {
  return (
    <dialog
      id="session-warning"
      class="dialog"
      aria-labelledby="session-warning-text"
      data-seconds-left={secondsLeft}
      data-warn-seconds={warnSeconds}
      data-end-href={endHref}
      data-csrf={csrf}
      data-ends-in={words.endsIn}
      data-failed={words.failed}
    >
      <p id="session-warning-text" role="alert" />
      <button type="button" class="ds-button">
        {words.extend}
      </button>
    </dialog>
  );
}
