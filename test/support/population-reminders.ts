import { bytes, type PeopleTable, uuid } from './population-values.ts';

const dayMs = 86_400_000;

/** A date so many days from today. */
const dateIn = (days: number) => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);

/**
 * What ends: everybody's document long after today, as the fund has it, and a key within a year.
 * Nothing is due yet.
 */
export function ofReminders(people: number): readonly PeopleTable[] {
  return [
    {
      table: 'cabinet.reminder',
      columns: 'holder_id, kind, ends_on, next_on',
      share: 2,
      row: (n) => {
        if (n < people) return [uuid('holder', n), 'document', '2049-09-05', '2049-07-07'];
        const days = 32 + (n % 330);
        return [uuid('holder', n - people), 'key', dateIn(days), dateIn(days - 30)];
      },
    },
    {
      table: 'cabinet.contact_state',
      columns: 'holder_id, channel, value_hash, proved_at, marked_at, reason',
      share: 0.6,
      // Of former values, which say nothing of what is on file.
      row: (n) => {
        const isMarked = n % 50 === 0;
        return [
          uuid('holder', n),
          n % 2 === 0 ? 'mobile' : 'email',
          bytes(n, 32),
          isMarked ? null : '2026-01-01',
          isMarked ? '2026-01-01' : null,
          isMarked ? 'undelivered' : null,
        ];
      },
    },
    {
      table: 'cabinet.reminder_off',
      columns: 'holder_id, kind',
      share: 0.02,
      // People who are not visited.
      row: (n) => [uuid('absent', n), 'key'],
    },
  ];
}
