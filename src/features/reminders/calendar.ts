/** An entry for the calendar of a phone or computer. */
export interface CalendarEntry {
  /** The same entry again has the same name, so that it is replaced and not doubled. */
  readonly name: string;
  /** The day, `2029-09-05`. */
  readonly day: string;
  readonly title: string;
  readonly text: string;
  /** When it was written. */
  readonly now: Date;
}

/** RFC 5545 counts bytes, so that no line breaks within a letter of two. */
const longestLine = 75;

/**
 * An entry of a whole day as an iCalendar file (RFC 5545), which rings a week before at nine in the
 * morning.
 */
export function calendarFile({ name, day, title, text, now }: CalendarEntry): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//UAPF//Personal Cabinet//EN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${name}`,
    `DTSTAMP:${now.toISOString().replace(/[-:]|\.\d+/g, '')}`,
    `DTSTART;VALUE=DATE:${day.replaceAll('-', '')}`,
    `SUMMARY:${escaped(title)}`,
    `DESCRIPTION:${escaped(text)}`,
    'TRANSP:TRANSPARENT',
    'BEGIN:VALARM',
    'ACTION:DISPLAY',
    `DESCRIPTION:${escaped(title)}`,
    // Counted from the midnight with which the day begins.
    'TRIGGER:-P6DT15H',
    'END:VALARM',
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');
}

/** Long lines go on in the next one, which begins with a space. */
function folded(line: string): string {
  let out = '';
  let bytes = 0;
  for (const letter of line) {
    const more = Buffer.byteLength(letter);
    if (bytes + more > longestLine) {
      out += '\r\n ';
      bytes = 1;
    }
    out += letter;
    bytes += more;
  }
  return out;
}
