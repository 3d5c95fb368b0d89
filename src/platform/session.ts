import type { Iin } from '../values/iin.ts';
import type { Language } from '../values/language.ts';

/** The signed-in holder who acts, and the request they act in. */
export interface Actor {
  readonly holderId: string;
  readonly iin: Iin;
  readonly requestId: string;
  /** The trace of the request; undefined when it is not traced. */
  readonly traceparent?: string | undefined;
  readonly language: Language;
  readonly sessionHash: Buffer;
}

/** A session that is in force. */
export interface LiveSession {
  /** The stored hash of the cookie. It identifies the session. */
  readonly hash: Buffer;
  readonly holderId: string;
  readonly iin: string;
  readonly method: 'password' | 'eds';
  /** The name in the page's header, e.g. `Айгерім С.` */
  readonly shortName: string;
  /** The holder's language, used when the browser has chosen none. */
  readonly language: Language;
  /** Seconds until the session ends without further requests. */
  readonly secondsLeft: number;
}

/** What a session cookie stands for now, by the database's clock. */
export type SessionState =
  | {
      readonly kind: 'live';
      readonly session: LiveSession;
      /** It is time to ask the fund again whether the holder may still use the cabinet. */
      readonly askStatus?: boolean;
      /** What `ReadWithSession` read. */
      readonly reading?: unknown;
    }
  /** Ended at most a day ago: by time-out, sign-out or a newer session of the holder. */
  | { readonly kind: 'timed-out'; readonly holderId: string }
  /** The fund no longer lets the holder in. */
  | { readonly kind: 'closed' }
  /** The session has a new secret, which the browser may have received by now. */
  | { readonly kind: 'rotated' }
  | { readonly kind: 'none' };

/**
 * Thrown inside a transaction whose session ended meanwhile. The transaction changes nothing, and
 * the person signs in again.
 */
export class SessionGone extends Error {
  override readonly name = 'SessionGone';
}

/** The session that a form was made in. */
export interface FormerSession {
  readonly holderId: string;
  /**
   * True when what is typed in its forms is still kept for its holder: the session ended recently,
   * and not for a security reason.
   */
  readonly keepsTyped: boolean;
}

/**
 * Reads what belongs to the holder of a session, in the round trip that looks the session up. It is
 * not known yet whether the session is live, so the statements find the holder by its hash.
 * @param connection where statements run; sessions themselves know of no database
 */
export type ReadWithSession = (connection: unknown, sessionHash: Buffer) => Promise<unknown>;

/** Looks sessions up. */
export interface SessionReader {
  /**
   * Looks a session up by the secret of its cookie.
   * @param active true when the request counts as activity, which prolongs the session
   * @param also what else to read; it is dropped unless the session is live
   */
  read(token: string, active: boolean, also?: ReadWithSession): Promise<SessionState>;
  /**
   * Looks a session up by the beginning of its hash, as form tokens name it. Undefined when it is
   * no longer stored.
   */
  former(name: Buffer): Promise<FormerSession | undefined>;
}
