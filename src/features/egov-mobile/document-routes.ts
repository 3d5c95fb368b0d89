import type { FastifyRequest } from 'fastify';
import { formatMoment, formatTime } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill, textsOf } from '../../texts/texts.ts';
import { isLanguage, type Language } from '../../values/language.ts';
import type { PhoneAttempt } from './attempt.ts';

// What the phone shows, in its own language.

/** The language of an app, by its `Accept-Language`. Undefined: an older app, which sends none. */
export function appLanguage({ headers }: Pick<FastifyRequest, 'headers'>): Language | undefined {
  for (const one of (headers['accept-language'] ?? '').toLowerCase().split(',')) {
    const name = one.trim().split(/[-;]/)[0];
    if (isLanguage(name)) return name;
    // What some systems call Kazakh.
    if (name === 'kz') return 'kk';
  }
  return undefined;
}

/** The languages of an answer: the app's, or both of the state where it named none. */
function spokenBy(language: Language | undefined): readonly Language[] {
  return language === undefined ? ['kk', 'ru'] : [language];
}

/** A text in the languages of an answer. */
export function sayIn(
  language: Language | undefined,
  text: (t: Texts, language: Language) => string,
): string {
  return spokenBy(language)
    .map((one) => text(textsOf(one), one))
    .join(' / ');
}

/**
 * The bytes to sign: first what a person reads on the phone, then the same for machines. Lines are
 * short, as a phone shows about 40 characters.
 */
export function signInDocument(
  attempt: Pick<PhoneAttempt, 'attemptId' | 'device' | 'network' | 'digits' | 'startedAt' | 'now'>,
  {
    site,
    nonce,
    language,
  }: { readonly site: string; readonly nonce: Buffer; readonly language: Language | undefined },
): Buffer {
  const { host } = new URL(site);
  const { device, network, digits, startedAt, now, attemptId } = attempt;
  const forPeople = spokenBy(language).map((one) => {
    const { document: t } = textsOf(one).phone;
    return [
      t.title,
      t.decline,
      fill(t.number, { number: digits }),
      fill(t.site, { site: host }),
      fill(t.device, { device }),
      fill(t.network, { network }),
      fill(t.opened, { time: formatTime(one, startedAt) }),
      fill(t.time, { time: formatMoment(one, now) }),
    ].join('\n');
  });
  const forMachines = [
    'purpose: sign-in',
    `site: ${site}`,
    `time: ${now.toISOString()}`,
    `attempt: ${attemptId.toString('hex')}`,
    `nonce: ${nonce.toString('base64url')}`,
  ].join('\n');
  return Buffer.from([...forPeople, forMachines].join('\n\n'));
}
