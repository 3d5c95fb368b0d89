import type { Language } from '../values/language.ts';
import { timeZone } from '../values/time-zone.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  const known = formats.get(key);
  if (known) return known;
  const locale = language === 'en' ? 'en-GB' : language;
  const made = new Intl.DateTimeFormat(locale, { ...options, timeZone });
  formats.set(key, made);
  return made;
}

/** A moment in Astana's time, e.g. `23 ноября 2026 г. в 05:31`. */
export function formatMoment(language: Language, moment: Date): string {
  return format(language, { dateStyle: 'long', timeStyle: 'short' }).format(moment);
}

/** A day in Astana's time, e.g. `23 ноября 2026 г.` */
export function formatDay(language: Language, moment: Date): string {
  return format(language, { dateStyle: 'long' }).format(moment);
}

/** Hours and minutes in Astana's time, e.g. `05:31`. */
export function formatTime(language: Language, moment: Date): string {
  return format(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(moment);
}

/** A calendar date `2029-09-05` in the form that documents use: `05.09.2029`. */
export function formatDate(date: string): string {
  const [year, month, day] = date.split('-');
  return `${day}.${month}.${year}`;
}

/** True when both moments are on the same day in Astana. */
export function isSameDay(one: Date, other: Date): boolean {
  const day = (moment: Date) => format('en', { dateStyle: 'short' }).format(moment);
  return day(one) === day(other);
}

/** A past moment as people say it: the time if it was today, otherwise also the day. */
export function formatSince(language: Language, moment: Date, now: Date = new Date()): string {
  return isSameDay(moment, now) ? formatTime(language, moment) : formatMoment(language, moment);
}
