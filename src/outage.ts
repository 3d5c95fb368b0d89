/** Thrown inside a transaction that would change something while a maintenance window is open. */
export class UnderMaintenance extends Error {
  override readonly name = 'UnderMaintenance';
}

/** The database cannot be reached or written to just now; whether a commit under way came through is not known. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
}

/** More is asked than this process can answer now. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}
