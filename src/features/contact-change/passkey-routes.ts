import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import { problem } from '../../platform/http/problem.ts';
import type { PasskeyAsked } from '../passkeys/challenge.ts';
import { askForPasskey } from '../passkeys/check-assertion.ts';
import { readPasskeysForContacts } from '../passkeys/store.ts';
import { type ContactChangeRoutesDeps, leave, sendConfirm } from './common-routes.ts';
import { findChange } from './found-change.ts';
import { isProved, type PendingChange } from './pending-change.ts';
import { completeProved } from './proof-routes.ts';
import { agreeByPasskey } from './prove.ts';

const passkeyForm = formOf({ answer: z.string(), formId: z.string() });

/** Gives what the browser needs to ask for a passkey that may stand for a contact on file. */
export async function postPasskeyChallenge(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const { holderId } = actorOf(request);
  const found = await findChange(deps, holderId);
  if (!found || found.stopped) throw problem(409);
  const { database, contactSettings } = deps;
  const { usable } = await readPasskeysForContacts(database, holderId, contactSettings.waitHours);
  // An empty list would let any passkey answer.
  if (usable.length === 0) throw problem(409);
  const options = await askForPasskey(deps, askedHere(deps, request, found.pending), usable);
  if (!options) throw problem(409);
  return reply.send(options);
}

/**
 * Takes a passkey in place of the code to a contact on file. Completes the change when nothing is
 * left to prove.
 */
export async function postPasskey(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { answer, formId } = parse(passkeyForm, request.body);
  const actor = actorOf(request);
  const found = await findChange(deps, actor.holderId);
  // This page is out of date: its change was completed or replaced in another window.
  if (found?.pending.formId !== formId || found.stopped)
    return leave(deps, request, reply, actor, formId, paths.confirmChange);
  const { pending } = found;
  const agreed = await noteOutcome(
    request,
    'confirm',
    () => agreeByPasskey(deps, actor, pending, { answer, asked: askedHere(deps, request, pending) }),
    (one) => (one.ok ? 'passkey' : one.reason),
  );
  if (!agreed.ok) {
    deps.onQueued();
    request.log.info({ reason: agreed.reason }, 'a passkey was refused');
    return sendConfirm(deps, request, reply, { status: 422, passkeyRefusal: agreed.reason });
  }
  const now = await findChange(deps, actor.holderId);
  if (now?.pending.changeId !== pending.changeId)
    return leave(deps, request, reply, actor, formId, paths.confirmChange);
  return isProved(now.pending, now.needed)
    ? completeProved(deps, request, reply, now.pending)
    : reply.redirect(paths.confirmChange, 303);
}

/** What a challenge is valid for here: this change, in this session. */
function askedHere(
  { siteOf }: ContactChangeRoutesDeps,
  request: FastifyRequest,
  { changeId }: PendingChange,
): PasskeyAsked {
  return { purpose: 'change', binding: actorOf(request).sessionHash, site: siteOf(request), changeId };
}
