import type { Texts } from '../texts/kk.ts';
import { fill } from '../texts/texts.ts';

/**
 * Why a second step was not accepted, in words.
 * @param minutes how long to wait, for `stepLimited`
 */
export function stepReasonText(
  t: Texts,
  reason: keyof Texts['reasons'] | 'stepLimited' | 'stepBusy',
  minutes: string | undefined,
): string {
  if (reason === 'stepLimited') return fill(t.step.limited, { minutes: minutes ?? '1' });
  return reason === 'stepBusy' ? t.signIn.busy : t.reasons[reason];
}
