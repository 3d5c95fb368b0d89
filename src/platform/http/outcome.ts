import type { FastifyRequest } from 'fastify';
import type { Action, Outcome } from '../answered.ts';

declare module 'fastify' {
  interface FastifyRequest {
    outcome: Outcome | undefined;
  }
}

/**
 * Records how an action of this request ended. It is counted when the answer has been sent. A
 * handler records `error` first, so that an exception is also counted.
 */
export function noteOutcome(request: FastifyRequest, action: Action, outcome: string): void {
  request.outcome = { action, outcome };
}
