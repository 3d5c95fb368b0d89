import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import { problem } from '../../platform/http/problem.ts';
import { leaveStep, stepToken } from '../../platform/http/step-cookie.ts';
import { tokenHash } from '../../platform/keys.ts';
import type { PasskeyAsked } from '../passkeys/challenge.ts';
import { askForPasskey } from '../passkeys/check-assertion.ts';
import { listPasskeys } from '../passkeys/store.ts';
import { findWaitingStep, takePasskeyStep } from './complete-step.ts';
import { goOn, type StepRoutesDeps, sendStep, stepBrowser } from './step-routes.ts';

const answerForm = formOf({ answer: z.string(), trust: z.string().optional() });

/** `/sign-in/step/passkey`: a passkey as the second step. */
export function stepPasskeyRoutes(server: FastifyInstance, deps: StepRoutesDeps): void {
  const config = { access: 'anyone', duringMaintenance: true } as const;
  server.post(paths.signInStepPasskeyChallenge, { config }, (request, reply) =>
    postStepChallenge(deps, request, reply),
  );
  server.post(paths.signInStepPasskey, { config }, (request, reply) => postStepPasskey(deps, request, reply));
}

async function postStepChallenge(
  deps: StepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const token = stepToken(request);
  const waiting = await findWaitingStep(deps, token);
  if (token === undefined || !waiting) throw problem(403);
  const own = await listPasskeys(deps.database, waiting.holderId);
  const options = await askForPasskey(deps, askedHere(deps, request, token), own);
  if (!options) throw problem(409);
  return reply.send(options);
}

async function postStepPasskey(
  deps: StepRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { answer, trust } = parse(answerForm, request.body);
  if (request.context.session) return reply.redirect(paths.services, 303);
  const token = stepToken(request);
  const waiting = await findWaitingStep(deps, token);
  if (token === undefined || !waiting) return leaveStep(request, reply);
  const trusts = trust === '1';
  const outcome = await noteOutcome(
    request,
    'sign-in-step',
    () =>
      takePasskeyStep(
        deps,
        waiting,
        { answer, asked: askedHere(deps, request, token) },
        {
          ...stepBrowser(request, token),
          trust: trusts,
        },
      ),
    (taken) => (taken.ok ? 'signed-in' : taken.reason),
  );
  deps.onQueued();
  if (outcome.ok) return goOn(request, reply, outcome.value);
  const { reason } = outcome;
  if (reason === 'gone') return leaveStep(request, reply);
  request.log.info({ reason }, 'a passkey was refused');
  return sendStep(deps, request, reply, waiting, {
    status: reason === 'fundDown' ? 503 : 422,
    trust: trusts,
    passkeyRefusal: reason,
  });
}

/** What a challenge is valid for here: the sign-in that waits for its step. */
function askedHere({ siteOf }: StepRoutesDeps, request: FastifyRequest, token: string): PasskeyAsked {
  return { purpose: 'step', binding: tokenHash(token), site: siteOf(request) };
}
