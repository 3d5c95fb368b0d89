import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, sendAway } from '../../platform/http/actor.ts';
import { emptyForm, parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import { problem } from '../../platform/http/problem.ts';
import { formatSince } from '../../texts/dates.ts';
import { changeLines } from '../../ui/change-words.ts';
import type { ChallengeFor } from '../eds/challenge.ts';
import { checkSignature, giveChallenge } from '../eds/check-signature.ts';
import { type EdsReason, retryAfter, shownReason, unknownSince } from '../eds/reasons.ts';
import { viewRequisites } from '../requisites/view.ts';
import { type ContactChangeRoutesDeps, leadOn, sendConfirm } from './common-routes.ts';
import { completeChange } from './complete.ts';
import { findChange } from './found-change.ts';
import type { PendingChange } from './pending-change.ts';

/** The signature as a browser sends it. */
interface SentSignature {
  readonly id: string;
  readonly signature: string;
}

/** Returns the bytes to sign: the pending change in words. */
export async function postChallenge(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const found = await findChange(deps, actorOf(request).holderId);
  if (!found || found.stopped) throw problem(409);
  return reply.send(await giveChallenge(deps, challengeFor(deps, request, found.pending)));
}

/**
 * Completes the pending change by a signature over exactly that change. No codes are needed then.
 */
export async function postSignature(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingChange,
  signed: SentSignature,
): Promise<FastifyReply> {
  const actor = actorOf(request);
  const refuse = (reason: EdsReason, detail?: string) =>
    refuseSignature(deps, request, reply, signed, { reason, detail });
  const checked = await checkSignature(deps, {
    ...signed,
    asked: challengeFor(deps, request, pending),
    requester: `holder ${actor.holderId}`,
  });
  if (!checked.ok) return refuse(checked.reason, checked.detail);
  const { iin, evidence } = checked.value;
  if (iin !== actor.iin) return refuse('otherPerson');
  // Changes made at a branch in the meantime are taken over first. Otherwise this change would
  // overwrite them unseen.
  if (!(await viewRequisites(deps, actor))) return sendAway(deps, request, reply);
  const outcome = await noteOutcome(
    request,
    'confirm',
    () => completeChange(deps, actor, pending, evidence),
    ({ kind }) => kind,
  );
  return outcome.kind === 'proof-gone' ? refuse('challengeOver') : leadOn(deps, request, reply, outcome);
}

function refuseSignature(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  signed: SentSignature,
  refusal: { readonly reason: EdsReason; readonly detail: string | undefined },
): Promise<FastifyReply> {
  const { reason } = refusal;
  request.log.info({ reason }, 'a signature was refused');
  const wait = retryAfter(reason);
  if (wait !== undefined) reply.header('retry-after', String(wait));
  const since = unknownSince(refusal);
  return sendConfirm(deps, request, reply, {
    status: wait === undefined ? 422 : 503,
    eds: {
      reason: shownReason(reason),
      since: since && formatSince(request.context.language, since),
      // The signature, when it may be sent again unchanged.
      again: wait === undefined ? undefined : signed,
    },
  });
}

/** What a challenge is valid for here: this change, in this session. */
function challengeFor(
  { siteOf }: ContactChangeRoutesDeps,
  request: FastifyRequest,
  pending: PendingChange,
): ChallengeFor {
  return {
    purpose: 'change',
    binding: actorOf(request).sessionHash,
    site: siteOf(request),
    change: {
      id: pending.changeId,
      lines: changeLines(request.context.texts, request.context.texts.requisites, pending),
    },
  };
}
