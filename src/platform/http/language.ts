import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { textsOf } from '../../texts/texts.ts';
import { isLanguage } from '../../values/language.ts';
import { type Fields, readForm } from './forms.ts';
import { problem } from './problem.ts';
import { setLanguage } from './request-context.ts';

/** A page with a form: how to show it again with what was typed. */
export interface TypedPage {
  /** The form's fields; passwords and codes are dropped before `show` sees them. */
  readonly fields: readonly string[];
  readonly secret: readonly string[];
  readonly forHolder: boolean;
  /** Keeps what was typed for this holder, whose session is over. */
  readonly keep?: (holderId: string, typed: Fields) => Promise<boolean>;
  readonly show: (request: FastifyRequest, reply: FastifyReply, typed: Fields) => Promise<FastifyReply>;
}

/**
 * `POST /language`: changes the language and shows the page it came from with everything typed, or goes back to a page
 * without a form.
 */
export function languageRoutes(
  server: FastifyInstance,
  pages: ReadonlyMap<string, TypedPage>,
  /** Keeps the choice of a signed-in holder, for notices. */
  remember: (holderId: string, language: 'kk' | 'ru' | 'en') => Promise<void>,
): void {
  server.post(
    '/language',
    { config: { access: 'anyone', duringMaintenance: true, takesEarlier: 'always' } },
    async (request, reply) => {
      const body = request.body as Record<string, unknown>;
      const path = body['page'];
      const page = typeof path === 'string' ? pages.get(path) : undefined;
      if (path !== undefined && !page) throw problem(400);
      const typed = readForm(body, {
        required: ['language'],
        optional: page ? [...page.fields, ...page.secret] : [],
      });
      const { language } = typed;
      if (!isLanguage(language)) throw problem(400);

      const { context } = request;
      setLanguage(reply, language, context.secure);
      if (context.session) await remember(context.session.holderId, language);
      request.context = { ...context, language, texts: textsOf(language) };
      if (!page) return reply.redirect(cameFrom(request), 303);
      const shown = Object.fromEntries(
        page.fields.flatMap((name) => (typed[name] === undefined ? [] : [[name, typed[name]]])),
      );
      if (!page.forHolder || context.session) return page.show(request, reply, shown);
      const kept = context.timedOut !== undefined && ((await page.keep?.(context.timedOut, shown)) ?? false);
      const query = new URLSearchParams({ ended: kept ? 'kept' : '1', to: String(path) });
      return reply.redirect(`/sign-in?${query}`, 303);
    },
  );
}

/** The page the switch was pressed on, if it is one of ours; the start page otherwise. */
function cameFrom(request: FastifyRequest): string {
  const { referer, origin } = request.headers;
  if (referer === undefined || !URL.canParse(referer)) return '/';
  const url = new URL(referer);
  return url.origin === origin && /^\/(?![/\\])/.test(url.pathname) && url.pathname !== '/language'
    ? url.pathname + url.search
    : '/';
}
