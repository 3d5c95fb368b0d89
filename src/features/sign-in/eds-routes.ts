import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readForm } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { readSecret } from '../../platform/http/request-context.ts';
import { tokenHash } from '../../platform/keys.ts';
import { formatSince } from '../../texts/dates.ts';
import type { ChallengeFor } from '../eds/challenge.ts';
import { giveChallenge, retryAfter, shownReason, unknownSince } from '../eds/eds.ts';
import type { EdsReason } from '../eds/ports.ts';
import { type EdsSignInDeps, signInByEds } from './eds.ts';
import { EdsPage } from './eds-pages.tsx';
import { destination, startSession } from './routes.ts';

export interface EdsSignInRoutesDeps extends EdsSignInDeps {
  readonly sendPage: SendPage;
  readonly destinations: readonly string[];
  /** The origin that the person sees; part of what they sign. */
  readonly siteOf: (request: FastifyRequest) => string;
  /** Told that a notice may be waiting. */
  readonly onQueued: () => void;
}

const path = '/sign-in/eds';

/** `/sign-in/eds`: the page, the bytes to sign, and the signature. */
export function edsSignInRoutes(server: FastifyInstance, parts: EdsSignInRoutesDeps): void {
  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    refusal?: {
      readonly reason: EdsReason;
      readonly since: string | undefined;
      readonly status: number;
      /** What came, where it may be sent again as it is. */
      readonly again: { readonly id: string; readonly signature: string } | undefined;
    },
  ) => {
    const { context } = request;
    const query = request.query as Record<string, unknown>;
    return parts.sendPage(request, reply, {
      title: context.texts.eds.title,
      status: refusal?.status ?? 200,
      hasErrors: refusal !== undefined,
      scripts: ['eds'],
      body: EdsPage({
        t: context.texts,
        language: context.language,
        csrf: context.csrf(),
        to: destination(query['to'], parts.destinations),
        begins: query['begin'] === '1' && refusal === undefined,
        refusal: refusal && { ...refusal, reason: shownReason(refusal.reason) },
      }),
    });
  };

  /** What a challenge is good for here; undefined when the browser sent no cookie. */
  const askedOf = (request: FastifyRequest): ChallengeFor | undefined => {
    const binding = bindingOf(request);
    return binding && { purpose: 'sign-in', binding, site: parts.siteOf(request) };
  };

  server.get(path, { config: { access: 'anyone' } }, async (request, reply) =>
    request.context.session ? reply.redirect('/services', 303) : show(request, reply),
  );

  server.post(
    `${path}/challenge`,
    { config: { access: 'anyone', duringMaintenance: true } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      const asked = askedOf(request);
      if (asked === undefined) throw problem(403);
      return reply.send(await giveChallenge(parts, asked));
    },
  );

  server.post(path, { config: { access: 'anyone', duringMaintenance: true } }, async (request, reply) => {
    const { id = '', signature = '' } = readForm(request.body, { required: ['id', 'signature'] });
    const { context } = request;
    const outcome = await signInByEds(parts, {
      id,
      signature,
      asked: askedOf(request),
      device: context.device,
      formerToken: readSecret(request, 'session', context.secure),
      network: context.network,
      language: context.language,
      userAgent: request.headers['user-agent'] ?? '',
      requestId: request.id,
    });
    if (!outcome.ok) {
      const { reason } = outcome;
      request.log.info({ reason }, 'a signature was refused');
      const wait = retryAfter(reason);
      if (wait !== undefined) reply.header('retry-after', String(wait));
      const since = unknownSince(outcome);
      return show(request, reply, {
        reason,
        since: since && formatSince(context.language, since),
        status: wait === undefined ? 422 : 503,
        again: wait === undefined ? undefined : { id, signature },
      });
    }
    parts.onQueued();
    startSession(reply, outcome.value, context.secure);
    const to = destination((request.query as Record<string, unknown>)['to'], parts.destinations);
    const page = to ?? '/services';
    return reply.redirect(outcome.value.replaced > 0 ? `${page}?replaced=1` : page, 303);
  });
}

/** The cookie of this browser before sign-in, hashed: what is given to one browser is not taken from another. */
function bindingOf(request: FastifyRequest): Buffer | undefined {
  const token = readSecret(request, 'visit', request.context.secure);
  return token === undefined ? undefined : tokenHash(token);
}
