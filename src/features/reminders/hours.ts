import type { ReminderSettings } from './settings.ts';

const hourMs = 3_600_000;

/** Kazakhstan has had one time zone, UTC+5, since 1 March 2024. */
const offsetHours = 5;

/** Whether a moment is within the hours in which people may be reminded. @param now Unix time, milliseconds */
export function mayRemind({ hours: [from, until] }: ReminderSettings, now: number): boolean {
  const hour = new Date(now + offsetHours * hourMs).getUTCHours();
  return hour >= from && hour < until;
}
