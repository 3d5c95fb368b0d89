/** Where the database is, and what is asked of it. */
export interface DatabaseSettings {
  /** Undefined: the embedded PostgreSQL under `varDir`. */
  readonly url: string | undefined;
  /** The direct address of PostgreSQL, where `url` leads to a transaction-level pooler. */
  readonly directUrl: string | undefined;
  /** A standby that backups are read from. */
  readonly backupUrl: string | undefined;
  /** A standby that pages are read from while the leader is away. */
  readonly replicaUrl: string | undefined;
  /** Whether each COMMIT must be on two disks before it is acknowledged. */
  readonly requireSynchronous: boolean;
  /** Whether statements that come often are prepared by name. */
  readonly prepared: boolean;
  /** The most connections of each process. */
  readonly connections: number;
  readonly varDir: string;
}
