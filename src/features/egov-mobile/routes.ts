import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, signInPath, withQuery } from '../../paths.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import { clearSecret, readSecret } from '../../platform/http/request-context.ts';
import { setSessionCookies } from '../../platform/http/session-cookies.ts';
import { tokenHash } from '../../platform/keys.ts';
import type { Texts } from '../../texts/kk.ts';
import { qrShape } from '../../ui/qr-code.tsx';
import { type Refusal, type Result, refused } from '../../values/result.ts';
import { readMarks } from '../sign-in/device-marks.ts';
import { findKnownMark } from '../sign-in/device-store.ts';
import type { OpenedSession } from '../sign-in/open-session.ts';
import { firstPage, returnTarget } from '../sign-in/return-target.ts';
import type { SignInDeps } from '../sign-in/sign-in.ts';
import { type PhoneApiDeps, phoneApiRoutes } from './api-routes.ts';
import type { AskedOfPhone, PhoneAttempt } from './attempt.ts';
import { findAttemptOf } from './attempt-store.ts';
import { phoneChangeRoutes } from './change-routes.ts';
import {
  type AttemptPage,
  type AttemptPageDeps,
  beginAttempt,
  phoneCodeOf,
  phoneToken,
  sendAttemptPage,
} from './common-routes.ts';
import { type EnterDeps, type EnteringBrowser, type EnterRefusal, enterByPhone } from './enter.ts';
import type { PhonePageProps, PhonePlace } from './pages.tsx';
import { phoneReturnRoutes } from './return-routes.ts';
import { phoneStepPlace, phoneStepRoutes } from './step-routes.ts';
import { phoneView, secondsLeft } from './view.ts';

export interface PhoneRoutesDeps extends PhoneApiDeps, EnterDeps, SignInDeps, AttemptPageDeps {
  /** Called when notices may wait in the outbox. */
  readonly onQueued: () => void;
}

const busySeconds = 5;

const phoneQuery = z.object({ to: returnTarget });
const stateQuery = z.object({ turn: z.coerce.number().int().min(0).optional().catch(undefined) });
const enterForm = formOf({ code: z.string().max(20).optional(), action: z.literal('read').optional() });

/** `/sign-in/phone`: the pages in the browser that asks, and on the phone after signing. */
export async function phoneRoutes(server: FastifyInstance, deps: PhoneRoutesDeps): Promise<void> {
  if (!deps.egovMobileSettings.service) return;
  const anyone = { access: 'anyone' } as const;
  const always = { ...anyone, duringMaintenance: true } as const;
  server.get(paths.signInByPhone, { config: anyone }, (request, reply) => showPhone(deps, request, reply));
  server.post(paths.signInByPhone, { config: always }, (request, reply) => postPhone(deps, request, reply));
  server.get(paths.phoneState, { config: { ...anyone, json: true } }, (request, reply) =>
    showPhoneState(deps, request, reply),
  );
  server.post(paths.enterByPhone, { config: always }, (request, reply) => postEnter(deps, request, reply));
  phoneReturnRoutes(server, deps);
  phoneChangeRoutes(server, deps);
  phoneStepRoutes(server, deps);
  await phoneApiRoutes(server, deps);
}

async function showPhone(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (request.context.session) return reply.redirect(paths.services, 303);
  return sendPhone(deps, request, reply, await ownSignIn(deps, request));
}

/** Starts an attempt in this browser, in the place of a former one. */
async function postPhone(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const { context } = request;
  if (context.session) return reply.redirect(paths.services, 303);
  return beginSignIn(deps, request, reply, { purpose: 'sign-in' }, (to) => signInPlace(context.texts, to));
}

/**
 * Starts an attempt that opens a session.
 * @param place what its page is called, and where else it leads
 */
export async function beginSignIn(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: AskedOfPhone,
  place: (to: string | undefined) => PhonePlace,
): Promise<FastifyReply> {
  const { to } = parse(phoneQuery, request.query);
  return beginAttempt(deps, request, reply, asked, { page: paths.signInByPhone, target: to }, (said) =>
    sendPhone(deps, request, reply, undefined, { ...said, place: place(to) }),
  );
}

/** Answers the script of the page: how far it is, and a newer code. Never who signed. */
async function showPhoneState(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const attempt = await ownAttempt(deps, request);
  const state = phoneView(attempt);
  const { turn } = parse(stateQuery, request.query);
  const code = attempt && state === 'waiting' ? phoneCodeOf(deps, request, attempt) : undefined;
  return reply.send({
    state,
    left: attempt ? secondsLeft(attempt) : 0,
    trouble: attempt?.trouble ?? '',
    ...(code && code.turn !== turn
      ? { code: { turn: code.turn, path: qrShape(code.qr).path, link: code.link } }
      : {}),
  });
}

