import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, signInPath, withQuery } from '../../paths.ts';
import { emptyForm, type Fields, formOf, parse } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { clearSecret, readSecret, setSecret } from '../../platform/http/request-context.ts';
import { setSessionCookies } from '../../platform/http/session-cookies.ts';
import type { Keys } from '../../platform/keys.ts';
import type { Texts } from '../../texts/kk.ts';
import type { SharedBody } from '../../ui/page-skeleton.tsx';
import { isBlank } from '../../values/cleaning.ts';
import { type Iin, parseIin } from '../../values/iin.ts';
import type { Refusal } from '../../values/result.ts';
import type { EgovMobileSettings } from '../egov-mobile/settings.ts';
import { SignInPage, type SignInPageProps } from './pages.tsx';
import { firstPage, returnTarget } from './return-target.ts';
import { signOut } from './session-store.ts';
import { type SignInDeps, type SignInRefusal, signIn } from './sign-in.ts';

export interface SignInRoutesDeps extends SignInDeps {
  readonly sendPage: SendPage;
  readonly egovMobileSettings: EgovMobileSettings;
  /** Called when notices may wait in the outbox. */
  readonly onQueued: () => void;
}

/** Seconds. */
const rememberFor = 365 * 24 * 3600;
const busySeconds = 5;

/** `ended` says why a person has to sign in again. An unknown value is ignored. */
const signInQuery = z.object({
  to: returnTarget,
  ended: z.enum(['1', 'kept', 'closed', 'locked', 'step']).optional().catch(undefined),
  password: z.literal('saved').optional().catch(undefined),
});

const signInForm = formOf({ iin: z.string(), password: z.string(), remember: z.string().optional() });

/**
 * `/`, `/sign-in`, `/sign-out`, the session's own addresses, and the pages for the language switch.
 */
export function signInRoutes(
  server: FastifyInstance,
  deps: SignInRoutesDeps,
): ReadonlyMap<string, TypedPage> {
  const always = { access: 'anyone', duringMaintenance: true } as const;
  for (const path of [paths.start, paths.signIn]) {
    server.get(path, { config: { access: 'anyone' } }, async (request, reply) =>
      showSignIn(deps, request, reply),
    );
  }
  server.post(paths.signIn, { config: { ...always, takesEarlier: 'signed-in' } }, (request, reply) =>
    postSignIn(deps, request, reply),
  );
  server.post(paths.forgetIin, { config: always }, postForgetIin);
  server.post(
    paths.signOut,
    {
      config: {
        access: 'holder',
        wish: 'protect',
        duringMaintenance: true,
        whenSignedOut: paths.start,
      },
    },
    (request, reply) => postSignOut(deps, request, reply),
  );
  server.post(
    paths.extendSession,
    { config: { access: 'holder', wish: 'protect', duringMaintenance: true, takesEarlier: 'always' } },
    postExtendSession,
  );
  server.post(
    paths.sessionLeft,
    { config: { ...always, takesEarlier: 'always', passive: true } },
    postSessionLeft,
  );

  const typedPage: TypedPage = {
    fields: ['iin', 'remember'],
    secret: ['password'],
    forHolder: false,
    show: async (request: FastifyRequest, reply: FastifyReply, typed: Fields) =>
      sendSignIn(deps, request, reply, {
        iin: typed['iin'] ?? '',
        remember: typed['remember'] === '1',
      }),
  };
  return new Map([
    [paths.signIn, typedPage],
    [paths.start, typedPage],
  ]);
}

function showSignIn(deps: SignInRoutesDeps, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return request.context.session ? reply.redirect(paths.services, 303) : sendSignIn(deps, request, reply, {});
}

/** What a right password is called in the metrics. */
const signedInAs = { opened: 'signed-in', step: 'step-asked' } as const;

async function postSignIn(
  deps: SignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { context } = request;
  const form = parse(signInForm, request.body);
  const target = parse(signInQuery, request.query).to ?? paths.services;
  const { iin, password } = form;
  const remember = form.remember === '1';
  const parsed = isBlank(iin) ? undefined : parseIin(iin);
  if (context.session) {
    // The person has signed in in another tab in the meantime. The password is not checked.
    return parsed?.ok && parsed.value === context.session.iin
      ? reply.redirect(target, 303)
      : sendSignIn(deps, request, reply, { status: 409, iin, remember, signedInAlready: true });
  }
  if (!parsed?.ok || password === '') {
    return sendSignIn(deps, request, reply, {
      status: 422,
      iin,
      remember,
      iinError: parsed === undefined ? 'empty' : parsed.ok ? undefined : parsed.reason,
      passwordEmpty: password === '',
    });
  }

  const outcome = await noteOutcome(
    request,
    'sign-in-password',
    () =>
      signIn(deps, {
        iin: parsed.value,
        password,
        device: context.device,
        formerToken: readSecret(request, 'session', context.secure),
        network: context.network,
        language: context.language,
        userAgent: request.headers['user-agent'] ?? '',
        requestId: request.id,
      }),
    (signedIn) => (signedIn.ok ? signedInAs[signedIn.value.kind] : signedIn.reason),
  );
  if (!outcome.ok) return refuseSignIn(deps, request, reply, outcome, { iin, remember });
  deps.onQueued();
  rememberIin(reply, deps.keys, remember ? parsed.value : undefined, context.secure);
  if (outcome.value.kind === 'step') {
    setSecret(reply, 'step', outcome.value.token, context.secure);
    return reply.redirect(withQuery(paths.signInStep, { to: parse(signInQuery, request.query).to }), 303);
  }
  const { session } = outcome.value;
  setSessionCookies(reply, session, context.secure);
  return reply.redirect(firstPage(target, session), 303);
}

