/** Why no server can be provided. */
export type LocalPostgresReason =
  /** PostgreSQL cannot run on this machine or as this user. */
  | 'unsupported'
  /** A folder belongs to another user. */
  | 'notPermitted'
  /** Another service uses the folder. */
  | 'inUse'
  /** The folder was copied or moved away from the database that it points to. */
  | 'moved'
  /** The folder was made by another major version of PostgreSQL. */
  | 'otherVersion'
  /** PostgreSQL did not start. The message has the end of its log. */
  | 'notStarted';

/** An error that the operator can correct. The message says what is wrong and what to do. */
export class LocalPostgresError extends Error {
  override readonly name = 'LocalPostgresError';
  readonly reason: LocalPostgresReason;

  constructor(reason: LocalPostgresReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
