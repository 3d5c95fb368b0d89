/** Thrown inside a transaction that would change something while a maintenance window is open. */
export class UnderMaintenance extends Error {
  override readonly name = 'UnderMaintenance';
}

/**
 * The database cannot be reached or written to at the moment. It is unknown whether a commit in
 * progress succeeded.
 */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
  /** The error code of PostgreSQL or the network, if there was one. */
  readonly code: string | undefined;
  constructor(code: string | undefined, options?: ErrorOptions) {
    super('the database is away', options);
    this.code = code;
  }
}

/** More is asked than this process can answer now. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

/** True for a temporary error. The answer says when to come back; it is not reported as a fault. */
export function isOutage(error: unknown): error is UnderMaintenance | DatabaseAway | Overloaded {
  return error instanceof UnderMaintenance || error instanceof DatabaseAway || error instanceof Overloaded;
}
