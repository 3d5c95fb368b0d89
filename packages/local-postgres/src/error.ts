/** Why a server cannot be had. */
export type LocalPostgresReason =
  /** PostgreSQL cannot run on this machine or as this user. */
  | 'unsupported'
  /** A folder belongs to another user. */
  | 'notPermitted'
  /** Another service uses the folder. */
  | 'inUse'
  /** The folder was copied or moved away from the database that it points to. */
  | 'moved'
  /** The folder was made by another major version. */
  | 'otherVersion'
  /** PostgreSQL did not start; the message has the end of its log. */
  | 'notStarted';

/** Something that the operator can mend; the message says what and how. */
export class LocalPostgresError extends Error {
  override readonly name = 'LocalPostgresError';
  readonly reason: LocalPostgresReason;

  constructor(reason: LocalPostgresReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
