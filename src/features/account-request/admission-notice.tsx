import { accountRequestPaths, paths } from '../../paths.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button } from '../../ui/buttons.tsx';
import type { Channel } from '../notices/channel.ts';
import type { AccountRequestKind } from './account-request.ts';

/** What the pages before the right code have in common. */
export interface AccountRequestPageProps {
  readonly t: Texts;
  readonly kind: AccountRequestKind;
  readonly csrf: string;
  /**
   * Set while codes are being guessed and asking for one costs work: the least number of minutes
   * that this will last.
   */
  readonly stoppedMinutes: string | undefined;
  /** Set when this network has asked too often: the number of minutes to wait. */
  readonly limitedMinutes?: string | undefined;
  /** Channels whose gateway is down now. The same for every visitor. */
  readonly down: readonly Channel[];
}

/** The texts of each kind. Both kinds have the same keys. */
export function wordsOf(t: Texts, kind: AccountRequestKind) {
  return kind === 'register' ? t.registration : t.recovery;
}

/** "Step 1 of 3": what was entered, the code, the password. */
export function stepOf(t: Texts, step: 1 | 2 | 3): string {
  return fill(t.accountRequest.step, { step, steps: 3 });
}

/**
 * Marks the page for `client/work.ts`, which does the work while codes cost it. The visitor has
 * nothing to see, read or solve.
 */
export function Work({ t, kind, stoppedMinutes, limitedMinutes }: AccountRequestPageProps) {
  if (stoppedMinutes === undefined && limitedMinutes === undefined) return null;
  return (
    <div
      id="work"
      hidden
      data-path={accountRequestPaths(kind).work}
      data-running={t.work.running}
      data-done={t.work.done}
      data-cancelled={t.work.cancelled}
      data-failed={t.work.failed}
    >
      <p id="work-status" role="status" aria-live="polite">
        {t.work.before}
      </p>
      <Button type="button" kind="secondary" id="work-cancel">
        {t.work.cancel}
      </Button>
    </div>
  );
}

/** Explains why a code costs work or does not come now. */
export function AdmissionNotice({ t, stoppedMinutes, limitedMinutes, down }: AccountRequestPageProps) {
  const minutes = stoppedMinutes ?? limitedMinutes;
  return (
    <>
      {minutes !== undefined && (
        <Alert
          kind="warning"
          title={
            stoppedMinutes === undefined
              ? fill(t.accountRequest.limited, { minutes })
              : t.accountRequest.stopped
          }
          announced
        >
          {stoppedMinutes !== undefined && <p>{t.accountRequest.stoppedWhy}</p>}
          <p id="without-work">{fill(t.work.without, { minutes })}</p>
          <p>
            <a href={paths.signInByEds}>{t.eds.way}</a>
          </p>
        </Alert>
      )}
      {down.map((channel) => (
        <Alert
          key={channel}
          kind="warning"
          title={channel === 'mobile' ? t.accountRequest.mobileDown : t.accountRequest.emailDown}
        >
          <p>{t.accountRequest.downHelp}</p>
        </Alert>
      ))}
    </>
  );
}
