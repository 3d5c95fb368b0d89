import { formatMoment, formatTime, isSameDay } from '../../texts/dates.ts';
import { fill } from '../../texts/texts.ts';
import type { MaintenanceState } from '../maintenance.ts';
import type { RequestContext } from './request-context.ts';

/**
 * The strip below the header of every page: announced or current maintenance, and a note that this
 * is a demonstration.
 */
export function Banner({
  context: { language, texts: t },
  maintenance,
  demo,
}: {
  context: Pick<RequestContext, 'language' | 'texts'>;
  maintenance: MaintenanceState;
  demo: boolean;
}) {
  return (
    <>
      {maintenance.kind !== 'none' && <Maintenance state={maintenance} language={language} t={t} />}
      {demo && <p>{t.layout.demo}</p>}
    </>
  );
}

function Maintenance({
  state,
  language,
  t,
}: {
  state: Exclude<MaintenanceState, { kind: 'none' }>;
  language: RequestContext['language'];
  t: RequestContext['texts'];
}) {
  const { from, until, messages } = state.window;
  const open = state.kind === 'open';
  const end = isSameDay(from, until) && !open ? formatTime(language, until) : formatMoment(language, until);
  return (
    <p>
      <b>
        {open
          ? `${t.outages.open} ${fill(t.outages.until, { until: end })}`
          : fill(t.outages.planned, { from: formatMoment(language, from), until: end })}
      </b>{' '}
      {messages[language] ?? (open ? t.outages.openMeaning : t.outages.plannedMeaning)}
    </p>
  );
}
