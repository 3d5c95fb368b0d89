import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { paths, withQuery } from '../../paths.ts';
import { emptyForm, parse } from '../../platform/http/forms.ts';
import { leaveStep, stepToken } from '../../platform/http/step-cookie.ts';
import { tokenHash } from '../../platform/keys.ts';
import type { Texts } from '../../texts/kk.ts';
import { findWaitingStep } from '../sign-in/complete-step.ts';
import type { PhonePlace } from './pages.tsx';
import { beginSignIn, type PhoneRoutesDeps } from './routes.ts';

/** `/sign-in/step/phone`: a signature with a phone as the second step. */
export function phoneStepRoutes(server: FastifyInstance, deps: PhoneRoutesDeps): void {
  const config = { access: 'anyone', duringMaintenance: true } as const;
  server.post(paths.signInStepPhone, { config }, (request, reply) => postPhoneStep(deps, request, reply));
}

/** Asks for the signature of the person whose password was right, and of nobody else. */
async function postPhoneStep(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const { session, texts: t } = request.context;
  if (session) return reply.redirect(paths.services, 303);
  const token = stepToken(request);
  const waiting = await findWaitingStep(deps, token);
  if (token === undefined || !waiting?.steps.includes('phone')) return leaveStep(request, reply);
  const asked = { purpose: 'step', signerId: waiting.holderId, askedIn: tokenHash(token) } as const;
  return beginSignIn(deps, request, reply, asked, (to) => phoneStepPlace(t, to));
}

/** The page of an attempt that is a second step. */
export function phoneStepPlace(t: Texts, to: string | undefined): PhonePlace {
  return {
    title: t.phone.title,
    lead: t.phone.lead,
    page: paths.signInByPhone,
    begin: withQuery(paths.signInStepPhone, { to }),
    other: { href: withQuery(paths.signInStep, { to }), label: t.accountRequest.back },
  };
}
