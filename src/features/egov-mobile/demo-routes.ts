import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Queryable } from '../../platform/postgres/database.ts';
import { findWaitingAttempt } from './attempt-store.ts';
import { type PhoneCodeDeps, phoneCodeOf } from './common-routes.ts';

/** Where the double of the phone finds the code that waits. */
export const demoPhonePath = '/demo/phone';

export interface DemoPhoneDeps extends PhoneCodeDeps {
  readonly database: Queryable;
}

/**
 * Gives the text of the latest QR code to whoever asks. Only for a demonstration, whose double of
 * the phone has no camera.
 */
export function demoPhoneRoutes(server: FastifyInstance, deps: DemoPhoneDeps): void {
  server.get(demoPhonePath, { config: { access: 'machine' } }, (request, reply) =>
    showWaitingCode(deps, request, reply),
  );
}

async function showWaitingCode(
  deps: DemoPhoneDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const attempt = await findWaitingAttempt(deps.database);
  return attempt
    ? reply.type('text/plain; charset=utf-8').send(phoneCodeOf(deps, request, attempt).qr)
    : reply.code(204).send();
}
