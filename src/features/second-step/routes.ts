import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { sessionOf } from '../../platform/http/request-context.ts';
import { SmsPage } from './sms-page.tsx';
import { changeSmsStep, type SmsStepDeps } from './sms-step.ts';
import { dismissSuggestion, readStepStanding } from './store.ts';

export interface SecondStepRoutesDeps extends SmsStepDeps {
  readonly sendPage: SendPage;
  /** Called when notices may wait in the outbox. */
  readonly onQueued: () => void;
}

const smsForm = formOf({ allow: z.enum(['0', '1']) });

/** `/security/sms-step`: codes by SMS as a second step. And the suggestion of one, to close it. */
export function secondStepRoutes(server: FastifyInstance, deps: SecondStepRoutesDeps): void {
  const config = { access: 'holder', wish: 'manage-factors' } as const;
  server.get(paths.allowSmsStep, { config }, (request, reply) => showSmsStep(deps, request, reply));
  server.post(paths.allowSmsStep, { config }, (request, reply) => postSmsStep(deps, request, reply));
  server.post(
    paths.dismissSuggestion,
    { config: { access: 'holder', backTo: paths.services } },
    (request, reply) => postDismiss(deps, request, reply),
  );
}

async function showSmsStep(
  { database, contactSettings: { waitHours }, sendPage }: SecondStepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  status = 200,
): Promise<FastifyReply> {
  const { texts: t, language, csrf } = request.context;
  const { holderId } = sessionOf(request);
  const standing = await readStepStanding(database, holderId, { marks: [], waitHours });
  return sendPage(request, reply, {
    title: t.smsStep.title,
    section: 'security',
    status,
    body: SmsPage({ t, language, csrf: csrf(), standing }),
  });
}

async function postSmsStep(
  deps: SecondStepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { allow } = parse(smsForm, request.body);
  const isDone = await changeSmsStep(deps, actorOf(request), allow === '1');
  if (!isDone) return showSmsStep(deps, request, reply, 422);
  deps.onQueued();
  return reply.redirect(`${paths.security}?done=factors`, 303);
}

async function postDismiss(
  { database }: SecondStepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  await dismissSuggestion(database, sessionOf(request).holderId);
  return reply.redirect(paths.services, 303);
}
