import type { PhoneAttempt } from './attempt.ts';

/** What the browser that began is shown. `gone`: it has begun nothing, or has come in already. */
export type PhoneView = 'gone' | 'waiting' | 'scanned' | 'done' | 'refused' | 'expired';

/** What an attempt looks like to the browser that began it. It never says who signed. */
export function phoneView(attempt: PhoneAttempt | undefined): PhoneView {
  if (!attempt || attempt.state === 'entered') return 'gone';
  if (attempt.state === 'refused') return 'refused';
  if (attempt.isOver) return 'expired';
  return attempt.state === 'checking' ? 'scanned' : attempt.state;
}

/** Seconds until an attempt is over; 0 when it is. */
export function secondsLeft({ expiresAt, now }: Pick<PhoneAttempt, 'expiresAt' | 'now'>): number {
  return Math.max(0, Math.ceil((expiresAt.getTime() - now.getTime()) / 1000));
}
