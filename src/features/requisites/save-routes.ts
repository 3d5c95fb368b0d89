import type { FastifyReply, FastifyRequest } from 'fastify';
import { paths, receiptPath } from '../../paths.ts';
import { actorOf, sendAway } from '../../platform/http/actor.ts';
import { markDone } from '../../platform/http/done-mark.ts';
import { parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import { sessionOf } from '../../platform/http/request-context.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { type RequisitesRoutesDeps, readingOf, readTyped, sendForm, sentForm } from './common-routes.ts';
import type { Typed } from './form.ts';
import { readForSaveWithSession, type SaveResult, saveRequisites } from './save.ts';

/** Reads what a save needs, together with the session. What the form sent may be no form of ours. */
export async function readSent(
  deps: Pick<RequisitesRoutesDeps, 'fund'>,
  connection: Queryable,
  sessionHash: Buffer,
  body: unknown,
) {
  const sent = sentForm.safeParse(body);
  return sent.success
    ? readForSaveWithSession(connection, deps, sessionHash, readTyped(sent.data))
    : undefined;
}

/** Saves what the form sent. */
async function saveSent(deps: RequisitesRoutesDeps, request: FastifyRequest) {
  const sent = parse(sentForm, request.body);
  const typed = readTyped(sent);
  const result = await saveRequisites(
    deps,
    actorOf(request),
    {
      typed,
      proof: `${sessionOf(request).method}-session`,
      byEds: sent.proof === 'eds',
    },
    readingOf(request),
  );
  return { typed, result };
}

/** Saves what the form sent, and leads on or shows the form again. */
export async function postForm(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { typed, result } = await noteOutcome(
    request,
    'save',
    () => saveSent(deps, request),
    (saved) => saved.result.kind,
  );
  const asked = asksFirst(request);
  const leadOn = (to: string) => (asked ? reply.send({ to }) : reply.redirect(to, 303));
  switch (result.kind) {
    case 'saved':
      deps.onSaved();
      markDone(deps.keys, request, reply, receiptPath(result.number));
      return leadOn(receiptPath(result.number));
    case 'proof-needed':
      deps.onQueued();
      return leadOn(paths.confirmChange);
    case 'not-active':
      return sendAway(deps, request, reply);
    default:
      if (!asked) return sendUnsaved(deps, request, reply, typed, result);
      // The form is sent again as a page, and that one counts.
      request.outcome = undefined;
      return reply.code(204).send();
  }
}

/**
 * True when the page's script sends the form in the background, so that a lost connection loses
 * nothing. It then wants to know only where a saved form leads (decision 183).
 */
function asksFirst(request: FastifyRequest): boolean {
  return request.headers.accept === 'application/json';
}

type Unsaved = Exclude<SaveResult, { kind: 'saved' | 'proof-needed' | 'not-active' }>;

/** Shows the form again, with the reason why nothing was saved. */
async function sendUnsaved(
  deps: RequisitesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  typed: Typed,
  result: Unsaved,
): Promise<FastifyReply> {
  switch (result.kind) {
    case 'invalid':
      return sendForm(deps, request, reply, result.view, typed, { status: 422, errors: result.errors });
    case 'unchanged':
      return sendForm(deps, request, reply, result.view, result.typed, { message: { kind: 'unchanged' } });
    case 'form-reused':
      return sendForm(deps, request, reply, result.view, result.typed, {
        status: 409,
        message: { kind: 'form-reused' },
      });
    case 'conflict':
      return sendForm(deps, request, reply, result.view, result.typed, {
        status: 409,
        errors: result.errors,
        message: { kind: 'conflict', entries: result.entries, elsewhere: result.elsewhere },
      });
  }
}
