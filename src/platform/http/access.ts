import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { paths, signInPath, withQuery } from '../../paths.ts';
import type { MaintenanceState } from '../maintenance.ts';
import { Overloaded, UnderMaintenance } from '../outage.ts';
import type { KeyedSemaphore } from '../semaphore.ts';
import type { Decision, LiveSession, WayIn, Wish } from '../session.ts';
import { type OwnFormsDeps, receiveForm } from './own-forms.ts';
import { clearSecret, readSecret } from './request-context.ts';
import { isUnsafe } from './route-config.ts';

export interface AccessDeps extends OwnFormsDeps {
  readonly writeSemaphore: KeyedSemaphore;
  readonly maintenance: { state(): MaintenanceState };
  /** Whether somebody who came in like this may do what a route is for. */
  readonly decide: (way: WayIn, wish: Wish) => Decision;
}

/**
 * Checks that a request may use its route: some routes need a signed-in holder, forms must come
 * from this service, and nothing may be changed during maintenance.
 */
export function addAccessHook(server: FastifyInstance, deps: AccessDeps): void {
  server.addHook('preHandler', async (request, reply) => {
    const { access, keepTyped, duringMaintenance, doneBefore, whenNotShown } = request.routeOptions.config;
    if (access === 'machine' || request.is404) return;
    const unsafe = isUnsafe(request);
    const answered = unsafe ? await receiveForm(deps, request, reply) : undefined;
    if (answered) return answered;
    if (request.context.outage) throw request.context.outage;
    const { session, timedOut } = request.context;
    if (access !== 'holder' || session) {
      if (unsafe && !duringMaintenance && deps.maintenance.state().kind === 'open') {
        const done = session && (await doneBefore?.(session.holderId, request.body));
        if (done === undefined) throw new UnderMaintenance();
        return reply.redirect(done, 303);
      }
      if (access === 'holder' && session) {
        const instead = await sendToProof(deps, request, reply, session, unsafe);
        if (instead) return instead;
      }
      if (!unsafe) return;
      if (session && (await waitForWrites(deps, reply, session.holderId)))
        request.context = { ...request.context, reading: undefined };
      return;
    }
    const instead = unsafe ? undefined : whenNotShown?.(request, reply, 'no session');
    if (instead) return instead;
    const kept = unsafe && timedOut !== undefined && (await keepTyped?.(timedOut, request.body));
    return sendToSignIn(request, reply, kept === true);
  });
}

/**
 * Sends a holder to prove who they are, where their way in does not suffice for the route. What
 * they typed is kept for them.
 */
async function sendToProof(
  { decide }: AccessDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  session: LiveSession,
  unsafe: boolean,
): Promise<FastifyReply | undefined> {
  const { wish = unsafe ? 'save' : 'read', json, keepTyped, backTo } = request.routeOptions.config;
  const verdict = decide(session, wish);
  const isProved = verdict.kind === 'prove' && (verdict.what === 'contacts' || session.proved !== null);
  if (verdict.kind === 'allow' || isProved) return undefined;
  if (json) return reply.code(403).send({ error: verdict.kind });
  if (unsafe) await keepTyped?.(session.holderId, request.body);
  return reply.redirect(withQuery(paths.prove, { to: backTo ?? request.routeOptions.url }), 303);
}

/**
 * Waits until fewer writes of the same person are in progress. Returns whether it had to wait: what
 * was read before that is old.
 */
async function waitForWrites(
  { writeSemaphore }: AccessDeps,
  reply: FastifyReply,
  holderId: string,
): Promise<boolean> {
  const mustWait = writeSemaphore.isFull(holderId);
  const release = await writeSemaphore.acquire(holderId);
  if (!release) throw new Overloaded('too many writes of one person wait');
  // The visitor may have left while waiting.
  if (reply.raw.destroyed) release();
  else reply.raw.once('close', release);
  return mustWait;
}

/**
 * Sends a person without a session to sign in, and back afterwards.
 * @param kept true when what they typed is kept for them
 */
export function sendToSignIn(request: FastifyRequest, reply: FastifyReply, kept: boolean): FastifyReply {
  const { context, routeOptions } = request;
  const { json, backTo } = routeOptions.config;
  if (json) return reply.code(401).send({ error: 'session' });
  const wasSignedIn = context.outdated || readSecret(request, 'session', context.secure) !== undefined;
  // The browser may have received a newer cookie by now.
  if (context.ending !== 'rotated') clearSecret(reply, 'session', context.secure);
  // Only return to a page without parameters: its address holds nothing personal.
  const wanted = backTo ?? routeOptions.url;
  const plain = wanted !== undefined && !wanted.includes(':') && wanted !== paths.signOut;
  return reply.redirect(
    signInPath({
      ended: kept ? 'kept' : endedAs(context.ending, wasSignedIn),
      to: plain ? wanted : undefined,
    }),
    303,
  );
}

function endedAs(
  ending: FastifyRequest['context']['ending'],
  wasSignedIn: boolean,
): '1' | 'closed' | undefined {
  if (ending === 'closed') return 'closed';
  return wasSignedIn && ending === undefined ? '1' : undefined;
}
