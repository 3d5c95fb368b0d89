import { paths, receiptPath, withQuery } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { PageHeading } from '../../ui/page-heading.tsx';
import { Pager } from '../../ui/pager.tsx';
import { Timeline } from '../../ui/timeline.tsx';
import { wayName } from '../../ui/way-name.ts';
import type { Language } from '../../values/language.ts';
import { maskContact } from '../contact-change/contact.ts';
import { channelOf, type FieldName, showValue } from '../requisites/fields/fields.ts';
import { networkName } from '../sign-in/session-names.ts';
import { type HistoryEntry, type HistoryPart, historyParts } from './store.ts';

export interface HistoryPageProps {
  readonly t: Texts;
  readonly language: Language;
  readonly entries: readonly HistoryEntry[];
  readonly older: string | undefined;
  readonly isFirst: boolean;
  readonly only: HistoryPart | undefined;
}

/** Events that their owner must not overlook. */
const warnings: readonly string[] = ['sign-in-failed', 'frozen', 'locked'];

/** Shows changes and security events, newest first. */
export function HistoryPage({ t, language, entries, older, isFirst, only }: HistoryPageProps) {
  return (
    <>
      <PageHeading title={t.history.title} lead={t.history.lead} />
      <Filter t={t} only={only} />
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
        newer={isFirst ? undefined : { href: withQuery(paths.history, { only }), label: t.history.newest }}
        older={
          older === undefined
            ? undefined
            : { href: withQuery(paths.history, { only, before: older }), label: t.history.older }
        }
      />
      <p>
        <a href={paths.check}>{t.check.title}</a>
      </p>
    </>
  );
}

/** Links that show everything, or one of the two parts. */
function Filter({ t, only }: Pick<HistoryPageProps, 't' | 'only'>) {
  return (
    <nav class="filter" aria-label={t.history.show}>
      {([undefined, ...historyParts] as const).map((part) => (
        <a
          key={part ?? 'all'}
          href={withQuery(paths.history, { only: part })}
          aria-current={part === only ? 'true' : undefined}
        >
          {t.history.parts[part ?? 'all']}
        </a>
      ))}
    </nav>
  );
}

function changeLines(t: Texts, entry: Extract<HistoryEntry, { kind: 'change' }>) {
  return {
    title: changeTitle(t, entry),
    mark: 'change' as const,
    children: (
      <>
        {entry.entries.map((one) => (
          <p key={one.field} class="from-to">
            <span class="empty">{t.requisites[one.field]}:</span> {shown(t, one.field, one.old)}{' '}
            <span aria-hidden="true">→</span> <b>{shown(t, one.field, one.new)}</b>
          </p>
        ))}
        {entry.madeBy === 'holder' && (
          <p>
            <a href={receiptPath(entry.number)}>{fill(t.history.receipt, { number: entry.number })}</a>
          </p>
        )}
      </>
    ),
  };
}

function changeTitle(t: Texts, { madeBy, restored }: Extract<HistoryEntry, { kind: 'change' }>): string {
  if (restored) return t.history.restored;
  return madeBy === 'holder' ? t.history.changed : t.history.changedAtBranch;
}

/**
 * A value in its line. Mobile and e-mail are masked, as on the home; the receipt has them whole.
 */
function shown(t: Texts, field: FieldName, value: string | null): string {
  const channel = channelOf(field);
  if (value === null) return t.receipt.empty;
  return channel === undefined ? showValue(field, value) : maskContact({ channel, value });
}

function eventLines(t: Texts, entry: Extract<HistoryEntry, { kind: 'event' }>) {
  const names: Readonly<Record<string, string | undefined>> = t.events;
  const lines = [
    ...(entry.device === null ? [] : [fill(t.history.device, { device: entry.device })]),
    ...(entry.method === null ? [] : [fill(t.history.way, { way: wayName(t, entry.method) })]),
    ...(entry.network === null ? [] : [fill(t.history.network, { network: networkName(entry.network) })]),
    ...(entry.reason === null ? [] : [fill(t.history.reason, { reason: entry.reason })]),
  ];
  return {
    title: names[entry.event] ?? entry.event,
    mark: warnings.includes(entry.event) ? ('warning' as const) : undefined,
    children: lines.map((line) => <p key={line}>{line}</p>),
  };
}
