import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ComponentChildren } from 'preact';
import { paths } from '../../paths.ts';
import { textsOf } from '../../texts/texts.ts';
import { Button, ButtonLink, ButtonRow } from '../../ui/buttons.tsx';
import { ErrorPage } from '../../ui/error-page.tsx';
import { Form } from '../../ui/form.tsx';
import { Layout } from '../../ui/layout.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { renderDocument } from '../../ui/render-document.ts';
import type { SendProblem } from './errors.ts';
import { outagePage, type SendOutage } from './outage.tsx';
import type { SendOutdated } from './own-forms.ts';
import { bannerOf, type FramedContext, layoutWords, type PageFrame, signedIn } from './page-frame.tsx';
import { languageByCookie, type RequestContext } from './request-context.ts';
import { type SendWaiting, waitingPages } from './waiting-page.tsx';

/** Makes the function that sends a problem's page. It also works before the visitor is known. */
export function problemSender(frame: PageFrame): SendProblem {
  return (request, reply, problem) => {
    // A request can fail before its context was read, e.g. because of a broken cookie.
    const context = (request.context as RequestContext | undefined) ?? nobodyWho(request);
    const t = context.texts.problems;
    const { title, text } = t[problem.statusCode];
    if (problem.retryAfter !== undefined) reply.header('retry-after', String(problem.retryAfter));
    const body = ErrorPage({
      title,
      text,
      reference: { label: t.reference, value: request.id, help: t.referenceHelp },
      actions: [{ href: paths.start, label: t.home }],
      children: problem.statusCode === 431 && (
        <Form id="clear-form" action={paths.clearCookies} csrf={context.csrf()}>
          <ButtonRow>
            <Button>{t.clearCookies}</Button>
          </ButtonRow>
        </Form>
      ),
    });
    return sendBare(frame, context, reply, { title, status: problem.statusCode, body });
  };
}

/** Makes the function that answers a form from before somebody signed in or out in this browser. */
export function outdatedSender(frame: PageFrame): SendOutdated {
  return (request, reply, outdated) => {
    const { context } = request;
    const { session: t } = context.texts;
    if (outdated.kind === 'earlier') {
      const body = ErrorPage({
        title: t.outdated,
        text: t.outdatedPage,
        actions: [{ href: outdated.page, label: t.openAgain }],
      });
      return sendBare(frame, context, reply, { title: t.outdated, status: 409, body });
    }
    const body = (
      <>
        <PageHeading title={t.somebody} lead={t.somebodyHelp} />
        {outdated.kept && <p>{t.somebodyKept}</p>}
        <Form id="sign-out-form" action={paths.signOut} csrf={context.csrf()}>
          <ButtonRow>
            <Button>{context.texts.layout.signOut}</Button>
            <ButtonLink kind="secondary" href={paths.services}>
              {t.goOn}
            </ButtonLink>
          </ButtonRow>
        </Form>
      </>
    );
    const unnamed = { ...context, session: undefined };
    return sendBare(frame, unnamed, reply, { title: t.somebody, status: 409, body });
  };
}

/** Makes the function that answers with the page of an outage. */
export function outageSender(frame: PageFrame): SendOutage {
  return (request, reply, outage) => {
    const page = outagePage(request, outage);
    reply.header('retry-after', String(page.retryAfter));
    if (page.asksAgain) reply.header('refresh', String(page.retryAfter));
    return sendBare(frame, request.context, reply, page);
  };
}

/** Makes the pages for overload. */
export function waitingSender({ assets }: PageFrame): Promise<SendWaiting> {
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

/** Sends a page without scripts and without a section in the navigation. */
function sendBare(
  frame: PageFrame,
  context: FramedContext,
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
          assets={frame.assets.forPage([])}
          csrf={context.csrf()}
          banner={bannerOf(frame, context)}
          signedIn={context.session && signedIn(context, undefined, undefined)}
        >
          {page.body}
        </Layout>,
      ),
    );
}

/** A visitor of whom nothing is known, except perhaps the chosen language. */
function nobodyWho(request: FastifyRequest): FramedContext {
  const language = languageByCookie(request) ?? 'kk';
  return { language, texts: textsOf(language), session: undefined, csrf: () => '' };
}
