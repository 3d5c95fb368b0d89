import { paths, receiptPath } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { PageHeading } from '../../ui/page-heading.tsx';
import { Pager } from '../../ui/pager.tsx';
import { Timeline } from '../../ui/timeline.tsx';
import type { Language } from '../../values/language.ts';
import type { HistoryEntry } from './store.ts';

export interface HistoryPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly entries: readonly HistoryEntry[];
  readonly older: string | undefined;
  readonly isFirst: boolean;
}

/** Shows changes and security events, newest first. */
export function HistoryPage({ t, language, entries, older, isFirst }: HistoryPageProps) {
  return (
    <>
      <PageHeading title={t.history.title} lead={t.history.lead} />
      {entries.length === 0 ? (
        <p>{t.history.empty}</p>
      ) : (
        <Timeline
          entries={entries.map((entry) => ({
            id: entry.id,
            time: formatMoment(language, entry.at),
            dateTime: entry.at.toISOString(),
            ...(entry.kind === 'change' ? changeLines(t, entry) : eventLines(t, entry)),
          }))}
        />
      )}
      <Pager
        label={t.history.title}
        newer={isFirst ? undefined : { href: paths.history, label: t.history.newest }}
        older={
          older === undefined
            ? undefined
            : { href: `${paths.history}?before=${older}`, label: t.history.older }
        }
      />
    </>
  );
}

function changeLines(t: Texts, entry: Extract<HistoryEntry, { kind: 'change' }>) {
  const names = entry.entries.map(({ field }) => t.requisites[field]).join(', ');
  return {
    title: entry.madeBy === 'holder' ? t.history.changed : t.history.changedAtBranch,
    children: (
      <p>
        {names}
        {entry.madeBy === 'holder' && (
          <>
            <br />
            <a href={receiptPath(entry.number)}>{fill(t.history.receipt, { number: entry.number })}</a>
          </>
        )}
      </p>
    ),
  };
}

function eventLines(t: Texts, entry: Extract<HistoryEntry, { kind: 'event' }>) {
  const names: Readonly<Record<string, string | undefined>> = t.events;
  const lines = [
    ...(entry.device === null ? [] : [fill(t.history.device, { device: entry.device })]),
    ...(entry.reason === null ? [] : [fill(t.history.reason, { reason: entry.reason })]),
  ];
  return {
    title: names[entry.event] ?? entry.event,
    children: lines.map((line) => <p key={line}>{line}</p>),
  };
}
