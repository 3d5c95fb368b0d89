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

/** A code that may be typed, as far as words and keyboard depend on it. */
type TypedCode = 'authenticator' | 'backup-code' | 'sms';

/**
 * What the field for a code says and looks like. Backup codes are longer and have letters.
 * @param steps what may be asked for; whatever is no code is passed over
 */
export function codeField(
  t: Texts,
  steps: readonly (TypedCode | 'passkey' | 'phone' | 'password' | 'eds')[],
): {
  readonly description: string | undefined;
  readonly inputmode: 'text' | 'numeric';
  readonly width: 'full' | 'code';
} {
  if (!steps.includes('backup-code')) return { description: undefined, inputmode: 'numeric', width: 'code' };
  const hasOther = steps.includes('authenticator') || steps.includes('sms');
  return { description: hasOther ? t.step.backupHint : t.step.backupOnly, inputmode: 'text', width: 'full' };
}
