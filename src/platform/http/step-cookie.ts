import type { FastifyReply, FastifyRequest } from 'fastify';
import { signInPath } from '../../paths.ts';
import { clearSecret, readSecret } from './request-context.ts';

/** The secret of the sign-in that waits for its second step in this browser. */
export function stepToken(request: FastifyRequest): string | undefined {
  return readSecret(request, 'step', request.context.secure);
}

/** The sign-in waits no more: the person gives the password again. */
export function leaveStep(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  clearSecret(reply, 'step', request.context.secure);
  return reply.redirect(signInPath({ ended: 'step' }), 303);
}
