import { calendarPath } from '../../paths.ts';
import { formatDate } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import type { ReminderKind } from '../reminders/kinds.ts';

export interface EndsProps {
  readonly t: Texts;
  /** The last day of the key, if it is near. */
  readonly keyEnds: string | undefined;
  /** The last day of the documents, if it is near. */
  readonly documentEnds: string | undefined;
  /** There is no valid document, so nothing can be saved. */
  readonly noDocument: boolean;
}

/** What ends soon, and what has ended. */
export function Ends({ t, keyEnds, documentEnds, noDocument }: EndsProps) {
  return (
    <>
      {noDocument && (
        <Alert kind="warning" title={t.requisites.documentNone}>
          <p>{t.requisites.documentNoneHelp}</p>
        </Alert>
      )}
      <End t={t} kind="document" day={documentEnds} />
      <End t={t} kind="key" day={keyEnds} />
    </>
  );
}

function End({ t, kind, day }: { t: Texts; kind: ReminderKind; day: string | undefined }) {
  if (day === undefined) return null;
  const { title, help } = t.ends[kind];
  return (
    <Alert kind="info" icon="waiting" title={fill(title, { day: formatDate(day) })}>
      <p>
        {help} <a href={calendarPath(kind)}>{t.ends.calendar}</a>
      </p>
    </Alert>
  );
}
