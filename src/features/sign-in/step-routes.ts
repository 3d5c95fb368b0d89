import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, signInPath, withQuery } from '../../paths.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import type { TypedPage } from '../../platform/http/language.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { clearSecret, readSecret } from '../../platform/http/request-context.ts';
import { setSessionCookies } from '../../platform/http/session-cookies.ts';
import { leaveStep, stepToken } from '../../platform/http/step-cookie.ts';
import { stepReasonText } from '../../ui/step-words.ts';
import { isBlank } from '../../values/cleaning.ts';
import type { Channels } from '../notices/channel.ts';
import { passkeySiteOf } from '../passkeys/site.ts';
import { isCodeStep } from '../second-step/standing.ts';
import {
  findWaitingStep,
  type StepBrowser,
  type StepRefusal,
  sendWaitingCode,
  takeStep,
  type WaitingStep,
} from './complete-step.ts';
import type { OpenedSession } from './open-session.ts';
import { firstPage, returnTarget } from './return-target.ts';
import type { SignInDeps } from './sign-in.ts';
import { StepPage, type StepPageProps } from './step-page.tsx';

export interface StepRoutesDeps extends SignInDeps {
  readonly sendPage: SendPage;
  readonly channels: Channels;
  /** The origin that the person sees. Passkeys are bound to it. */
  readonly siteOf: (request: FastifyRequest) => string;
  /** Called when messages wait in the outbox. */
  readonly onQueued: () => void;
}

const busySeconds = 5;

const stepQuery = z.object({
  to: returnTarget,
  sent: z.literal('1').optional().catch(undefined),
});
const stepForm = formOf({
  code: z.string(),
  trust: z.string().optional(),
  action: z.literal('resend').optional(),
});

/** `/sign-in/step`: the second step after a right password, and its page for the language switch. */
export function stepRoutes(server: FastifyInstance, deps: StepRoutesDeps): ReadonlyMap<string, TypedPage> {
  server.get(paths.signInStep, { config: { access: 'anyone' } }, (request, reply) =>
    showStep(deps, request, reply),
  );
  server.post(paths.signInStep, { config: { access: 'anyone', duringMaintenance: true } }, (request, reply) =>
    postStep(deps, request, reply),
  );
  return new Map([
    [
      paths.signInStep,
      {
        fields: ['trust'],
        secret: ['code'],
        forHolder: false,
        show: (request, reply, typed) => showStep(deps, request, reply, { trust: typed['trust'] === '1' }),
      },
    ],
  ]);
}

async function showStep(
  deps: StepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  typed: { readonly trust?: boolean } = {},
): Promise<FastifyReply> {
  if (request.context.session) return reply.redirect(paths.services, 303);
  const waiting = await findWaitingStep(deps, stepToken(request));
  if (!waiting) return reply.redirect(signInPath({ ended: 'step' }), 303);
  const { sent } = parse(stepQuery, request.query);
  return sendStep(deps, request, reply, waiting, { ...typed, resent: sent === '1' });
}

async function postStep(
  deps: StepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { code, trust, action } = parse(stepForm, request.body);
  const { context } = request;
  if (context.session) return reply.redirect(paths.services, 303);
  const token = stepToken(request);
  const waiting = await findWaitingStep(deps, token);
  if (token === undefined || !waiting) return leaveStep(request, reply);
  if (action === 'resend') return postResend(deps, request, reply, waiting);
  const typed = { trust: trust === '1' };
  if (isBlank(code)) {
    const error = context.texts.reasons.codeEmpty;
    return sendStep(deps, request, reply, waiting, { ...typed, status: 422, error });
  }
  const outcome = await noteOutcome(
    request,
    'sign-in-step',
    () => takeStep(deps, waiting, code, { ...typed, ...stepBrowser(request, token) }),
    (taken) => (taken.ok ? 'signed-in' : taken.reason),
  );
  if (!outcome.ok) return refuseStep(deps, request, reply, waiting, typed, outcome);
  deps.onQueued();
  return goOn(request, reply, outcome.value);
}

/** The browser in which the step is taken. @param token the secret of the waiting sign-in */
export function stepBrowser(request: FastifyRequest, token: string): StepBrowser {
  const { context } = request;
  return {
    stepToken: token,
    device: context.device,
    formerToken: readSecret(request, 'session', context.secure),
    network: context.network,
    userAgent: request.headers['user-agent'] ?? '',
    requestId: request.id,
  };
}

/** Goes on in the session that the step has opened. */
export function goOn(request: FastifyRequest, reply: FastifyReply, session: OpenedSession): FastifyReply {
  const { secure } = request.context;
  setSessionCookies(reply, session, secure);
  clearSecret(reply, 'step', secure);
  const target = parse(stepQuery, request.query).to ?? paths.services;
  return reply.redirect(firstPage(target, session), 303);
}

async function postResend(
  deps: StepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  waiting: WaitingStep,
): Promise<FastifyReply> {
  const { texts: t, language } = request.context;
  const sent = await sendWaitingCode(deps, waiting, language);
  if (!sent.ok) return sendStep(deps, request, reply, waiting, { status: 429, trouble: t.confirm.codeLimit });
  deps.onQueued();
  const { to } = parse(stepQuery, request.query);
  return reply.redirect(withQuery(paths.signInStep, { sent: '1', to }), 303);
}

function refuseStep(
  deps: StepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  waiting: WaitingStep,
  typed: { readonly trust: boolean },
  { reason, detail }: { readonly reason: StepRefusal; readonly detail?: string | undefined },
): FastifyReply {
  const { texts: t } = request.context;
  deps.onQueued();
  switch (reason) {
    case 'gone':
      return leaveStep(request, reply);
    case 'locked':
      return sendStep(deps, request, reply, waiting, { ...typed, status: 422, trouble: t.signIn.locked });
    case 'fundDown':
      reply.header('retry-after', String(busySeconds));
      return sendStep(deps, request, reply, waiting, { ...typed, status: 503, trouble: t.signIn.fundDown });
    case 'stepBusy':
      reply.header('retry-after', String(busySeconds));
      return sendStep(deps, request, reply, waiting, {
        ...typed,
        status: 503,
        trouble: stepReasonText(t, reason, detail),
      });
    case 'stepLimited':
      reply.header('retry-after', String(Number(detail) * 60));
      return sendStep(deps, request, reply, waiting, {
        ...typed,
        status: 429,
        trouble: stepReasonText(t, reason, detail),
      });
    default:
      return sendStep(deps, request, reply, waiting, {
        ...typed,
        status: 422,
        error: stepReasonText(t, reason, detail),
      });
  }
}

export function sendStep(
  { sendPage, channels, siteOf }: StepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { steps, standing }: WaitingStep,
  { status = 200, ...props }: Partial<StepPageProps> & { readonly status?: number },
): FastifyReply {
  const { texts: t, csrf } = request.context;
  return sendPage(request, reply, {
    title: t.step.title,
    status,
    hasErrors: status >= 400,
    // The form of the code. The others have nothing that a switch of the language could lose.
    hasForm: steps.some(isCodeStep),
    path: paths.signInStep,
    scripts: ['passkey'],
    body: StepPage({
      t,
      csrf: csrf(),
      steps,
      where: passkeySiteOf(siteOf(request)),
      mobile: standing.mobile,
      to: parse(stepQuery, request.query).to,
      trust: false,
      late: !channels.available('mobile'),
      ...props,
    }),
  });
}
