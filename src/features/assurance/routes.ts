import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths, withQuery } from '../../paths.ts';
import { actorOf } from '../../platform/http/actor.ts';
import { emptyForm, formOf, parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { sessionOf, setSecret } from '../../platform/http/request-context.ts';
import { setDeviceMarks } from '../../platform/http/session-cookies.ts';
import { formatSince } from '../../texts/dates.ts';
import type { Texts } from '../../texts/kk.ts';
import { fill } from '../../texts/texts.ts';
import { stepReasonText } from '../../ui/step-words.ts';
import { isBlank } from '../../values/cleaning.ts';
import { giveChallenge } from '../eds/check-signature.ts';
import { retryAfter, shownReason, unknownSince } from '../eds/reasons.ts';
import { askForPasskey } from '../passkeys/check-assertion.ts';
import { passkeySiteOf } from '../passkeys/site.ts';
import { listPasskeys } from '../passkeys/store.ts';
import { liftsRestriction } from '../second-step/standing.ts';
import { returnTarget } from '../sign-in/return-target.ts';
import { ProvePage, type ProvePageProps } from './page.tsx';
import {
  type PasswordProofReason,
  type ProveDeps,
  type ProvedSession,
  type Prover,
  proveByEds,
  proveByPasskey,
  proveByPassword,
  proveByStep,
  readProofs,
  sendProofBySms,
} from './prove.ts';

export interface ProofRoutesDeps extends ProveDeps {
  readonly sendPage: SendPage;
  /** The origin that the person sees. It is part of what they sign. */
  readonly siteOf: (request: FastifyRequest) => string;
  /** Called when messages wait in the outbox. */
  readonly onQueued: () => void;
}

const busySeconds = 5;

const proveQuery = z.object({ to: returnTarget, sent: z.literal('1').optional().catch(undefined) });
const proveForm = z.union([
  formOf({ password: z.string() }),
  formOf({ code: z.string(), action: z.literal('send').optional() }),
]);
const answerForm = formOf({ answer: z.string() });
const signatureForm = formOf({ id: z.string(), signature: z.string() });

/** `/security/prove`: a fresh proof of who the holder of a session is. */
export function proofRoutes(server: FastifyInstance, deps: ProofRoutesDeps): void {
  const config = { access: 'holder', wish: 'protect', backTo: paths.prove } as const;
  server.get(paths.prove, { config }, (request, reply) => showProve(deps, request, reply));
  server.post(paths.prove, { config }, (request, reply) => postProve(deps, request, reply));
  server.post(paths.proveByEdsChallenge, { config }, (request, reply) =>
    postProveChallenge(deps, request, reply),
  );
  server.post(paths.proveByPasskeyChallenge, { config: { ...config, json: true } }, (request, reply) =>
    postPasskeyChallenge(deps, request, reply),
  );
  server.post(paths.proveByPasskey, { config }, (request, reply) => postProveByPasskey(deps, request, reply));
  server.post(paths.proveByEds, { config }, (request, reply) => postProveByEds(deps, request, reply));
}

function showProve(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return sendProve(deps, request, reply, {});
}

async function postProve(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const sent = parse(proveForm, request.body);
  if ('password' in sent) return postPassword(deps, request, reply, sent.password);
  return sent.action === 'send' ? postSend(deps, request, reply) : postCode(deps, request, reply, sent.code);
}

async function postPassword(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  password: string,
): Promise<FastifyReply> {
  const { texts: t } = request.context;
  const proved = await noteOutcome(
    request,
    'prove',
    () => proveByPassword(deps, proverOf(request), password),
    (one) => (one.ok ? 'password' : one.reason),
  );
  if (proved.ok) return leadOn(request, reply, proved.value);
  const { reason, detail } = proved;
  if (reason === 'limited') reply.header('retry-after', String(Number(detail) * 60));
  if (reason === 'busy') reply.header('retry-after', String(busySeconds));
  const text = passwordReasonText(t, reason, detail);
  const isOfField = reason === 'currentEmpty' || reason === 'currentWrong';
  const status = reason === 'limited' ? 429 : reason === 'busy' ? 503 : 422;
  return sendProve(deps, request, reply, {
    status,
    errors: isOfField ? { password: text } : { other: text },
  });
}

function passwordReasonText(t: Texts, reason: PasswordProofReason, detail: string | undefined): string {
  switch (reason) {
    case 'limited':
      return fill(t.security.limited, { minutes: detail ?? '1' });
    case 'busy':
      return t.signIn.busy;
    case 'notAccepted':
      return t.prove.notAccepted;
    default:
      return t.security[reason];
  }
}

async function postCode(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  code: string,
): Promise<FastifyReply> {
  const { texts: t } = request.context;
  if (isBlank(code))
    return sendProve(deps, request, reply, { status: 422, errors: { code: t.reasons.codeEmpty } });
  const proved = await noteOutcome(
    request,
    'prove',
    () => proveByStep(deps, proverOf(request), code),
    (one) => (one.ok ? 'step' : one.reason),
  );
  if (proved.ok) return leadOn(request, reply, proved.value);
  deps.onQueued();
  const { reason, detail } = proved;
  const text = stepReasonText(t, reason, detail);
  if (reason !== 'stepLimited' && reason !== 'stepBusy')
    return sendProve(deps, request, reply, { status: 422, errors: { code: text } });
  const isLimited = reason === 'stepLimited';
  reply.header('retry-after', String(isLimited ? Number(detail) * 60 : busySeconds));
  return sendProve(deps, request, reply, { status: isLimited ? 429 : 503, errors: { other: text } });
}

async function postSend(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const sent = await sendProofBySms(deps, proverOf(request));
  if (!sent.ok) {
    const other = request.context.texts.confirm.codeLimit;
    return sendProve(deps, request, reply, { status: 429, errors: { other } });
  }
  deps.onQueued();
  const { to } = parse(proveQuery, request.query);
  return reply.redirect(withQuery(paths.prove, { sent: '1', to }), 303);
}

async function postProveChallenge(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  return reply.send(await giveChallenge(deps, challengeFor(deps, request)));
}

async function postProveByEds(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const signed = parse(signatureForm, request.body);
  const { id, signature } = signed;
  const asked = challengeFor(deps, request);
  const proved = await noteOutcome(
    request,
    'prove',
    () => proveByEds(deps, proverOf(request), { id, signature, asked }),
    (one) => (one.ok ? 'eds' : one.reason),
  );
  if (proved.ok) return leadOn(request, reply, proved.value);
  const { reason } = proved;
  request.log.info({ reason }, 'a signature was refused');
  const wait = retryAfter(reason);
  if (wait !== undefined) reply.header('retry-after', String(wait));
  const since = unknownSince(proved);
  return sendProve(deps, request, reply, {
    status: wait === undefined ? 422 : 503,
    eds: {
      reason: shownReason(reason),
      since: since && formatSince(request.context.language, since),
      // The signature, when it may be sent again unchanged.
      again: wait === undefined ? undefined : { id, signature },
    },
  });
}

async function postPasskeyChallenge(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const own = await listPasskeys(deps.database, sessionOf(request).holderId);
  const options = await askForPasskey(deps, challengeFor(deps, request), own);
  if (!options) throw problem(409);
  return reply.send(options);
}

async function postProveByPasskey(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { answer } = parse(answerForm, request.body);
  const asked = challengeFor(deps, request);
  const proved = await noteOutcome(
    request,
    'prove',
    () => proveByPasskey(deps, proverOf(request), { answer, asked }),
    (one) => (one.ok ? 'passkey' : one.reason),
  );
  if (proved.ok) return leadOn(request, reply, proved.value);
  deps.onQueued();
  request.log.info({ reason: proved.reason }, 'a passkey was refused');
  return sendProve(deps, request, reply, { status: 422, passkeyRefusal: proved.reason });
}

/** What a challenge is valid for here: a proof in this session. */
function challengeFor(deps: ProofRoutesDeps, request: FastifyRequest) {
  return { purpose: 'prove', binding: sessionOf(request).hash, site: deps.siteOf(request) } as const;
}

/** The holder who proves something, and the browser. */
function proverOf(request: FastifyRequest): Prover {
  const { device } = request.context;
  const { restricted } = sessionOf(request);
  return {
    ...actorOf(request),
    restricted,
    browser: { device, userAgent: request.headers['user-agent'] ?? '' },
  };
}

/** Goes on in the session under its new secret. */
function leadOn(
  request: FastifyRequest,
  reply: FastifyReply,
  { token, device }: ProvedSession,
): FastifyReply {
  const { secure } = request.context;
  setSecret(reply, 'session', token, secure);
  if (device !== undefined) setDeviceMarks(reply, device, secure);
  return reply.redirect(parse(proveQuery, request.query).to ?? paths.security, 303);
}

async function sendProve(
  deps: ProofRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  {
    status = 200,
    errors = {},
    passkeyRefusal,
    eds,
  }: Partial<Pick<ProvePageProps, 'errors' | 'passkeyRefusal' | 'eds'>> & { readonly status?: number },
): Promise<FastifyReply> {
  const { texts: t, language, csrf } = request.context;
  const { holderId, restricted } = sessionOf(request);
  const proofs = await readProofs(deps, { holderId, restricted });
  const { standing } = proofs;
  // In a session that only reads, only what lifts this is of use.
  const accepted =
    restricted === null
      ? proofs.accepted
      : proofs.accepted.filter((proof) => liftsRestriction(proof, restricted));
  const { to, sent } = parse(proveQuery, request.query);
  return deps.sendPage(request, reply, {
    title: t.prove.title,
    section: 'security',
    status,
    hasErrors: status >= 400,
    path: paths.prove,
    scripts: ['passkey', 'eds', 'show-password'],
    body: ProvePage({
      t,
      language,
      csrf: csrf(),
      accepted,
      mobile: standing.mobile,
      mobileFreshUntil: standing.mobileFreshUntil,
      restricted,
      to,
      errors,
      sent: sent === '1' && status < 400,
      where: passkeySiteOf(deps.siteOf(request)),
      passkeyRefusal,
      eds,
    }),
  });
}
