import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Fields, readForm } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { clearSecret, readSecret, setSecret } from '../../platform/http/request-context.ts';
import type { Keys } from '../../platform/keys.ts';
import { isBlank } from '../../values/cleaning.ts';
import { parseIin } from '../../values/iin.ts';
import { SignInPage, type SignInPageProps } from './pages.tsx';
import type { SessionStore } from './ports.ts';
import { type OpenedSession, type SignInDeps, signIn } from './sign-in.ts';

export interface SignInRoutesDeps extends SignInDeps {
  readonly sessions: SessionStore;
  readonly sendPage: SendPage;
  /** The pages a person may be sent back to after signing in: an address from outside is never followed. */
  readonly destinations: readonly string[];
  /** Told that notices may wait in the outbox. */
  readonly onQueued: () => void;
}

const rememberDays = 365;
const deviceDays = 400;
const busySeconds = 5;

/** Why a person is sent to sign in anew: what `?ended=` says. */
const endings: ReadonlyMap<unknown, SignInPageProps['ended']> = new Map([
  ['1', 'over'],
  ['kept', 'kept'],
  ['closed', 'closed'],
]);

/** `/`, `/sign-in`, `/sign-out`, and the page for the language switch. */
export function signInRoutes(
  server: FastifyInstance,
  parts: SignInRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const { keys, sendPage } = parts;

  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    state: Partial<SignInPageProps> & { status?: number },
  ) => {
    const { context } = request;
    const remembered = rememberedIin(request, keys);
    const query = request.query as Record<string, unknown>;
    const ended = endings.get(query['ended']);
    const { status = 200, ...props } = state;
    return sendPage(request, reply, {
      title: context.texts.signIn.title,
      status,
      hasErrors: status >= 400 && !context.outdated,
      hasForm: true,
      namesNobody: true,
      path: request.routeOptions.url === '/' ? '/' : '/sign-in',
      scripts: ['show-password'],
      body: SignInPage({
        t: context.texts,
        csrf: context.csrf(),
        iin: remembered ?? '',
        remember: remembered !== undefined,
        remembered: remembered !== undefined,
        to: destination(query['to'], parts.destinations),
        ended: status >= 400 ? undefined : ended,
        passwordSaved: status < 400 && query['password'] === 'saved',
        ...props,
      }),
    });
  };

  for (const path of ['/', '/sign-in']) {
    server.get(path, { config: { access: 'anyone' } }, async (request, reply) =>
      request.context.session ? reply.redirect('/services', 303) : show(request, reply, {}),
    );
  }

  server.post(
    '/sign-in',
    { config: { access: 'anyone', duringMaintenance: true, takesEarlier: 'signed-in' } },
    async (request, reply) => {
      const typed = readForm(request.body, { required: ['iin', 'password'], optional: ['remember'] });
      const { iin = '', password = '' } = typed;
      const remember = typed['remember'] === '1';
      const parsed = isBlank(iin) ? undefined : parseIin(iin);
      const { session } = request.context;
      if (session) {
        // Signed in meanwhile in another tab. The password is not looked at.
        if (!parsed?.ok || parsed.value !== session.iin)
          return show(request, reply, { status: 409, iin, remember, signedInAlready: true });
        return reply.redirect(
          destination((request.query as Record<string, unknown>)['to'], parts.destinations) ?? '/services',
          303,
        );
      }
      if (!parsed?.ok || password === '') {
        return show(request, reply, {
          status: 422,
          iin,
          remember,
          iinError: parsed === undefined ? 'empty' : parsed.ok ? undefined : parsed.reason,
          passwordEmpty: password === '',
        });
      }

      const { context } = request;
      const outcome = await signIn(parts, {
        iin: parsed.value,
        password,
        device: context.device,
        formerToken: readSecret(request, 'session', context.secure),
        network: context.network,
        userAgent: request.headers['user-agent'] ?? '',
        requestId: request.id,
      });
      if (!outcome.ok) {
        const minutes = outcome.detail ?? '1';
        if (outcome.reason === 'limited' || outcome.reason === 'limitedHere')
          reply.header('retry-after', String(Number(minutes) * 60));
        if (outcome.reason === 'busy' || outcome.reason === 'fundDown')
          reply.header('retry-after', String(busySeconds));
        const status = {
          failed: 422,
          limited: 429,
          limitedHere: 429,
          busy: 503,
          fundDown: 503,
          statusUnknown: 422,
        }[outcome.reason];
        return show(request, reply, { status, iin, remember, refusal: { reason: outcome.reason, minutes } });
      }

      parts.onQueued();
      startSession(reply, outcome.value, context.secure);
      if (remember) {
        setSecret(
          reply,
          'iin',
          keys.seal('remembered iin', '', parsed.value).toString('base64url'),
          context.secure,
          rememberDays,
        );
      } else clearSecret(reply, 'iin', context.secure);
      const to =
        destination((request.query as Record<string, unknown>)['to'], parts.destinations) ?? '/services';
      return reply.redirect(outcome.value.replaced > 0 ? `${to}?replaced=1` : to, 303);
    },
  );

  server.post(
    '/sign-in/forget',
    { config: { access: 'anyone', duringMaintenance: true } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      clearSecret(reply, 'iin', request.context.secure);
      return reply.redirect('/sign-in', 303);
    },
  );

  server.post(
    '/sign-out',
    { config: { access: 'holder', duringMaintenance: true, whenSignedOut: '/' } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      const { session, secure } = request.context;
      if (session) await parts.sessions.end(session.hash, 'signed-out', request.id);
      clearSecret(reply, 'session', secure);
      return reply.header('clear-site-data', '"cache"').redirect('/', 303);
    },
  );

  // Asked by the script of the session warning; reading the session has already counted as activity.
  server.post(
    '/session/extend',
    { config: { access: 'holder', duringMaintenance: true, takesEarlier: 'always' } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      return reply.send({ secondsLeft: request.context.session?.secondsLeft ?? 0 });
    },
  );

  // Asked by the same script before it warns, and before it leaves: other tabs and suggestions prolong the session too.
  server.post(
    '/session/left',
    { config: { access: 'anyone', duringMaintenance: true, takesEarlier: 'always', passive: true } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      return reply.send({ secondsLeft: request.context.session?.secondsLeft ?? 0 });
    },
  );

  const showTyped = async (request: FastifyRequest, reply: FastifyReply, typed: Fields) =>
    show(request, reply, { iin: typed['iin'] ?? '', remember: typed['remember'] === '1' });
  return new Map([
    ['/sign-in', { fields: ['iin', 'remember'], secret: ['password'], forHolder: false, show: showTyped }],
    ['/', { fields: ['iin', 'remember'], secret: ['password'], forHolder: false, show: showTyped }],
  ]);
}

/** Gives the browser its session, and the mark by which it is known the next time. */
export function startSession(reply: FastifyReply, { token, device }: OpenedSession, secure: boolean): void {
  setSecret(reply, 'session', token, secure);
  setSecret(reply, 'device', device, secure, deviceDays);
  clearSecret(reply, 'visit', secure);
}

/** A page of ours to go to, or undefined: anything not on the list is ignored. */
export function destination(wanted: unknown, allowed: readonly string[]): string | undefined {
  return allowed.find((path) => path === wanted);
}

function rememberedIin(request: FastifyRequest, keys: Keys): string | undefined {
  const sealed = readSecret(request, 'iin', request.context.secure);
  return sealed === undefined ? undefined : keys.open('remembered iin', '', Buffer.from(sealed, 'base64url'));
}
