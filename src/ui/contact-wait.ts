import { formatMoment } from '../texts/dates.ts';
import type { Texts } from '../texts/kk.ts';
import { fill } from '../texts/texts.ts';
import type { Language } from '../values/language.ts';

/**
 * What a change of mobile or e-mail by codes closes, and until when. Undefined for other changes.
 * @param channel the channel that changes, if one does
 * @param from when the change was made; now, before it is made
 * @param hours for which it closes the other contact
 */
export function contactWaitText(
  t: Texts,
  language: Language,
  channel: 'mobile' | 'email' | undefined,
  { from, hours }: { readonly from: Date; readonly hours: number },
): string | undefined {
  if (channel === undefined) return undefined;
  const until = formatMoment(language, new Date(from.getTime() + hours * 3_600_000));
  return fill(channel === 'mobile' ? t.confirm.waitAfterMobile : t.confirm.waitAfterEmail, { hours, until });
}
