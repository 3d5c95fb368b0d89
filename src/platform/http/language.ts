import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, signInPath } from '../../paths.ts';
import { textsOf } from '../../texts/texts.ts';
import { type Language, languages } from '../../values/language.ts';
import { type Fields, formOf, ownReferer, parse, pickTyped } from './forms.ts';
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

/** Registers the language switch. */
export function languageRoutes(
  server: FastifyInstance,
  pages: ReadonlyMap<string, TypedPage>,
  /** Remembers the choice of a signed-in holder, for the language of notices. */
  remember: (holderId: string, language: Language) => Promise<void>,
): void {
  const config = { access: 'anyone', duringMaintenance: true, takesEarlier: 'always' } as const;
  const forms = new Map([...pages].map(([path, page]) => [path, languageForm(page)]));
  server.post(paths.language, { config }, postLanguage);

  /**
   * Changes the language. Shows the same page again with everything that was typed, or goes back to
   * a page without a form.
   */
  async function postLanguage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { page: path } = parse(pressedOn, request.body);
    const page = path === undefined ? undefined : pages.get(path);
    if (path !== undefined && !page) throw problem(400);
    const form = (path === undefined ? undefined : forms.get(path)) ?? plainForm;
    const { language, ...typed } = parse(form, request.body);
    const { context } = request;
    setLanguage(reply, language, context.secure);
    if (context.session) await remember(context.session.holderId, language);
    request.context = { ...context, language, texts: textsOf(language) };
    if (!page) return reply.redirect(cameFrom(request), 303);
    const shown = pickTyped(typed, page.fields);
    if (!page.forHolder || context.session) return page.show(request, reply, shown);
    const kept = context.timedOut !== undefined && ((await page.keep?.(context.timedOut, shown)) ?? false);
    return reply.redirect(signInPath({ ended: kept ? 'kept' : '1', to: path }), 303);
  }
}

/** What the switch sends: the language and, from a page with a form, everything typed there. */
function languageForm({ fields, secret }: Pick<TypedPage, 'fields' | 'secret'>) {
  const typed = Object.fromEntries([...fields, ...secret].map((name) => [name, z.string().optional()]));
  return formOf({ ...typed, language: z.enum(languages) });
}

const plainForm = languageForm({ fields: [], secret: [] });

/** The page that the switch was used on. Other fields are ignored here. */
const pressedOn = z.object({ page: z.string().optional() });

/** The page that the switch was used on, if it is ours; otherwise the start page. */
function cameFrom(request: FastifyRequest): string {
  const url = ownReferer(request);
  return url && url.pathname !== paths.language ? url.pathname + url.search : paths.start;
}
