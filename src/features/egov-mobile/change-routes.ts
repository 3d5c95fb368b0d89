import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { editPendingChange, paths, receiptPath } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { redirectDone } from '../../platform/http/done-mark.ts';
import { emptyForm, parse } from '../../platform/http/forms.ts';
import { clearSecret, setSecret } from '../../platform/http/request-context.ts';
import { readNow } from '../../platform/postgres/clock.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { changeLines } from '../../ui/change-words.ts';
import { findChange } from '../contact-change/found-change.ts';
import { changeMark, type PendingChange } from '../contact-change/pending-change.ts';
import { createChallenge } from '../eds/challenge.ts';
import type { AskedOfPhone, PhoneAttempt } from './attempt.ts';
import { PhonePage, type PhonePlace } from './pages.tsx';
import {
  attemptReasonText,
  demoCommand,
  limitMinutes,
  neverAsked,
  ownAttempt,
  type PhoneRoutesDeps,
  phoneCodeOf,
  phoneToken,
  refreshedAfter,
  rememberedFor,
} from './routes.ts';
import { startAttempt } from './start.ts';
import { phoneView } from './view.ts';

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
  const { context } = request;
  const found = await findChange(deps, actorOf(request).holderId);
  if (!found) return reply.redirect(paths.requisites, 303);
  if (found.stopped) return reply.redirect(editPendingChange, 303);
  const started = await startAttempt(deps.database, {
    formerToken: phoneToken(request),
    userAgent: request.headers['user-agent'] ?? '',
    network: context.network,
    language: context.language,
    target: undefined,
    asked: await changeToSign(deps, request, found.pending),
  });
  if (started.ok) {
    setSecret(reply, 'phone', started.value, context.secure, rememberedFor);
    return reply.redirect(paths.confirmByPhone, 303);
  }
  const { limited, busy } = context.texts.phone;
  const isLimited = started.reason === 'limited';
  return sendPhoneChange(deps, request, reply, undefined, {
    status: isLimited ? 429 : 503,
    trouble: isLimited ? fill(limited, { minutes: limitMinutes }) : busy,
  });
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
  { status = 200, trouble }: { readonly status?: number; readonly trouble?: string } = {},
): FastifyReply {
  const { texts: t, csrf } = request.context;
  const view = phoneView(attempt);
  const isWatched = view === 'waiting' || view === 'scanned';
  return deps.sendPage(request, reply, {
    title: t.phone.sign.title,
    section: 'services',
    status,
    hasErrors: status >= 400,
    path: paths.confirmByPhone,
    scripts: isWatched ? ['phone'] : [],
    styles: ['codes'],
    refreshedAfter: isWatched ? refreshedAfter : undefined,
    body: PhonePage({
      t,
      place: changePlace(t),
      csrf: csrf(),
      view,
      attempt,
      code: attempt && view === 'waiting' ? phoneCodeOf(deps, request, attempt) : undefined,
      ...neverAsked,
      reason: attempt?.reason ? attemptReasonText(t, attempt.reason) : undefined,
      trouble,
      command: demoCommand(deps, view),
    }),
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
