import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { accountRequestPaths, signInPath } from '../../paths.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import { clearSecret } from '../../platform/http/request-context.ts';
import { choosePassword } from './choose-password.ts';
import {
  type KindRoutesDeps,
  requestedLength,
  requestProgress,
  requestToken,
  type Shown,
} from './common-routes.ts';
import { PasswordPage, type PasswordPageProps } from './password-page.tsx';

const busySeconds = 5;
const passwordForm = formOf({ password: z.string(), passwordAgain: z.string() });

/** The choice of a password, after the right code. */
export async function showPassword(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { start, confirm } = accountRequestPaths(deps.kind);
  const progress = await requestProgress(deps, request);
  if (progress === 'proved') return sendPasswordPage(deps, request, reply, {});
  return reply.redirect(progress === 'begun' ? confirm : start, 303);
}

/** Sets the password. */
export async function postPassword(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { context } = request;
  const { start } = accountRequestPaths(deps.kind);
  const { password, passwordAgain } = parse(passwordForm, request.body);
  const token = requestToken(request);
  if (token === undefined) return reply.redirect(start, 303);
  const chosen = await choosePassword(
    deps,
    deps.kind,
    { token, network: context.network, requestId: request.id },
    { password, again: passwordAgain },
  );
  if (chosen.ok) {
    clearSecret(reply, 'entry', context.secure);
    return reply.redirect(signInPath({ password: 'saved' }), 303);
  }
  if (chosen.reason === 'gone') return reply.redirect(start, 303);
  if (chosen.reason === 'busy') {
    reply.header('retry-after', String(busySeconds));
    return sendPasswordPage(deps, request, reply, { status: 503, busy: true });
  }
  return sendPasswordPage(deps, request, reply, { status: 422, error: chosen.reason });
}

/** Sends the page on which a password is chosen. */
export async function sendPasswordPage(
  deps: KindRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...props }: Shown<PasswordPageProps>,
): Promise<FastifyReply> {
  const { kind, contactSettings, sendPage } = deps;
  const { texts: t, csrf } = request.context;
  const length = await requestedLength(deps, request);
  return sendPage(request, reply, {
    title: t.newPassword.title,
    status,
    hasErrors: status >= 400,
    hasForm: true,
    path: accountRequestPaths(kind).password,
    scripts: ['show-password'],
    body: PasswordPage({
      t,
      kind,
      csrf: csrf(),
      length,
      contactWaitHours: contactSettings.waitHours,
      ...props,
    }),
  });
}