function refuseSignIn(
  deps: SignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { reason, detail: minutes = '1' }: Refusal<SignInRefusal>,
  typed: Pick<SignInPageProps, 'iin' | 'remember'>,
): FastifyReply {
  if (reason === 'limited' || reason === 'limitedHere')
    reply.header('retry-after', String(Number(minutes) * 60));
  if (reason === 'busy' || reason === 'fundDown') reply.header('retry-after', String(busySeconds));
  const status = {
    failed: 422,
    limited: 429,
    limitedHere: 429,
    busy: 503,
    fundDown: 503,
    statusUnknown: 422,
    locked: 422,
    noStep: 422,
  }[reason];
  return sendSignIn(deps, request, reply, { status, ...typed, refusal: { reason, minutes } });
}

async function postForgetIin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  clearSecret(reply, 'iin', request.context.secure);
  return reply.redirect(signInPath({}), 303);
}

async function postSignOut(
  { database }: SignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const { session, secure } = request.context;
  if (session) await signOut(database, session.hash, request.id);
  clearSecret(reply, 'session', secure);
  return reply.header('clear-site-data', '"cache"').redirect(paths.start, 303);
}

/**
 * The script of the session warning calls this. Reading the session has already counted as
 * activity.
 */
async function postExtendSession(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  return reply.send({ secondsLeft: request.context.session?.secondsLeft ?? 0 });
}

/**
 * The same script calls this before it warns and before it leaves, because other tabs and
 * suggestions prolong the session too.
 */
async function postSessionLeft(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  return reply.send({ secondsLeft: request.context.session?.secondsLeft ?? 0 });
}

function sendSignIn(
  { keys, sendPage, egovMobileSettings }: SignInRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, ...props }: Partial<SignInPageProps> & { readonly status?: number },
): FastifyReply {
  const { context } = request;
  const remembered = rememberedIin(request, keys);
  const { to, ended, password } = parse(signInQuery, request.query);
  const isUntouched =
    [remembered, to, ended, password].every((one) => one === undefined) && Object.keys(props).length === 0;
  return sendPage(request, reply, {
    title: context.texts.signIn.title,
    wide: true,
    status,
    hasErrors: status >= 400 && !context.outdated,
    hasForm: true,
    namesNobody: true,
    path: request.routeOptions.url === paths.start ? paths.start : paths.signIn,
    scripts: ['show-password', 'passkey-autofill'],
    body: isUntouched
      ? egovMobileSettings.service
        ? blankSignIn
        : blankWithoutPhone
      : SignInPage({
          t: context.texts,
          csrf: context.csrf(),
          iin: remembered ?? '',
          remember: remembered !== undefined,
          remembered: remembered !== undefined,
          to,
          ended: status >= 400 ? undefined : ended,
          passwordSaved: status < 400 && password === 'saved',
          byPhone: egovMobileSettings.service !== undefined,
          ...props,
        }),
  });
}

/** The page as everybody sees it who comes for the first time. */
const blankSignIn: SharedBody<Texts> = { shared: (t, csrf) => blankPage(t, csrf, true) };

/** The same where nobody signs in with the phone. */
const blankWithoutPhone: SharedBody<Texts> = { shared: (t, csrf) => blankPage(t, csrf, false) };

function blankPage(t: Texts, csrf: string, byPhone: boolean) {
  return SignInPage({
    t,
    csrf,
    iin: '',
    remember: false,
    remembered: false,
    to: undefined,
    ended: undefined,
    passwordSaved: false,
    byPhone,
  });
}

function rememberIin(reply: FastifyReply, keys: Keys, iin: Iin | undefined, secure: boolean): void {
  if (iin === undefined) clearSecret(reply, 'iin', secure);
  else {
    const sealed = keys.seal('remembered iin', '', iin).toString('base64url');
    setSecret(reply, 'iin', sealed, secure, rememberFor);
  }
}

function rememberedIin(request: FastifyRequest, keys: Keys): string | undefined {
  const sealed = readSecret(request, 'iin', request.context.secure);
  return sealed === undefined ? undefined : keys.open('remembered iin', '', Buffer.from(sealed, 'base64url'));
}
