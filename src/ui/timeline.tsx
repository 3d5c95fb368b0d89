import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

export interface TimelineEntry {
  /** Unique in the list. */
  id: string;
  /** The moment in the form that people read: "22.11.2026, 14:05". */
  time: string;
  /** The same moment for machines, ISO 8601. */
  dateTime: string;
  title: string;
  /** A change has a full sign, a warning one that nobody overlooks. Others have a dot. */
  mark?: 'change' | 'warning' | undefined;
  children?: ComponentChildren;
}

/** Events one below another, newest first. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <ol class="timeline">
      {entries.map((entry) => (
        <li key={entry.id} id={entry.id} data-mark={entry.mark}>
          {entry.mark && <Icon name={entry.mark === 'warning' ? 'warning' : 'check'} />}
          <time datetime={entry.dateTime}>{entry.time}</time>
          <h2>{entry.title}</h2>
          {entry.children}
        </li>
      ))}
    </ol>
  );
}
