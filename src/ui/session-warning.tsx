export interface SessionWarningProps {
  /** Until the session ends, seconds, at the moment the page was made. */
  secondsLeft: number;
  /** How long before the end the warning opens, seconds. */
  warnSeconds: number;
  /** Where the page goes when the session has ended. */
  endHref: string;
  csrf: string;
  words: SessionWarningWords;
}

export interface SessionWarningWords {
  /**
   * With `{time}` already filled in: "Your session ends at 14:32". Shown without JavaScript too.
   */
  endsAt: string;
  /** "Your session will end in {n} min"; the script fills in `{n}`. */
  endsIn: string;
  /** "Stay signed in". */
  extend: string;
  /** Said when the server could not be reached. */
  failed: string;
}

/**
 * The dialog that `client/session-warning.ts` opens. Without JavaScript it stays closed and the
 * header tells the time.
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
