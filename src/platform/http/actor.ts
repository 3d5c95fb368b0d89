import type { FastifyReply, FastifyRequest } from 'fastify';
import { signInPath } from '../../paths.ts';
import type { Iin } from '../../values/iin.ts';
import type { Actor } from '../session.ts';
import { clearSecret, sessionOf } from './request-context.ts';

/**
 * The person who sends this request, for routes that only holders may use.
 * @throws Problem 403 when nobody is signed in
 */
export function actorOf(request: FastifyRequest): Actor {
  const { holderId, iin, language, hash } = sessionOf(request);
  return {
    holderId,
    iin: iin as Iin,
    requestId: request.id,
    traceparent: request.traced?.traceparent(),
    language,
    sessionHash: hash,
  };
}

/** Ends all sessions of a person whom the fund no longer lets in, and sends them to sign-in. */
export async function sendAway(
  { endSessions }: { readonly endSessions: (holderId: string) => Promise<unknown> },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await endSessions(sessionOf(request).holderId);
  clearSecret(reply, 'session', request.context.secure);
  return reply.redirect(signInPath({ ended: 'closed' }), 303);
}