/** Opens the session of an attempt that a phone has signed. */
async function postEnter(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { code = '', action } = parse(enterForm, request.body);
  const attempt = await ownSignIn(deps, request);
  if (!attempt || phoneView(attempt) !== 'done') return reply.redirect(paths.signInByPhone, 303);
  const typed = action === 'read' ? undefined : code;
  const asked = await askedOf(deps, request, attempt);
  // The button beside it enters without digits.
  if (asked.asksDigits && action !== 'read' && code.trim() === '')
    return refuseEntering(deps, request, reply, attempt, refused('codeEmpty'));
  const outcome = await noteOutcome(
    request,
    'sign-in-phone',
    () => enterByPhone(deps, attempt, typed, enteringBrowser(request)),
    (entered) => (entered.ok ? 'signed-in' : entered.reason),
  );
  return leadIn(deps, request, reply, attempt, outcome);
}

/** Goes into the cabinet, or says why not. */
export function leadIn(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  attempt: PhoneAttempt,
  outcome: Result<OpenedSession, EnterRefusal>,
): FastifyReply | Promise<FastifyReply> {
  if (!outcome.ok) return refuseEntering(deps, request, reply, attempt, outcome);
  const { secure } = request.context;
  deps.onQueued();
  setSessionCookies(reply, outcome.value, secure);
  clearSecret(reply, 'phone', secure);
  if (attempt.purpose === 'step') clearSecret(reply, 'step', secure);
  const target = returnTarget.parse(attempt.target ?? undefined) ?? paths.services;
  return reply.redirect(firstPage(target, outcome.value), 303);
}

async function refuseEntering(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  attempt: PhoneAttempt,
  { reason }: Refusal<EnterRefusal>,
): Promise<FastifyReply> {
  const { texts: t } = request.context;
  switch (reason) {
    case 'gone':
    case 'ended':
      return reply.redirect(paths.signInByPhone, 303);
    case 'codeEmpty':
    case 'codeWrong':
      return sendPhone(deps, request, reply, attempt, { status: 422, codeError: t.phone.done[reason] });
    case 'locked':
      return sendPhone(deps, request, reply, attempt, { status: 422, trouble: t.phone.locked });
    case 'fundDown':
      reply.header('retry-after', String(busySeconds));
      return sendPhone(deps, request, reply, attempt, { status: 503, trouble: t.signIn.fundDown });
  }
}

type Said = Partial<Pick<AttemptPage, 'status' | 'codeError' | 'trouble' | 'place'>>;

async function sendPhone(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  attempt: PhoneAttempt | undefined,
  said: Said = {},
): Promise<FastifyReply> {
  const { texts: t } = request.context;
  const asked = attempt && phoneView(attempt) === 'done' ? await askedOf(deps, request, attempt) : {};
  return sendAttemptPage(deps, request, reply, attempt, {
    path: paths.signInByPhone,
    place: placeOf(t, attempt, parse(phoneQuery, request.query).to),
    ...asked,
    ...said,
  });
}

function placeOf(t: Texts, attempt: PhoneAttempt | undefined, to: string | undefined): PhonePlace {
  const target = attempt?.target ?? to;
  return attempt?.purpose === 'step' ? phoneStepPlace(t, target) : signInPlace(t, target);
}

function signInPlace(t: Texts, to: string | undefined): PhonePlace {
  return {
    title: t.phone.title,
    lead: t.phone.lead,
    page: paths.signInByPhone,
    begin: withQuery(paths.signInByPhone, { to }),
    other: { href: signInPath({ to }), label: t.phone.byOther },
  };
}

/** Whether the six digits make a difference in this browser, for the person who signed. */
async function askedOf(
  { database, egovMobileSettings }: PhoneRoutesDeps,
  request: FastifyRequest,
  { holderId, returnedAt }: PhoneAttempt,
): Promise<Pick<PhonePageProps, 'asksDigits' | 'needsDigits' | 'willRead'>> {
  const { hashes } = readMarks(request.context.device);
  const isKnown = holderId !== null && (await findKnownMark(database, holderId, hashes)) !== undefined;
  const needsDigits = egovMobileSettings.returns === 'required' && returnedAt === null;
  return { asksDigits: needsDigits || (isKnown && returnedAt === null), needsDigits, willRead: !isKnown };
}

/** The attempt that this browser began last. */
export async function ownAttempt(
  { database }: PhoneRoutesDeps,
  request: FastifyRequest,
): Promise<PhoneAttempt | undefined> {
  const token = phoneToken(request);
  return token === undefined ? undefined : findAttemptOf(database, tokenHash(token));
}

/** The attempt to sign in that this browser began last. */
async function ownSignIn(deps: PhoneRoutesDeps, request: FastifyRequest): Promise<PhoneAttempt | undefined> {
  const attempt = await ownAttempt(deps, request);
  return attempt?.purpose === 'change' ? undefined : attempt;
}

/** The browser of a request, as it enters. */
export function enteringBrowser(request: FastifyRequest): EnteringBrowser {
  const { context } = request;
  return {
    browser: tokenHash(phoneToken(request) ?? ''),
    device: context.device,
    formerToken: readSecret(request, 'session', context.secure),
    network: context.network,
    userAgent: request.headers['user-agent'] ?? '',
    requestId: request.id,
  };
}
