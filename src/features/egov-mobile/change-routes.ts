import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { editPendingChange, paths, receiptPath } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { redirectDone } from '../../platform/http/done-mark.ts';
import { emptyForm, parse } from '../../platform/http/forms.ts';
import { clearSecret } from '../../platform/http/request-context.ts';
import { readNow } from '../../platform/postgres/clock.ts';
import type { Texts } from '../../texts/kk.ts';
import { changeLines } from '../../ui/change-words.ts';
import { findChange } from '../contact-change/found-change.ts';
import { changeMark, type PendingChange } from '../contact-change/pending-change.ts';
import { createChallenge } from '../eds/challenge.ts';
import type { AskedOfPhone, PhoneAttempt } from './attempt.ts';
import { beginAttempt, type NotStarted, sendAttemptPage } from './common-routes.ts';
import type { PhonePlace } from './pages.tsx';
import { ownAttempt, type PhoneRoutesDeps } from './routes.ts';

/** `/services/requisites/confirm/phone`: signing a change with the phone. */
export function phoneChangeRoutes(server: FastifyInstance, deps: PhoneRoutesDeps): void {
  const config = { access: 'holder', wish: 'change-contact', backTo: paths.confirmChange } as const;
  server.get(paths.confirmByPhone, { config: { access: 'holder' } }, (request, reply) =>
    showPhoneChange(deps, request, reply),
  );
  server.post(paths.confirmByPhone, { config }, (request, reply) => postPhoneChange(deps, request, reply));
}

/** The page of the attempt, the receipt once it was signed, or the page with the other ways. */
async function showPhoneChange(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const attempt = await ownAttempt(deps, request);
  if (attempt?.purpose !== 'change' || attempt.signerId !== actorOf(request).holderId)
    return reply.redirect(paths.confirmChange, 303);
  if (attempt.number !== null) {
    clearSecret(reply, 'phone', request.context.secure);
    return redirectDone(deps.keys, request, reply, receiptPath(attempt.number));
  }
  return sendPhoneChange(deps, request, reply, attempt);
}

/** Asks a phone to sign the pending change. */
async function postPhoneChange(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const found = await findChange(deps, actorOf(request).holderId);
  if (!found) return reply.redirect(paths.requisites, 303);
  if (found.stopped) return reply.redirect(editPendingChange, 303);
  const asked = await changeToSign(deps, request, found.pending);
  const to = { page: paths.confirmByPhone, target: undefined };
  return beginAttempt(deps, request, reply, asked, to, (said) =>
    sendPhoneChange(deps, request, reply, undefined, said),
  );
}

/** The same text as for NCALayer. The phone shows it. */
async function changeToSign(
  { database, keys, siteOf }: PhoneRoutesDeps,
  request: FastifyRequest,
  pending: PendingChange,
): Promise<AskedOfPhone> {
  const { holderId, sessionHash } = actorOf(request);
  const { changeId } = pending;
  const { content, nonce } = createChallenge(
    keys,
    {
      purpose: 'change',
      binding: sessionHash,
      site: siteOf(request),
      change: {
        id: changeId,
        lines: changeLines(request.context.texts, request.context.texts.requisites, pending),
      },
    },
    await readNow(database),
  );
  return {
    purpose: 'change',
    signerId: holderId,
    askedIn: sessionHash,
    changeId,
    changeMark: changeMark(pending),
    content,
    nonce,
  };
}

function sendPhoneChange(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  attempt: PhoneAttempt | undefined,
  said?: NotStarted,
): FastifyReply {
  return sendAttemptPage(deps, request, reply, attempt, {
    path: paths.confirmByPhone,
    section: 'services',
    place: changePlace(request.context.texts),
    ...said,
  });
}

function changePlace(t: Texts): PhonePlace {
  return {
    title: t.phone.sign.title,
    lead: t.phone.sign.help,
    page: paths.confirmByPhone,
    begin: paths.confirmByPhone,
    other: { href: paths.confirmChange, label: t.confirm.otherWays },
  };
}
