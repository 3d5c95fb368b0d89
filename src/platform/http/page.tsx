import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ComponentChildren } from 'preact';
import { formatTime } from '../../texts/dates.ts';
import { fill, textsOf } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { ErrorPage } from '../../ui/error-page.tsx';
import { Form } from '../../ui/form.tsx';
import { Layout } from '../../ui/layout.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { renderDocument } from '../../ui/render-document.ts';
import { isLanguage } from '../../values/language.ts';
import type { MaintenanceState } from '../maintenance.ts';
import type { Assets, ScriptName } from './assets.ts';
import { Banner } from './banner.tsx';
import { outagePage, type SendOutage } from './outage.tsx';
import type { SendOutdated } from './own-forms.ts';
import type { Problem } from './problem.ts';
import type { RequestContext } from './request-context.ts';
import { type SendWaiting, waitingPages } from './waiting-page.tsx';

/** A page as a module gives it. */
export interface Page {
  readonly title: string;
  readonly body: ComponentChildren;
  readonly status?: number;
  /** True when the page tells of errors in a form: the title says so first. */
  readonly hasErrors?: boolean;
  /** True when the page has a form whose typed values the language switch must keep. */
  readonly hasForm?: boolean;
  /** The page's own path where it may be answered under another one. */
  readonly path?: string;
  /** Names of browser scripts beyond those of every page. */
  readonly scripts?: readonly ScriptName[];
  readonly section?: 'services' | 'history' | 'security';
  /** True when the page stands before sign-in: it never says who is signed in. */
  readonly namesNobody?: boolean;
}

/** Sends pages; made once with the assets and whether this is a demonstration. */
export type SendPage = (request: FastifyRequest, reply: FastifyReply, page: Page) => FastifyReply;

/** What every page needs from around it. */
export interface Around {
  readonly assets: Assets;
  readonly demo: boolean;
  readonly maintenance: () => MaintenanceState;
}

/** Makes the function that puts a page into the layout and sends it. */
export function pageSender(around: Around): SendPage {
  const { assets } = around;
  const send: SendPage = (request, reply, page) => {
    const { context } = request;
    const { texts: t, language } = context;
    const session = page.namesNobody ? undefined : context.session;
    const status = page.status ?? 200;
    const scripts: ScriptName[] = [
      ...(page.hasForm ? ['submit-once' as const] : []),
      ...(page.scripts ?? []),
    ];
    // A page shown again by the language switch, or by another button of its form, stands under another address.
    const ownPath = page.path === request.routeOptions.url ? undefined : page.path;
    if (ownPath !== undefined) scripts.push('own-path');
    if (session) scripts.push('session-warning', 'restore');
    return reply
      .code(context.outdated && status === 200 ? 409 : status)
      .type('text/html; charset=utf-8')
      .send(
        renderDocument(
          <Layout
            language={language}
            title={page.title}
            errorTitlePrefix={page.hasErrors ? t.layout.errorTitle : undefined}
            words={layoutWords(context)}
            assets={assets.forPage(scripts)}
            csrf={context.csrf()}
            formId={page.hasForm ? 'page-form' : undefined}
            ownPath={ownPath}
            band={bandOf(around, context)}
            signedIn={session && signedIn(context, page.section, page.path ?? request.routeOptions.url)}
          >
            {context.outdated && (
              <Alert kind="warning" title={t.session.outdated} announced>
                <p>{t.session.outdatedHelp}</p>
              </Alert>
            )}
            {page.body}
          </Layout>,
        ),
      );
  };
  return send;
}

/** Sends the worded page of a problem. Works before anything is known of the visitor, too. */
export function problemSender(
  around: Around,
): (request: FastifyRequest, reply: FastifyReply, problem: Problem) => FastifyReply {
  return (request, reply, problem) => {
    // A request can fail before its context was read: a broken cookie.
    const context = (request.context as RequestContext | undefined) ?? nobodyWho(request);
    const t = context.texts.problems;
    const { title, text } = t[problem.statusCode];
    if (problem.retryAfter !== undefined) reply.header('retry-after', String(problem.retryAfter));
    const body = ErrorPage({
      title,
      text,
      reference: { label: t.reference, value: request.id, help: t.referenceHelp },
      actions: [{ href: '/', label: t.home }],
      children: problem.statusCode === 431 && (
        <Form id="clear-form" action="/cookies/clear" csrf={context.csrf()}>
          <ButtonRow>
            <Button>{t.clearCookies}</Button>
          </ButtonRow>
        </Form>
      ),
    });
    return sendBare(around, context, reply, { title, status: problem.statusCode, body });
  };
}

