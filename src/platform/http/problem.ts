/** The statuses that have a page of their own. */
export type ProblemStatus = 400 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 416 | 429 | 431 | 500 | 503;

/** Thrown to end a request with a page that explains the problem. */
export class Problem extends Error {
  readonly statusCode: ProblemStatus;
  /** Seconds for `Retry-After`. */
  readonly retryAfter: number | undefined;
  constructor(statusCode: ProblemStatus, retryAfter?: number) {
    super(`HTTP ${statusCode}`);
    this.statusCode = statusCode;
    this.retryAfter = retryAfter;
  }
}

/** A problem to throw. Any other error that is thrown becomes a 500. */
export function problem(status: ProblemStatus, retryAfter?: number): Problem {
  return new Problem(status, retryAfter);
}

/**
 * Fastify's own refusals (too large, wrong type, malformed) keep their status. Every other error is
 * our fault: 500.
 */
export function asProblem(error: Error & { statusCode?: number }): Problem {
  if (error instanceof Problem) return error;
  const status = error.statusCode;
  if (status === 413 || status === 415 || status === 416 || status === 429) return problem(status);
  if (status !== undefined && status >= 400 && status < 500) return problem(400);
  if (status === 503) return problem(503, 5);
  return problem(500);
}
