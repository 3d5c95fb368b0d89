import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ComponentChildren } from 'preact';
import { paths } from '../../paths.ts';
import { formatMoment } from '../../texts/dates.ts';
import { fill } from '../../texts/texts.ts';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { Form } from '../../ui/form.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import type { MaintenanceState } from '../maintenance.ts';
import type { Fields } from './forms.ts';

/** Why a request is not served now. */
export type Outage =
  | {
      readonly kind: 'maintenance';
      readonly window: Extract<MaintenanceState, { kind: 'open' }> | undefined;
      /** What was typed is kept as a draft. */
      readonly kept: boolean;
    }
  | { readonly kind: 'away' | 'busy' };

/** Answers a request that is not served now. */
export type SendOutage = (request: FastifyRequest, reply: FastifyReply, outage: Outage) => FastifyReply;

/**
 * Seconds until a page reloads itself. They are random, so that waiting browsers do not all return
 * at once.
 */
export function retrySoon(): number {
  return 5 + Math.floor(Math.random() * 11);
}

export interface OutagePage {
  readonly title: string;
  readonly status: 503;
  /** Seconds. */
  readonly retryAfter: number;
  /**
   * The page reloads itself after `retryAfter` seconds. A header does that, which works without a
   * script and before the whole page has arrived. The page has nothing to fill in, so nothing is
   * lost.
   */
  readonly asksAgain?: true;
  readonly body: ComponentChildren;
}

/**
 * The page of an outage. A form that may be sent again unchanged is in it, with everything typed.
 */
export function outagePage(request: FastifyRequest, outage: Outage): OutagePage {
  const { context, method } = request;
  const t = context.texts.outages;
  const { title } = t[outage.kind];
  const status = 503;
  if (outage.kind === 'maintenance') {
    const { window, kept } = outage;
    const until = window && fill(t.until, { until: formatMoment(context.language, window.window.until) });
    return {
      title,
      status,
      retryAfter: window?.secondsLeft ?? retrySoon(),
      body: (
        <>
          <PageHeading title={title} lead={until} />
          <p>{kept ? t.maintenance.kept : t.maintenance.notDone}</p>
          <ButtonRow>
            <ButtonLink href={context.session ? paths.services : paths.start} kind="primary">
              {t.toCabinet}
            </ButtonLink>
          </ButtonRow>
        </>
      ),
    };
  }
  const { text } = t[outage.kind];
  const retryAfter = retrySoon();
  if (method === 'GET' || method === 'HEAD') {
    return {
      title,
      status,
      retryAfter,
      asksAgain: true,
      body: <PageHeading title={title} lead={`${text} ${t.byItself}`} />,
    };
  }
  const typed = typedAgain(request);
  return {
    title,
    status,
    retryAfter,
    body: (
      <>
        <PageHeading title={title} lead={text} />
        <p>{typed ? t.typed : t.lost}</p>
        {typed && (
          <Form
            action={request.routeOptions.url ?? paths.start}
            csrf={context.csrf()}
            id="again"
            hidden={typed}
          >
            <ButtonRow>
              <Button>{t.sendAgain}</Button>
            </ButtonRow>
          </Form>
        )}
      </>
    ),
  };
}

/** The fields of a form that may be sent again; never a password or a code. */
function typedAgain(request: FastifyRequest): Fields | undefined {
  const { repeatable } = request.routeOptions.config;
  const body = request.body as Record<string, unknown> | null | undefined;
  if (!repeatable || !body) return undefined;
  const kept = repeatable.flatMap((name) => {
    const value = body[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(kept);
}
