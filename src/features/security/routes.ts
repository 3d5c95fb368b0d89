import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readForm } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { clearSecret, setSecret } from '../../platform/http/request-context.ts';
import type { LiveSession } from '../../platform/session.ts';
import { fill } from '../../texts/texts.ts';
import {
  ChangePasswordPage,
  type ChangePasswordPageProps,
  type SecurityDone,
  SecurityPage,
} from './pages.tsx';
import { changePassword, type SecurityDeps, sessionHandle } from './security.ts';

export interface SecurityRoutesDeps extends SecurityDeps {
  readonly sendPage: SendPage;
  /** Ends all sessions of a person whom the fund no longer lets in. */
  readonly endSessions: (holderId: string) => Promise<unknown>;
  /** Told that messages wait in the outbox. */
  readonly onQueued: () => void;
}

const path = '/security';
const passwordPath = '/security/password';
const eventsShown = 5;
const busySeconds = 5;
const dones: readonly SecurityDone[] = ['changed', 'ended', 'othersEnded'];

/** `/security`, and the change of the password. */
export function securityRoutes(
  server: FastifyInstance,
  parts: SecurityRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const { store, keys, sendPage } = parts;
  const overviewOf = ({ holderId }: LiveSession) =>
    store.overview(holderId, { ...parts.limits, events: eventsShown });

  // Where password managers look (W3C, A Well-Known URL for Changing Passwords).
  server.get('/.well-known/change-password', { config: { access: 'machine' } }, async (_request, reply) =>
    reply.redirect(path, 303),
  );

  server.get(path, { config: { access: 'holder' } }, async (request, reply) => {
    const { context } = request;
    const session = sessionOf(request);
    const wanted = (request.query as Record<string, unknown>)['done'];
    return sendPage(request, reply, {
      title: context.texts.security.title,
      section: 'security',
      body: SecurityPage({
        t: context.texts,
        language: context.language,
        csrf: context.csrf(),
        overview: await overviewOf(session),
        isCurrent: ({ hash }) => hash.equals(session.hash),
        nameOf: (open) => sessionHandle(keys, open),
        done: dones.find((done) => done === wanted),
      }),
    });
  });

  const showChange = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { status = 200, ...props }: Partial<ChangePasswordPageProps> & { readonly status?: number },
  ) => {
    const { texts: t, csrf } = request.context;
    const hasPassword = (await store.findPassword(sessionOf(request).holderId)) !== undefined;
    return sendPage(request, reply, {
      title: hasPassword ? t.security.change : t.security.setFirst,
      section: 'security',
      status,
      hasErrors: status >= 400,
      hasForm: true,
      path: passwordPath,
      scripts: ['show-password'],
      body: ChangePasswordPage({ t, csrf: csrf(), hasPassword, errors: {}, ...props }),
    });
  };

  server.get(passwordPath, { config: { access: 'holder' } }, async (request, reply) =>
    showChange(request, reply, {}),
  );

  server.post(passwordPath, { config: { access: 'holder' } }, async (request, reply) => {
    const typed = readForm(request.body, {
      required: ['password', 'passwordAgain'],
      optional: ['currentPassword'],
    });
    const { texts: t } = request.context;
    const session = sessionOf(request);
    const outcome = await changePassword(
      parts,
      { holderId: session.holderId, iin: session.iin, sessionHash: session.hash, requestId: request.id },
      {
        current: typed['currentPassword'] ?? '',
        password: typed['password'] ?? '',
        again: typed['passwordAgain'] ?? '',
      },
    );
    switch (outcome.kind) {
      case 'changed':
        parts.onQueued();
        setSecret(reply, 'session', outcome.token, request.context.secure);
        return reply.redirect(`${path}?done=changed`, 303);
      case 'invalid':
        return showChange(request, reply, { status: 422, errors: outcome.errors });
      case 'limited':
        reply.header('retry-after', String(outcome.minutes * 60));
        return showChange(request, reply, {
          status: 429,
          trouble: fill(t.security.limited, { minutes: outcome.minutes }),
        });
      case 'not-active':
        await parts.endSessions(session.holderId);
        clearSecret(reply, 'session', request.context.secure);
        return reply.redirect('/sign-in?ended=closed', 303);
      case 'busy':
        reply.header('retry-after', String(busySeconds));
        return showChange(request, reply, { status: 503, trouble: t.signIn.busy });
    }
  });

  server.post(
    `${path}/sessions/end`,
    { config: { access: 'holder', duringMaintenance: true } },
    async (request, reply) => {
      const { session: name } = readForm(request.body, { required: ['session'] });
      const own = sessionOf(request);
      const { sessions } = await overviewOf(own);
      // Only among the holder's own: another person's session has no name here.
      const named = sessions.find((open) => sessionHandle(keys, open) === name);
      if (!named) throw problem(404);
      await store.endSession(own.holderId, named.hash, request.id);
      return reply.redirect(`${path}?done=ended`, 303);
    },
  );

  server.post(
    `${path}/sessions/end-others`,
    { config: { access: 'holder', duringMaintenance: true } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      const { holderId, hash } = sessionOf(request);
      await store.endOthers(holderId, hash, request.id);
      return reply.redirect(`${path}?done=othersEnded`, 303);
    },
  );

  return new Map([
    [
      passwordPath,
      {
        fields: [],
        secret: ['currentPassword', 'password', 'passwordAgain'],
        forHolder: true,
        show: async (request, reply) => showChange(request, reply, {}),
      },
    ],
  ]);
}

/** The session; these routes are open to holders only. */
function sessionOf(request: FastifyRequest): LiveSession {
  const { session } = request.context;
  if (!session) throw problem(403);
  return session;
}
