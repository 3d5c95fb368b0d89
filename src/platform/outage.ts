/** Thrown inside a transaction that would change something while a maintenance window is open. */
export class UnderMaintenance extends Error {
  override readonly name = 'UnderMaintenance';
}

/**
 * The database cannot be reached or written to just now; whether a commit under way came through is
 * not known.
 */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
  /** PostgreSQL's or the network's, where there was one. */
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

/**
 * True for what passes by itself: the request is answered with when to come back, not as a fault.
 */
export function isOutage(error: unknown): error is UnderMaintenance | DatabaseAway | Overloaded {
  return error instanceof UnderMaintenance || error instanceof DatabaseAway || error instanceof Overloaded;
}
