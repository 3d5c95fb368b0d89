import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { tokenHash } from '../../keys.ts';
import { formatSince } from '../../texts/dates.ts';
import { readForm } from '../../web/forms.ts';
import type { SendPage } from '../../web/page.tsx';
import { problem } from '../../web/problem.ts';
import { readSecret } from '../../web/visit.ts';
import { giveChallenge, retryAfter, shownReason, unknownSince } from '../eds/eds.ts';
import type { EdsReason } from '../eds/ports.ts';
import { type EdsSignInParts, signInByEds } from './eds.ts';
import { EdsPage } from './eds-pages.tsx';
import { destination, startSession } from './routes.ts';

export interface EdsRoutesParts extends EdsSignInParts {
  readonly sendPage: SendPage;
  readonly destinations: readonly string[];
  /** The origin that the person sees; part of what they sign. */
  readonly siteOf: (request: FastifyRequest) => string;
  /** Told that a notice may be waiting. */
  readonly onQueued: () => void;
}

const path = '/sign-in/eds';

/** `/sign-in/eds`: the page, the bytes to sign, and the signature. */
export function edsRoutes(server: FastifyInstance, parts: EdsRoutesParts): void {
  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    refusal?: {
      readonly reason: EdsReason;
      readonly minutes: string;
      readonly since: string | undefined;
      readonly status: number;
    },
  ) => {
    const { visit } = request;
    const query = request.query as Record<string, unknown>;
    return parts.sendPage(request, reply, {
      title: visit.texts.eds.title,
      status: refusal?.status ?? 200,
      hasErrors: refusal !== undefined,
      scripts: ['eds'],
      body: EdsPage({
        t: visit.texts,
        language: visit.language,
        csrf: visit.csrf(),
        to: destination(query['to'], parts.destinations),
        begins: query['begin'] === '1' && refusal === undefined,
        refusal: refusal && { ...refusal, reason: shownReason(refusal.reason) },
      }),
    });
  };

  server.get(path, { config: { access: 'anyone' } }, async (request, reply) =>
    request.visit.session ? reply.redirect('/services', 303) : show(request, reply),
  );

  server.post(
    `${path}/challenge`,
    { config: { access: 'anyone', duringMaintenance: true } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      const binding = bindingOf(request);
      if (binding === undefined) throw problem(403);
      const site = parts.siteOf(request);
      return reply.send(await giveChallenge(parts, { purpose: 'sign-in', binding, site }));
    },
  );

  server.post(path, { config: { access: 'anyone', duringMaintenance: true } }, async (request, reply) => {
    const { id = '', signature = '' } = readForm(request.body, { required: ['id', 'signature'] });
    const { visit } = request;
    const outcome = await signInByEds(parts, {
      id,
      signature,
      binding: bindingOf(request),
      device: visit.device,
      formerToken: readSecret(request, 'session', visit.secure),
      network: visit.network,
      language: visit.language,
      userAgent: request.headers['user-agent'] ?? '',
      requestId: request.id,
    });
    if (!outcome.ok) {
      const { reason } = outcome;
      request.log.info({ reason }, 'a signature was refused');
      const minutes = reason === 'limited' ? (outcome.detail ?? '1') : '';
      const wait = reason === 'limited' ? Number(minutes) * 60 : retryAfter(reason);
      if (wait !== undefined) reply.header('retry-after', String(wait));
      const status = reason === 'limited' ? 429 : wait === undefined ? 422 : 503;
      const since = unknownSince(outcome);
      return show(request, reply, {
        reason,
        minutes,
        since: since && formatSince(visit.language, since),
        status,
      });
    }
    parts.onQueued();
    startSession(reply, outcome.value, visit.secure);
    const to = destination((request.query as Record<string, unknown>)['to'], parts.destinations);
    const page = to ?? '/services';
    return reply.redirect(outcome.value.replaced > 0 ? `${page}?replaced=1` : page, 303);
  });
}

/** The cookie of this browser before sign-in, hashed: what is given to one browser is not taken from another. */
function bindingOf(request: FastifyRequest): Buffer | undefined {
  const token = readSecret(request, 'visit', request.visit.secure);
  return token === undefined ? undefined : tokenHash(token);
}
