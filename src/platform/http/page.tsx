import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ComponentChildren } from 'preact';
import { formatTime } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { Alert } from '../../ui/alert.tsx';
import { renderPage, type SharedBody, sharedAround } from '../../ui/page-skeleton.tsx';
import type { ScriptName, StyleName } from './assets.ts';
import { bannerOf, layoutWords, type PageFrame, type Section, signedIn } from './page-frame.tsx';
import type { RequestContext } from './request-context.ts';

/** A page, as a feature defines it. */
export interface Page {
  readonly title: string;
  /** What the page shows. A shared one is rendered once for everybody. */
  readonly body: ComponentChildren | SharedBody<Texts>;
  readonly status?: number;
  /** True when the page shows errors in a form. The title then begins by saying so. */
  readonly hasErrors?: boolean;
  /** True when the page has a form. The language switch must then keep what was typed. */
  readonly hasForm?: boolean;
  /** The page's own path, where it may be answered under another one. */
  readonly path?: string;
  /** Names of browser scripts, besides those that every page has. */
  readonly scripts?: readonly ScriptName[];
  /** Names of style sheets, besides that of all pages. */
  readonly styles?: readonly StyleName[];
  readonly section?: Section;
  /** Seconds after which the page is loaded again where no scripts run. */
  readonly refreshedAfter?: number | undefined;
  /** True for a page that fills the whole width. */
  readonly wide?: boolean;
  /** True for a page before sign-in: it never says who is signed in. */
  readonly namesNobody?: boolean;
}

/** Sends a page in the frame that all pages share. */
export type SendPage = (request: FastifyRequest, reply: FastifyReply, page: Page) => FastifyReply;

/** Makes the function that puts a page into the layout and sends it. */
export function pageSender(frame: PageFrame): SendPage {
  const { assets } = frame;
  const send: SendPage = (request, reply, page) => {
    const { context } = request;
    const { texts: t, language } = context;
    const session = page.namesNobody ? undefined : context.session;
    const status = page.status ?? 200;
    const scripts: ScriptName[] = [
      ...(page.hasForm ? ['submit-once' as const] : []),
      ...(page.scripts ?? []),
    ];
    // The language switch or another button of the form may have answered with this page, under
    // another address.
    const ownPath = page.path === request.routeOptions.url ? undefined : page.path;
    if (ownPath !== undefined) scripts.push('own-path');
    if (session) scripts.push('session-warning', 'restore');
    const csrf = context.csrf();
    const props = {
      language,
      title: page.title,
      errorTitlePrefix: page.hasErrors ? t.layout.errorTitle : undefined,
      words: layoutWords(context),
      assets: assets.forPage(scripts, page.styles),
      csrf,
      formId: page.hasForm ? 'page-form' : undefined,
      ownPath,
      wide: page.wide,
      refreshedAfter: page.refreshedAfter,
      banner: bannerOf(frame, context),
      signedIn: session && signedIn(context, page.section, page.path ?? request.routeOptions.url),
    };
    return reply
      .code(context.outdated && status === 200 ? 409 : status)
      .type('text/html; charset=utf-8')
      .send(
        isShared(page.body) && !context.outdated && !session
          ? withToken(request, sharedAround(props, page.body, t), csrf)
          : renderPage({ ...props, children: <Body page={page} context={context} /> }),
      );
  };
  return send;
}

/** The HTML of a page that everybody gets, and a note that it need not be compressed again. */
function withToken(request: FastifyRequest, around: readonly string[], token: string): string {
  const html = around.join(token);
  request.sharedPage = { html, around, token };
  return html;
}

/** The page's own content, below the reason why it is shown again. */
function Body({
  page: { body },
  context: { texts: t, language, csrf, outdated, standby },
}: {
  page: Page;
  context: Pick<RequestContext, 'texts' | 'language' | 'csrf' | 'outdated' | 'standby'>;
}) {
  return (
    <>
      {standby && (
        <Alert kind="warning" title={fill(t.outages.asOf, { time: formatTime(language, standby.asOf) })}>
          <p>{t.outages.onlyRead}</p>
        </Alert>
      )}
      {outdated && (
        <Alert kind="warning" title={t.session.outdated} announced>
          <p>{t.session.outdatedHelp}</p>
        </Alert>
      )}
      {isShared(body) ? body.shared(t, csrf()) : body}
    </>
  );
}

function isShared(body: Page['body']): body is SharedBody<Texts> {
  return typeof body === 'object' && body !== null && 'shared' in body;
}
