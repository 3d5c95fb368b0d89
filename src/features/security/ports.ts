import type { LiveSession } from '../../platform/session.ts';
import type { FailureLimits, SessionLimits } from '../sign-in/ports.ts';

/** A session in force, on whichever device. */
export interface OpenSession {
  readonly hash: Buffer;
  readonly method: LiveSession['method'];
  readonly device: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
}

/** Something that happened to a holder's cabinet. */
export interface SecurityEvent {
  readonly id: string;
  readonly at: Date;
  readonly event: string;
  readonly device: string | null;
}

/** What the page shows, by the database's clock. */
export interface SecurityOverview {
  /** Null when no password is set. */
  readonly passwordSince: Date | null;
  /** A recovery within the waiting time: until then mobile and e-mail cannot be changed. */
  readonly recovered: { readonly at: Date; readonly until: Date } | null;
  readonly frozenSince: Date | null;
  /** The last signature: when, and the serial number of the certificate; null when there was none. */
  readonly lastEds: { readonly at: Date; readonly serial: string } | null;
  /** The latest first. */
  readonly sessions: readonly OpenSession[];
  readonly events: readonly SecurityEvent[];
}

/** A password that was checked and hashed. */
export interface NewPassword {
  readonly holderId: string;
  readonly passwordHash: string;
  /** What is replaced; undefined for a first password. */
  readonly former: string | undefined;
  /** The session that goes on, and the hash of the new secret it goes on with. */
  readonly keep: Buffer;
  readonly next: Buffer;
  readonly requestId: string;
  /** Counted failures that no longer matter. */
  readonly forget: readonly Buffer[];
}

export interface SecurityStore extends FailureLimits {
  overview(
    holderId: string,
    limits: SessionLimits & { readonly contactWaitHours: number; readonly events: number },
  ): Promise<SecurityOverview>;
  /** The hash on file, or undefined. */
  findPassword(holderId: string): Promise<string | undefined>;
  /**
   * Replaces the password and the session's secret, ends all other sessions, kills all codes and begun recoveries, notes the event and queues the
   * notices. One transaction; false when the password was changed meanwhile.
   */
  changePassword(chosen: NewPassword): Promise<boolean>;
  /** Ends one session of this holder. */
  endSession(holderId: string, hash: Buffer, requestId: string): Promise<void>;
  /** Ends every session of this holder but one. */
  endOthers(holderId: string, keep: Buffer, requestId: string): Promise<void>;
}
