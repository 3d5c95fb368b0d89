import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { readSecret } from '../../platform/http/request-context.ts';
import { setSessionCookies } from '../../platform/http/session-cookies.ts';
import { tokenHash } from '../../platform/keys.ts';
import { formatSince } from '../../texts/dates.ts';
import type { ChallengeFor } from '../eds/challenge.ts';
import { giveChallenge } from '../eds/check-signature.ts';
import { type EdsReason, retryAfter, shownReason, unknownSince } from '../eds/reasons.ts';
import { EdsPage, type EdsPageProps } from './eds-pages.tsx';
import { firstPage, returnTarget } from './return-target.ts';
import { type EdsSignInDeps, signInByEds } from './sign-in-by-eds.ts';

export interface EdsSignInRoutesDeps extends EdsSignInDeps {
  readonly sendPage: SendPage;
  /** The origin that the person sees. It is part of what they sign. */
  readonly siteOf: (request: FastifyRequest) => string;
  /** Called when a notice may wait. */
  readonly onQueued: () => void;
}

const edsQuery = z.object({ to: returnTarget, begin: z.literal('1').optional().catch(undefined) });
const signatureForm = formOf({ id: z.string(), signature: z.string() });

/** `/sign-in/eds`: the page, the bytes to sign, and the signature. */
export function edsSignInRoutes(server: FastifyInstance, deps: EdsSignInRoutesDeps): void {
  const always = { access: 'anyone', duringMaintenance: true } as const;
  server.get(paths.signInByEds, { config: { access: 'anyone' } }, async (request, reply) =>
    showEdsSignIn(deps, request, reply),
  );
  server.post(paths.signInByEdsChallenge, { config: always }, (request, reply) =>
    postEdsChallenge(deps, request, reply),
  );
  server.post(paths.signInByEds, { config: always }, (request, reply) => postEdsSignIn(deps, request, reply));
}

function showEdsSignIn(
  deps: EdsSignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return request.context.session
    ? reply.redirect(paths.services, 303)
    : sendEdsSignIn(deps, request, reply, 200);
}

async function postEdsChallenge(
  deps: EdsSignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const asked = challengeFor(deps, request);
  if (asked === undefined) throw problem(403);
  return reply.send(await giveChallenge(deps, asked));
}

async function postEdsSignIn(
  deps: EdsSignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { context } = request;
  const signed = parse(signatureForm, request.body);
  const outcome = await noteOutcome(
    request,
    'sign-in-eds',
    () =>
      signInByEds(deps, {
        id: signed.id,
        signature: signed.signature,
        asked: challengeFor(deps, request),
        device: context.device,
        formerToken: readSecret(request, 'session', context.secure),
        network: context.network,
        language: context.language,
        userAgent: request.headers['user-agent'] ?? '',
        requestId: request.id,
      }),
    (signedIn) => (signedIn.ok ? 'signed-in' : signedIn.reason),
  );
  if (!outcome.ok) return refuseSignature(deps, request, reply, outcome, signed);
  deps.onQueued();
  setSessionCookies(reply, outcome.value, context.secure);
  const target = parse(edsQuery, request.query).to ?? paths.services;
  return reply.redirect(firstPage(target, outcome.value), 303);
}

function refuseSignature(
  deps: EdsSignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: { readonly reason: EdsReason; readonly detail?: string | undefined },
  { id, signature }: { readonly id: string; readonly signature: string },
): FastifyReply {
  const { reason } = refusal;
  request.log.info({ reason }, 'a signature was refused');
  const wait = retryAfter(reason);
  if (wait !== undefined) reply.header('retry-after', String(wait));
  const since = unknownSince(refusal);
  return sendEdsSignIn(deps, request, reply, wait === undefined ? 422 : 503, {
    reason: shownReason(reason),
    since: since && formatSince(request.context.language, since),
    // The signature, when it may be sent again unchanged.
    again: wait === undefined ? undefined : { id, signature },
  });
}

function sendEdsSignIn(
  { sendPage }: EdsSignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  refusal?: EdsPageProps['refusal'],
): FastifyReply {
  const { context } = request;
  const { to, begin } = parse(edsQuery, request.query);
  return sendPage(request, reply, {
    title: context.texts.eds.title,
    status,
    hasErrors: refusal !== undefined,
    scripts: ['eds'],
    body: EdsPage({
      t: context.texts,
      language: context.language,
      csrf: context.csrf(),
      to,
      begins: begin === '1' && refusal === undefined,
      refusal,
    }),
  });
}

/** What a challenge is valid for here: this browser only. Undefined when it sent no cookie. */
function challengeFor(deps: EdsSignInRoutesDeps, request: FastifyRequest): ChallengeFor | undefined {
  const token = readSecret(request, 'visit', request.context.secure);
  if (token === undefined) return undefined;
  return { purpose: 'sign-in', binding: tokenHash(token), site: deps.siteOf(request) };
}
