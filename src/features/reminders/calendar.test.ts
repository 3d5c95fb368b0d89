import { describe, expect, test } from 'vitest';
import { calendarFile } from './calendar.ts';

const entry = { name: 'key-2028-02-29@example.kz', title: 'Кілт', text: 'Жаңартыңыз', now: new Date(0) };
const linesOf = (file: string) => file.replaceAll('\r\n ', '').split('\r\n');

describe('an entry for a calendar', () => {
  test('is a whole day, also a leap day, and rings a week before at nine', () => {
    const lines = linesOf(calendarFile({ ...entry, day: '2028-02-29' }));
    expect(lines).toContain('DTSTART;VALUE=DATE:20280229');
    expect(lines).toContain('DTSTAMP:19700101T000000Z');
    expect(lines).toContain('UID:key-2028-02-29@example.kz');
    // Seven days of 24 hours before midnight would be midnight; nine hours later is this.
    expect(lines).toContain('TRIGGER:-P6DT15H');
    expect(lines.at(-1)).toBe('');
  });

  test('escapes what has a meaning, and folds long lines by bytes without breaking a letter', () => {
    const text = `a,b;c\\d\n${'қ'.repeat(90)}`;
    const file = calendarFile({ ...entry, day: '2027-01-12', text });
    for (const line of file.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(linesOf(file)).toContain(`DESCRIPTION:a\\,b\\;c\\\\d\\n${'қ'.repeat(90)}`);
    expect(file).not.toContain('\ufffd');
  });
});
