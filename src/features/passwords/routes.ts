import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, signInPath } from '../../paths.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { clearSecret, sessionOf, setSecret } from '../../platform/http/request-context.ts';
import { fill } from '../../texts/texts.ts';
import { readStrongSteps } from '../second-step/store.ts';
import { endAllSessions } from '../sign-in/sessions.ts';
import { type ChangePasswordDeps, changePassword } from './change.ts';
import { ChangePasswordPage, type ChangePasswordPageProps } from './pages.tsx';
import { passwordLength } from './password.ts';
import { findPassword } from './store.ts';

export interface PasswordRoutesDeps extends ChangePasswordDeps {
  readonly sendPage: SendPage;
  /** Called when messages wait in the outbox. */
  readonly onQueued: () => void;
}

const busySeconds = 5;

const changeForm = formOf({
  password: z.string(),
  passwordAgain: z.string(),
  currentPassword: z.string().optional(),
});

/** `/security/password`: the change of the password, and its page for the language switch. */
export function passwordRoutes(
  server: FastifyInstance,
  deps: PasswordRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const config = { access: 'holder', wish: 'change-password' } as const;
  server.get(paths.changePasswordWellKnown, { config: { access: 'machine' } }, showWellKnown);
  server.get(paths.changePassword, { config }, (request, reply) => showChangePassword(deps, request, reply));
  server.post(paths.changePassword, { config }, (request, reply) => postChangePassword(deps, request, reply));
  const typedPage: TypedPage = {
    fields: [],
    secret: ['currentPassword', 'password', 'passwordAgain'],
    forHolder: true,
    show: (request, reply) => showChangePassword(deps, request, reply),
  };
  return new Map([[paths.changePassword, typedPage]]);
}

/** The address that password managers open (W3C, A Well-Known URL for Changing Passwords). */
async function showWellKnown(_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return reply.redirect(paths.security, 303);
}

async function showChangePassword(
  { database, sendPage }: PasswordRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...props }: Partial<ChangePasswordPageProps> & { readonly status?: number } = {},
): Promise<FastifyReply> {
  const { texts: t, csrf } = request.context;
  const { holderId } = sessionOf(request);
  const hasPassword = (await findPassword(database, holderId)) !== undefined;
  const length = passwordLength((await readStrongSteps(database, holderId)).count > 0);
  return sendPage(request, reply, {
    title: hasPassword ? t.security.change : t.security.setFirst,
    section: 'security',
    status,
    hasErrors: status >= 400,
    hasForm: true,
    path: paths.changePassword,
    scripts: ['show-password'],
    body: ChangePasswordPage({ t, csrf: csrf(), hasPassword, length, errors: {}, ...props }),
  });
}

async function postChangePassword(
  deps: PasswordRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const typed = parse(changeForm, request.body);
  const { texts: t, secure } = request.context;
  const { holderId, iin, hash: sessionHash } = sessionOf(request);
  const outcome = await changePassword(
    deps,
    { holderId, iin, sessionHash, requestId: request.id },
    { current: typed.currentPassword ?? '', password: typed.password, again: typed.passwordAgain },
  );
  switch (outcome.kind) {
    case 'changed':
      deps.onQueued();
      setSecret(reply, 'session', outcome.token, secure);
      return reply.redirect(`${paths.security}?done=changed`, 303);
    case 'invalid':
      return showChangePassword(deps, request, reply, { status: 422, errors: outcome.errors });
    case 'limited':
      reply.header('retry-after', String(outcome.minutes * 60));
      return showChangePassword(deps, request, reply, {
        status: 429,
        trouble: fill(t.security.limited, { minutes: outcome.minutes }),
      });
    case 'not-active':
      await endAllSessions(deps.database, holderId, 'blocked');
      clearSecret(reply, 'session', secure);
      return reply.redirect(signInPath({ ended: 'closed' }), 303);
    case 'busy':
      reply.header('retry-after', String(busySeconds));
      return showChangePassword(deps, request, reply, { status: 503, trouble: t.signIn.busy });
  }
}
