import type { FastifyRequest } from 'fastify';
import type { Action, Outcome } from '../answered.ts';

declare module 'fastify' {
  interface FastifyRequest {
    outcome: Outcome | undefined;
  }
}

/**
 * Runs an action of this request and notes how it ended: `error` when it throws, otherwise what
 * `nameOf` makes of its result. It is counted when the answer has been sent.
 */
export async function noteOutcome<Result>(
  request: FastifyRequest,
  action: Action,
  work: () => Promise<Result>,
  nameOf: (result: Result) => string,
): Promise<Result> {
  request.outcome = { action, outcome: 'error' };
  const result = await work();
  request.outcome = { action, outcome: nameOf(result) };
  return result;
}
