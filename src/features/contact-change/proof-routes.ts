import type { FastifyReply, FastifyRequest } from 'fastify';
import { paths } from '../../paths.ts';
import { actorOf, sendAway } from '../../platform/http/actor.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import { problem } from '../../platform/http/problem.ts';
import type { Actor } from '../../platform/session.ts';
import { isBlank } from '../../values/cleaning.ts';
import { viewRequisites } from '../requisites/view.ts';
import { type CodeField, codeFields, proofOf } from './code-fields.ts';
import {
  type ConfirmNews,
  type ContactChangeRoutesDeps,
  leadOn,
  leave,
  sendConfirm,
} from './common-routes.ts';
import { completeChange } from './complete.ts';
import { type FoundChange, findChange } from './found-change.ts';
import {
  isGiven,
  isProved,
  type NeededProofs,
  openProofs,
  type PendingChange,
  resendActions,
} from './pending-change.ts';
import type { CodeFieldReason } from './proof-steps.tsx';
import { chooseVia, proveContact, sendProofCode } from './prove.ts';
import type { ContactOnFile } from './standing.ts';

/** The fields of the form that concern its proofs. */
type SentProofs = { readonly action?: string | undefined; readonly via?: string | undefined } & {
  readonly [Name in CodeField]?: string | undefined;
};

/**
 * Takes the choice of the confirming channel, and the codes. Completes the change when nothing is
 * left to prove.
 */
export async function postProofs(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  found: FoundChange,
  sent: SentProofs,
): Promise<FastifyReply> {
  const actor = actorOf(request);
  const { pending, needed } = found;
  const typed = codeFields.filter((field) => !isBlank(sent[field] ?? ''));
  const chosen = readVia(sent.via, needed);
  if (sent.action === 'via' && !chosen)
    return sendConfirm(deps, request, reply, { status: 422, errors: new Map([['via', 'viaMissing']]) });
  if (chosen && (sent.action === 'via' || isNewChoice(pending, chosen, typed))) {
    const chose = await chooseVia(deps, actor, pending, needed, chosen);
    deps.onQueued();
    if (typed.length === 0 || !chose.ok)
      return sendConfirm(deps, request, reply, { ...sentNews(chose.ok), via: chosen.channel });
  }

  const refusals = await proveTyped(deps, actor, found, sent, typed);
  const now = await findChange(deps, actor.holderId);
  if (now?.pending.changeId !== pending.changeId)
    return leave(deps, request, reply, actor, pending.formId, paths.confirmChange);
  const errors = errorsLeft(now, sent, refusals);
  if (errors.size > 0) return sendConfirm(deps, request, reply, { status: 422, errors });
  // Codes may be entered one at a time.
  if (!isProved(now.pending, now.needed)) return reply.redirect(paths.confirmChange, 303);
  return completeProved(deps, request, reply, now.pending);
}

/** Sends one of the missing codes again, or all of them. A valid code is sent unchanged. */
export async function postResend(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { pending, needed }: FoundChange,
  action: string,
): Promise<FastifyReply> {
  let areSent = true;
  const wanted = openProofs(pending, needed).filter(
    (proof) => action === 'resend' || action === resendActions[proof],
  );
  for (const proof of wanted) {
    const sent = await sendProofCode(deps, actorOf(request), pending, proof, needed);
    areSent &&= sent.ok;
  }
  deps.onQueued();
  return sendConfirm(deps, request, reply, sentNews(areSent));
}

/** The page's message about the codes sent. */
function sentNews(areSent: boolean): ConfirmNews {
  return areSent ? { status: 200, message: 'codeSent' } : { status: 429, message: 'codeLimit' };
}

/** A channel among those that may confirm. Any other value is answered with 400. */
function readVia(sent: string | undefined, { choices }: NeededProofs): ContactOnFile | undefined {
  if (sent === undefined || sent === '') return undefined;
  const choice = choices.find(({ channel }) => channel === sent);
  if (!choice) throw problem(400);
  return choice;
}

/**
 * Whether the post chooses another channel without using its button. In that case it has no code
 * for the former channel.
 */
function isNewChoice(pending: PendingChange, chosen: ContactOnFile, typed: readonly CodeField[]): boolean {
  return chosen.channel !== pending.via && !pending.currentProved && !typed.includes('currentCode');
}

/** Compares the typed codes whose proofs are missing. Returns those that were refused. */
async function proveTyped(
  deps: ContactChangeRoutesDeps,
  actor: Actor,
  { pending, needed }: FoundChange,
  sent: SentProofs,
  typed: readonly CodeField[],
): Promise<ReadonlyMap<CodeField, CodeFieldReason>> {
  const refusals = new Map<CodeField, CodeFieldReason>();
  for (const field of typed) {
    const proof = proofOf(field, needed);
    if (proof === undefined || isGiven(pending, proof)) continue;
    const proved = await proveContact(deps, actor, pending, proof, sent[field] ?? '');
    if (!proved.ok) refusals.set(field, proved.reason);
  }
  return refusals;
}

/** The errors of a form after its codes were compared. */
function errorsLeft(
  { pending, needed }: FoundChange,
  sent: SentProofs,
  refusals: ReadonlyMap<CodeField, CodeFieldReason>,
): ReadonlyMap<CodeField, CodeFieldReason> {
  const left = [...refusals].filter(([field]) => {
    // Another post of this page may have brought the same code a moment earlier.
    const proof = proofOf(field, needed);
    return proof === undefined || !isGiven(pending, proof);
  });
  if (left.length > 0) return new Map(left);
  if (isProved(pending, needed)) return new Map();
  const open = openProofs(pending, needed);
  // An empty field is an error only when this form asked for it.
  const empty = codeFields.filter((field) => {
    const proof = proofOf(field, needed);
    return proof !== undefined && open.includes(proof) && sent[field] !== undefined;
  });
  return new Map(empty.map((field) => [field, 'codeEmpty']));
}

/** Completes a change that needs no further proof. */
export async function completeProved(
  deps: ContactChangeRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingChange,
): Promise<FastifyReply> {
  const actor = actorOf(request);
  // Changes made at a branch in the meantime are taken over first. Otherwise this change would
  // overwrite them unseen.
  if (!(await viewRequisites(deps, actor))) return sendAway(deps, request, reply);
  const outcome = await noteOutcome(
    request,
    'confirm',
    () => completeChange(deps, actor, pending),
    ({ kind }) => kind,
  );
  return outcome.kind === 'proof-gone'
    ? sendConfirm(deps, request, reply, { status: 422, message: 'proofGone' })
    : leadOn(deps, request, reply, outcome);
}
