import type { HolderStatus } from '../../fund/port.ts';
import type { FormerSession, LiveSession, SessionState } from '../../platform/session.ts';
import type { Iin } from '../../values/iin.ts';
import type { Language } from '../../values/language.ts';

/** What a failed or hurried sign-in is counted by. */
export interface FailureLimit {
  /** A keyed hash: whether the person exists plays no part. */
  readonly key: Buffer;
  /** So many failures are free of delay. */
  readonly free: number;
  /** The delay doubles from a minute up to this. */
  readonly maxMinutes: number;
}

/** Counts attempts before they are made, so that parallel ones cannot slip through. By the database's clock. */
export interface FailureLimits {
  /** Counts one attempt; when a delay is running it is refused, not counted, and `waitSeconds` tells how long. */
  attempt(limit: FailureLimit): Promise<{ readonly allowed: boolean; readonly waitSeconds: number }>;
}

/** What is on file for someone who wants to sign in. */
export interface Credential {
  readonly holderId: string;
  readonly passwordHash: string;
  readonly language: Language;
}

export interface SignInStore extends FailureLimits {
  /**
   * One statement, whether the IIN is known or not. `knownDevice` is the mark, of those shown, that this person was given here
   * at an earlier sign-in; another person's mark is not known.
   */
  findCredential(
    iin: Iin,
    marks: readonly Buffer[],
  ): Promise<{ credential: Credential | undefined; knownDevice: Buffer | undefined }>;
  /** Notes a failed attempt with the holder, if there is one; one statement in either case. */
  recordFailure(iin: Iin, requestId: string): Promise<void>;
  /** Opens a session, ends the browser's former one and the oldest beyond `sessionsPerPerson`, and forgets the counted failures: one transaction. */
  openSession(session: NewSession): Promise<SessionOpened>;
  /** Replaces a hash made with older parameters; nothing happens when the password was changed meanwhile. */
  upgradeHash(holderId: string, former: string, hash: string): Promise<void>;
}

/** What opening a session ended. */
export interface SessionOpened {
  /** How many older sessions ended to make room. */
  readonly replaced: number;
  /** The marks of this person that the new one replaces; they are good for five minutes more. */
  readonly endedMarks: readonly Buffer[];
}

export interface NewSession {
  readonly hash: Buffer;
  readonly holderId: string;
  readonly method: LiveSession['method'];
  readonly shortName: string;
  readonly device: string;
  /** The hash of the mark issued with this session. */
  readonly deviceHash: Buffer;
  /** The hashes of the marks that the browser showed. */
  readonly marks: readonly Buffer[];
  readonly requestId: string;
  readonly sessionsPerPerson: number;
  readonly limits: SessionLimits;
  readonly forget: readonly Buffer[];
  /** The session this browser had until now, of whomever: it ends. */
  readonly formerSession?: Buffer | undefined;
}

export interface SessionStore {
  /** Reads a session; `active` counts this as activity. */
  read(hash: Buffer, limits: SessionLimits, active: boolean): Promise<SessionState>;
  /** Reads whose session it was, by the first 16 bytes of its hash. */
  former(name: Buffer): Promise<FormerSession | undefined>;
  /** Ends one session, at once for every node. */
  end(hash: Buffer, reason: 'signed-out', requestId: string): Promise<void>;
  /** Keeps the language a holder chose, for their notices and other browsers. */
  setLanguage(holderId: string, language: Language): Promise<void>;
  /** Ends all sessions of a holder; returns how many. */
  endAll(holderId: string, reason: 'blocked' | 'operator'): Promise<number>;
}

export interface SessionLimits {
  readonly idleMinutes: number;
  readonly maxHours: number;
}

/**
 * What the fund says, or said last, of a person who has given the right password or key; `unavailable` when it does not answer and said
 * nothing lately.
 */
export interface HolderDirectory {
  find(
    iin: Iin,
  ): Promise<
    | { readonly status: HolderStatus; readonly surname: string; readonly name: string }
    | 'unavailable'
    | undefined
  >;
}