/** Makes the function that answers a form of this browser from before somebody signed in or out. */
export function outdatedSender(around: Around): SendOutdated {
  return (request, reply, outdated) => {
    const { context } = request;
    const { session: t } = context.texts;
    if (outdated.kind === 'earlier') {
      const body = ErrorPage({
        title: t.outdated,
        text: t.outdatedPage,
        actions: [{ href: outdated.page, label: t.openAgain }],
      });
      return sendBare(around, context, reply, { title: t.outdated, status: 409, body });
    }
    const body = (
      <>
        <PageHeading title={t.somebody} lead={t.somebodyHelp} />
        {outdated.kept && <p>{t.somebodyKept}</p>}
        <Form id="sign-out-form" action="/sign-out" csrf={context.csrf()}>
          <ButtonRow>
            <Button>{context.texts.layout.signOut}</Button>
            <ButtonLink kind="secondary" href="/services">
              {t.goOn}
            </ButtonLink>
          </ButtonRow>
        </Form>
      </>
    );
    const unnamed = { ...context, session: undefined };
    return sendBare(around, unnamed, reply, { title: t.somebody, status: 409, body });
  };
}

/** Makes the function that answers with the page of an outage. */
export function outageSender(around: Around): SendOutage {
  return (request, reply, outage) => {
    const page = outagePage(request, outage);
    reply.header('retry-after', String(page.retryAfter));
    if (page.asksAgain) reply.header('refresh', String(page.retryAfter));
    return sendBare(around, request.context, reply, page);
  };
}

/** Makes the pages for overload. */
export function waitingSender({ assets }: Around): Promise<SendWaiting> {
  return waitingPages((language, title, body) =>
    renderDocument(
      <Layout
        language={language}
        title={title}
        words={{ ...layoutWords({ texts: textsOf(language) }), roundTheClock: undefined }}
        assets={assets.forPage([])}
        csrf={undefined}
      >
        {body}
      </Layout>,
    ),
  );
}

/** A page that no module made: without scripts, without a section. */
function sendBare(
  around: Around,
  context: Knowing,
  reply: FastifyReply,
  page: { title: string; status: number; body: ComponentChildren },
): FastifyReply {
  return reply
    .code(page.status)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(
      renderDocument(
        <Layout
          language={context.language}
          title={page.title}
          words={
            page.status === 503 ? { ...layoutWords(context), roundTheClock: undefined } : layoutWords(context)
          }
          assets={around.assets.forPage([])}
          csrf={context.csrf()}
          band={bandOf(around, context)}
          signedIn={context.session && signedIn(context, undefined, undefined)}
        >
          {page.body}
        </Layout>,
      ),
    );
}

function bandOf({ demo, maintenance }: Around, context: Knowing) {
  const state = maintenance();
  return state.kind === 'none' && !demo ? undefined : (
    <Banner context={context} maintenance={state} demo={demo} />
  );
}

type Knowing = Pick<RequestContext, 'language' | 'texts' | 'session' | 'csrf'>;

/** Somebody of whom the chosen language may be known, and nothing else. */
function nobodyWho(request: FastifyRequest): Knowing {
  const chosen = (request.cookies as typeof request.cookies | undefined)?.['language'];
  const language = isLanguage(chosen) ? chosen : 'kk';
  return { language, texts: textsOf(language), session: undefined, csrf: () => '' };
}

function layoutWords({ texts: { layout: t } }: Pick<Knowing, 'texts'>) {
  return {
    cabinet: t.cabinet,
    fund: t.fund,
    skip: t.skip,
    navigation: t.navigation,
    language: t.language,
    signOut: t.signOut,
    contactCentre: t.contactCentre,
    contactNumber: '1418',
    roundTheClock: t.aroundTheClock,
  };
}

function signedIn(
  { session, texts: t, language }: Knowing,
  section: Page['section'],
  path: string | undefined,
) {
  if (!session) return undefined;
  const query = new URLSearchParams({ ended: '1' });
  // Only a plain page is gone back to: its address holds nothing personal.
  if (path !== undefined && !path.includes(':')) query.set('to', path);
  const end = new Date(Date.now() + session.secondsLeft * 1_000);
  const current = (name: Page['section']) => (name === section ? ('section' as const) : undefined);
  return {
    shortName: session.shortName,
    nav: [
      { href: '/services', label: t.layout.services, current: current('services') },
      { href: '/history', label: t.layout.history, current: current('history') },
      { href: '/security', label: t.layout.security, current: current('security') },
    ],
    session: {
      secondsLeft: session.secondsLeft,
      endHref: `/sign-in?${query}`,
      words: {
        endsAt: fill(t.session.endsAt, { time: formatTime(language, end) }),
        endsIn: t.session.endsIn,
        extend: t.session.extend,
        failed: t.session.extendFailed,
      },
    },
  };
}
