import type { FastifyReply, FastifyRequest } from 'fastify';
import { paths } from '../../paths.ts';
import type { SessionReader } from '../session.ts';
import { ownReferer, pickTyped } from './forms.ts';
import type { TypedPage } from './language.ts';
import { problem } from './problem.ts';
import { clearSecret, ownOrigin } from './request-context.ts';
import type { HttpSettings } from './settings.ts';

/** Answers an outdated form whose own page cannot be shown again. */
export type SendOutdated = (
  request: FastifyRequest,
  reply: FastifyReply,
  outdated:
    | { readonly kind: 'earlier'; readonly page: string }
    /** `kept`: what was typed is kept for the holder of the session that the form was made in. */
    | { readonly kind: 'somebody-else'; readonly kept: boolean },
) => FastifyReply;

export interface OwnFormsDeps {
  readonly settings: HttpSettings;
  readonly sessions: SessionReader;
  /** The pages that can be shown again with what was typed, by their path. */
  readonly pages: () => ReadonlyMap<string, TypedPage>;
  readonly outdatedPage: SendOutdated;
}

/**
 * Checks the origin of an unsafe request and the token of its form (decision 125). Returns a reply
 * when the form comes from this browser but was made before somebody signed in or out. The form
 * then changes nothing.
 * @throws Problem 403 for a forgery
 */
export async function receiveForm(
  deps: OwnFormsDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const own = ownOrigin(request, deps.settings);
  if (own === undefined || request.headers.origin !== own) throw problem(403);
  const { context } = request;
  const { access, whenSignedOut } = request.routeOptions.config;
  if (whenSignedOut !== undefined && !context.session && context.ending !== 'rotated' && !context.outage) {
    clearSecret(reply, 'session', context.secure);
    return reply.redirect(whenSignedOut, 303);
  }
  const token = (request.body as Record<string, unknown> | null | undefined)?.['csrf'];
  if (typeof token !== 'string') throw problem(403);
  if (context.csrfFits(token)) return undefined;
  const origin = context.formOrigin(token);
  if (!origin) throw problem(403);
  if (context.outage) throw context.outage;
  if (origin.session) return receiveEarlier(deps, request, reply, origin.session);
  // A browser without cookies opened several tabs at once, and each got a token of its own.
  if (!context.session) return undefined;
  // A form for holders only is never made while nobody is signed in, so this one is not ours.
  if (access === 'holder') throw problem(403);
  if (request.routeOptions.config.takesEarlier) return undefined;
  return deps.outdatedPage(request, reply, { kind: 'somebody-else', kept: false });
}

/** Handles a form that was made in another session than the current one. */
async function receiveEarlier(
  deps: OwnFormsDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  name: Buffer,
): Promise<FastifyReply | undefined> {
  const { context, body } = request;
  const { access, takesEarlier, keepTyped } = request.routeOptions.config;
  const former = await deps.sessions.former(name);
  const keeper = former?.keepsTyped ? former.holderId : undefined;
  if (!context.session) {
    request.context = { ...context, timedOut: keeper, ...(access === 'holder' ? { outdated: true } : {}) };
    // The person is sent to sign in, as after a time-out.
    if (access === 'holder' || takesEarlier === 'always') return undefined;
    return showAgain(deps, request, reply);
  }
  if (former?.holderId === context.session.holderId) {
    return takesEarlier ? undefined : showAgain(deps, request, reply);
  }
  const kept = keeper !== undefined && ((await keepTyped?.(keeper, body)) ?? false);
  return deps.outdatedPage(request, reply, { kind: 'somebody-else', kept });
}

/** Shows a form's page again, with a fresh token and what was typed, except passwords and codes. */
async function showAgain(
  deps: OwnFormsDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = request.body as Record<string, unknown>;
  const { url = paths.start, config } = request.routeOptions;
  const pages = deps.pages();
  const path = [body['page'], config.backTo, url].find(
    (one): one is string => typeof one === 'string' && pages.has(one),
  );
  const page = path === undefined ? undefined : pages.get(path);
  if (!page || (page.forHolder && !request.context.session)) {
    return deps.outdatedPage(request, reply, {
      kind: 'earlier',
      // The page to open again: the one that the form was on.
      page: ownReferer(request)?.pathname ?? paths.start,
    });
  }
  request.context = { ...request.context, outdated: true };
  return page.show(request, reply, pickTyped(body, page.fields));
}
