import { hourOf } from '../../values/time-zone.ts';
import type { ReminderSettings } from './settings.ts';

/**
 * Whether a moment is within the hours in which people may be reminded.
 * @param now Unix time, milliseconds
 */
export function mayRemind({ hours: [from, until] }: ReminderSettings, now: number): boolean {
  const hour = hourOf(new Date(now));
  return hour >= from && hour < until;
}
