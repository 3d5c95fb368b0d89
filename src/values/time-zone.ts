/**
 * Kazakhstan has had one time zone, UTC+5, since 1 March 2024. The named zone also covers earlier
 * times.
 */
export const timeZone = 'Asia/Almaty';

// The Swedish form of a date is that of ISO 8601.
const isoFormat = new Intl.DateTimeFormat('sv-SE', { timeZone });

const hourFormat = new Intl.DateTimeFormat('sv-SE', { timeZone, hour: '2-digit', hourCycle: 'h23' });

/** The hour in Astana, from 0 to 23. */
export function hourOf(moment: Date): number {
  return Number(hourFormat.format(moment));
}

/** A day in Astana as `2026-11-30`. */
export function isoDay(moment: Date): string {
  return isoFormat.format(moment);
}

/** The day after a day, both as `2026-11-30`. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 24 * 3_600_000).toISOString().slice(0, 10);
}

/** Whether a text is a day of the calendar such as `2026-11-30`. */
export function isIsoDay(text: string): boolean {
  const moment = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(moment) && new Date(moment).toISOString().slice(0, 10) === text;
}
