import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { sessionOf } from '../../platform/http/request-context.ts';
import { isBlank } from '../../values/cleaning.ts';
import { readCodeSet } from '../backup-codes/store.ts';
import { AuthenticatorPage, type AuthenticatorPageProps } from './pages.tsx';
import {
  type AuthenticatorDeps,
  beginSetup,
  confirmSetup,
  readAuthenticator,
  removeAuthenticator,
} from './set-up.ts';
import { appAddress } from './totp.ts';

export interface AuthenticatorRoutesDeps extends AuthenticatorDeps {
  readonly sendPage: SendPage;
  /** The origin that the person sees. */
  readonly siteOf: (request: FastifyRequest) => string;
  /** Called when notices may wait in the outbox. */
  readonly onQueued: () => void;
}

const setupForm = formOf({ code: z.string().optional(), action: z.literal('begin').optional() });

/** `/security/authenticator`: the app that gives codes, and its page for the language switch. */
export function authenticatorRoutes(
  server: FastifyInstance,
  deps: AuthenticatorRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const config = { access: 'holder', wish: 'manage-factors' } as const;
  const removal = { ...config, backTo: paths.authenticator };
  server.get(paths.authenticator, { config }, (request, reply) => showAuthenticator(deps, request, reply));
  server.post(paths.authenticator, { config }, (request, reply) => postAuthenticator(deps, request, reply));
  server.post(paths.removeAuthenticator, { config: removal }, (request, reply) =>
    postRemove(deps, request, reply),
  );
  const typedPage: TypedPage = {
    fields: [],
    secret: ['code', 'action'],
    forHolder: true,
    show: (request, reply) => showAuthenticator(deps, request, reply),
  };
  return new Map([[paths.authenticator, typedPage]]);
}

function showAuthenticator(
  deps: AuthenticatorRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return sendAuthenticator(deps, request, reply, {});
}

async function postAuthenticator(
  deps: AuthenticatorRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { code = '', action } = parse(setupForm, request.body);
  const { texts: t } = request.context;
  const actor = actorOf(request);
  if (action === 'begin') {
    await beginSetup(deps, actor);
    return reply.redirect(paths.authenticator, 303);
  }
  if (isBlank(code))
    return sendAuthenticator(deps, request, reply, { status: 422, error: t.reasons.codeEmpty });
  const byEds = sessionOf(request).proved === 'eds';
  const confirmed = await noteOutcome(
    request,
    'factor',
    () => confirmSetup(deps, actor, code, byEds),
    (one) => (one.ok ? 'authenticator' : one.reason),
  );
  if (confirmed.ok) {
    deps.onQueued();
    const { left } = await readCodeSet(deps.database, actor.holderId);
    return reply.redirect(
      left > 0 ? `${paths.security}?done=factors` : `${paths.backupCodes}?done=authenticator`,
      303,
    );
  }
  return confirmed.reason === 'setupOver'
    ? sendAuthenticator(deps, request, reply, { status: 422, setupOver: true })
    : sendAuthenticator(deps, request, reply, { status: 422, code, error: t.reasons[confirmed.reason] });
}

async function postRemove(
  deps: AuthenticatorRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  if (!(await removeAuthenticator(deps, actorOf(request))))
    return sendAuthenticator(deps, request, reply, { status: 422, passwordShort: true });
  deps.onQueued();
  return reply.redirect(`${paths.security}?done=factors`, 303);
}

async function sendAuthenticator(
  deps: AuthenticatorRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...props }: Partial<AuthenticatorPageProps> & { readonly status?: number },
): Promise<FastifyReply> {
  const { texts: t, csrf } = request.context;
  const { iin } = sessionOf(request);
  const { isSetUp, secret } = await readAuthenticator(deps, actorOf(request));
  // In Latin letters and short: every other one takes six signs of the QR code, which then needs a
  // good camera.
  const names = { issuer: new URL(deps.siteOf(request)).hostname, label: `${iin.slice(0, 4)}****` };
  return deps.sendPage(request, reply, {
    styles: ['codes'],
    title: t.authenticator.title,
    section: 'security',
    status,
    hasErrors: status >= 400,
    hasForm: secret !== undefined,
    path: paths.authenticator,
    body: AuthenticatorPage({
      t,
      csrf: csrf(),
      isSetUp,
      setup: secret === undefined ? undefined : { secret, address: appAddress(secret, names) },
      ...props,
    }),
  });
}
