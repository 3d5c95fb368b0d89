import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { formOf, parse } from '../../platform/http/forms.ts';
import { noteOutcome } from '../../platform/http/outcome.ts';
import { sameBytes } from '../../platform/keys.ts';
import type { PhoneAttempt } from './attempt.ts';
import { readReturnSecret, returnDigits } from './attempt-secrets.ts';
import { findAttempt } from './attempt-store.ts';
import { enterOnPhone, stopByPhone } from './enter.ts';
import { ReturnPage, type ReturnPageProps } from './pages.tsx';
import { enteringBrowser, leadIn, ownAttempt, type PhoneRoutesDeps } from './routes.ts';

const returnForm = formOf({ action: z.literal('stop').optional() });
const returnParams = z.object({ key: z.string() });

/** `/sign-in/phone/return/…`: where the app on the signing phone leads back. */
export function phoneReturnRoutes(server: FastifyInstance, deps: PhoneRoutesDeps): void {
  server.get(paths.phoneReturn, { config: { access: 'anyone' } }, (request, reply) =>
    showReturn(deps, request, reply),
  );
  server.post(
    paths.phoneReturn,
    { config: { access: 'anyone', duringMaintenance: true } },
    (request, reply) => postReturn(deps, request, reply),
  );
}

/** The page to which the app leads back. It changes nothing. */
async function showReturn(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { key, attempt } = await returned(deps, request);
  if (!attempt || !isSigned(attempt)) return sendReturn(deps, request, reply, key, { view: 'over' });
  return attempt.state === 'done' && (await isOwn(deps, request, attempt))
    ? sendReturn(deps, request, reply, key, { view: 'here', attempt })
    : sendReturn(deps, request, reply, key, {
        view: 'elsewhere',
        attempt,
        digits: returnDigits(deps.keys, attempt.attemptId)[0],
      });
}

async function postReturn(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { action } = parse(returnForm, request.body);
  const { key, attempt } = await returned(deps, request);
  if (!attempt || !isSigned(attempt)) return sendReturn(deps, request, reply, key, { view: 'over' });
  if (action === 'stop') {
    await stopByPhone(deps, attempt.attemptId);
    return sendReturn(deps, request, reply, key, { view: 'stopped' });
  }
  if (!(await isOwn(deps, request, attempt))) return reply.redirect(request.url, 303);
  const outcome = await noteOutcome(
    request,
    'sign-in-phone',
    () => enterOnPhone(deps, attempt, enteringBrowser(request)),
    (entered) => (entered.ok ? 'signed-in' : entered.reason),
  );
  return leadIn(deps, request, reply, attempt, outcome);
}

/** Whether the signing phone may still do something: show the digits, or stop. */
function isSigned({ state, isOver, sessionHash }: PhoneAttempt): boolean {
  return (state === 'done' && !isOver) || (state === 'entered' && sessionHash !== null);
}

/** Whether this browser began the attempt. */
async function isOwn(
  deps: PhoneRoutesDeps,
  request: FastifyRequest,
  { attemptId }: PhoneAttempt,
): Promise<boolean> {
  const own = await ownAttempt(deps, request);
  return own !== undefined && sameBytes(own.attemptId, attemptId);
}

function sendReturn(
  { sendPage }: PhoneRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  shown: Pick<ReturnPageProps, 'view'> & Partial<Pick<ReturnPageProps, 'attempt' | 'digits'>>,
): FastifyReply {
  const { texts: t, language, csrf } = request.context;
  const titles = { over: t.phone.back.overTitle, stopped: t.phone.back.stoppedTitle };
  return sendPage(request, reply, {
    styles: ['codes'],
    title: shown.view === 'over' || shown.view === 'stopped' ? titles[shown.view] : t.phone.back.title,
    namesNobody: true,
    body: ReturnPage({
      t,
      language,
      csrf: csrf(),
      secret: key,
      attempt: undefined,
      digits: undefined,
      ...shown,
    }),
  });
}

/** The attempt that the secret of the address is about. */
async function returned(
  { database, keys }: PhoneRoutesDeps,
  request: FastifyRequest,
): Promise<{ readonly key: string; readonly attempt: PhoneAttempt | undefined }> {
  const { key } = parse(returnParams, request.params);
  const attemptId = readReturnSecret(keys, key);
  const attempt = attemptId && (await findAttempt(database, attemptId));
  // Nobody comes in by the signature of a change.
  return { key, attempt: attempt?.purpose === 'change' ? undefined : attempt };
}
