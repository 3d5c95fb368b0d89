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
import type { PasskeyAsked } from '../passkeys/challenge.ts';
import { askForPasskey } from '../passkeys/check-assertion.ts';
import { passkeySiteOf } from '../passkeys/site.ts';
import { PasskeyPage } from './passkey-page.tsx';
import { firstPage, returnTarget } from './return-target.ts';
import { type PasskeyRefusal, type PasskeySignInDeps, signInByPasskey } from './sign-in-by-passkey.ts';

export interface PasskeySignInRoutesDeps extends PasskeySignInDeps {
  readonly sendPage: SendPage;
  /** The origin that the person sees. Passkeys are bound to it. */
  readonly siteOf: (request: FastifyRequest) => string;
  /** Called when a notice may wait. */
  readonly onQueued: () => void;
}

const busySeconds = 5;

const passkeyQuery = z.object({ to: returnTarget, begin: z.literal('1').optional().catch(undefined) });
const answerForm = formOf({ answer: z.string() });

/** `/sign-in/passkey`: the page, what the browser needs to ask, and the answer. */
export function passkeySignInRoutes(server: FastifyInstance, deps: PasskeySignInRoutesDeps): void {
  const always = { access: 'anyone', duringMaintenance: true } as const;
  server.get(paths.signInByPasskey, { config: { access: 'anyone' } }, async (request, reply) =>
    showPasskeySignIn(deps, request, reply),
  );
  server.post(paths.signInByPasskeyChallenge, { config: always }, (request, reply) =>
    postPasskeyChallenge(deps, request, reply),
  );
  server.post(paths.signInByPasskey, { config: always }, (request, reply) =>
    postPasskeySignIn(deps, request, reply),
  );
}

function showPasskeySignIn(
  deps: PasskeySignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return request.context.session
    ? reply.redirect(paths.services, 303)
    : sendPasskeySignIn(deps, request, reply);
}

async function postPasskeyChallenge(
  deps: PasskeySignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const asked = askedHere(deps, request);
  if (asked === undefined) throw problem(403);
  const options = await askForPasskey(deps, asked);
  if (!options) throw problem(409);
  return reply.send(options);
}

async function postPasskeySignIn(
  deps: PasskeySignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { context } = request;
  const { answer } = parse(answerForm, request.body);
  const outcome = await noteOutcome(
    request,
    'sign-in-passkey',
    () =>
      signInByPasskey(deps, {
        answer,
        asked: askedHere(deps, request),
        device: context.device,
        formerToken: readSecret(request, 'session', context.secure),
        network: context.network,
        userAgent: request.headers['user-agent'] ?? '',
        requestId: request.id,
      }),
    (signedIn) => (signedIn.ok ? 'signed-in' : signedIn.reason),
  );
  deps.onQueued();
  if (!outcome.ok) {
    request.log.info({ reason: outcome.reason }, 'a passkey was refused');
    return sendPasskeySignIn(deps, request, reply, outcome.reason);
  }
  setSessionCookies(reply, outcome.value, context.secure);
  const target = parse(passkeyQuery, request.query).to ?? paths.services;
  return reply.redirect(firstPage(target, outcome.value), 303);
}

function sendPasskeySignIn(
  { sendPage, siteOf }: PasskeySignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  refusal?: PasskeyRefusal,
): FastifyReply {
  const { texts: t, csrf } = request.context;
  const { to, begin } = parse(passkeyQuery, request.query);
  if (refusal === 'fundDown') reply.header('retry-after', String(busySeconds));
  return sendPage(request, reply, {
    title: t.passkey.way,
    status: refusal === undefined ? 200 : refusal === 'fundDown' ? 503 : 422,
    hasErrors: refusal !== undefined,
    path: paths.signInByPasskey,
    scripts: ['passkey'],
    body: PasskeyPage({
      t,
      csrf: csrf(),
      to,
      where: passkeySiteOf(siteOf(request)),
      begins: begin === '1' && refusal === undefined,
      refusal,
    }),
  });
}

/** What a challenge is valid for here: this browser only. Undefined when it sent no cookie. */
function askedHere({ siteOf }: PasskeySignInRoutesDeps, request: FastifyRequest): PasskeyAsked | undefined {
  const token = readSecret(request, 'visit', request.context.secure);
  if (token === undefined) return undefined;
  return { purpose: 'sign-in', binding: tokenHash(token), site: siteOf(request) };
}
