/** The statuses that have a worded page of their own. */
export type ProblemStatus = 400 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503;

/** Ends a request with a worded page. */
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

/** A problem to throw; anything else that is thrown becomes a 500. */
export function problem(status: ProblemStatus, retryAfter?: number): Problem {
  return new Problem(status, retryAfter);
}
