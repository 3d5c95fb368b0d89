import type { Texts } from '../texts/kk.ts';
import { fill } from '../texts/texts.ts';

/**
 * Why a second step was not accepted, in words.
 * @param minutes how long to wait, for `stepLimited`
 */
export function stepReasonText(
  t: Texts,
  reason: keyof Texts['reasons'] | 'stepLimited',
  minutes: string | undefined,
): string {
  return reason === 'stepLimited' ? fill(t.step.limited, { minutes: minutes ?? '1' }) : t.reasons[reason];
}
