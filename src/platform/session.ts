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

/** What a holder signs in with first. */
export type SignInMethod = 'password' | 'passkey' | 'eds' | 'phone';

/**
 * The second step that followed a password. `trusted`: the holder does not want to be asked again
 * in this browser.
 */
export type Step = 'passkey' | 'authenticator' | 'backup-code' | 'sms' | 'phone' | 'trusted';

/**
 * Why a session only reads. `fresh-mobile`: the only second step is a mobile that was changed, or restored
 * the password, a short time ago, so it proves nothing. `phone`: somebody signed with a phone for a
 * browser that is not known to them, or the phone did not lead back, so it may be a stranger's.
 */
export type Restriction = 'fresh-mobile' | 'phone';

/** How somebody came in. It decides what they may do (`features/assurance/decide.ts`). */
export interface WayIn {
  readonly method: SignInMethod;
  /** Null when none was asked. */
  readonly step: Step | null;
  /** Null when the session may do what its way in allows. */
  readonly restricted: Restriction | null;
}

/** What the holder of a session can prove anew who they are with. */
export type HolderProof = 'password' | 'passkey' | 'authenticator' | 'backup-code' | 'sms' | 'eds';

/**
 * What a request wants. `protect` makes the cabinet safer and changes nothing else: sign-out,
 * ending sessions, the lock.
 */
export type Wish =
  | 'read'
  | 'save'
  | 'change-contact'
  | 'change-password'
  | 'manage-factors'
  | 'unlock'
  | 'protect';

/**
 * Whether somebody may do what they want. `prove`: after a fresh proof of who they are, or after
 * codes to their contacts, which the page of the change asks for.
 */
export type Decision =
  | { readonly kind: 'allow' }
  | { readonly kind: 'prove'; readonly what: 'holder' | 'contacts' }
  | { readonly kind: 'refuse' };

/** A session that is in force. */
export interface LiveSession extends WayIn {
  /** The stored hash of the cookie. It identifies the session. */
  readonly hash: Buffer;
  readonly holderId: string;
  readonly iin: string;
  /** How its holder has lately proved in it who they are. Null when that is too long ago. */
  readonly proved: HolderProof | null;
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

/**
 * Looks sessions up on a standby while the leader is away. `Reading` is how the request reads on.
 */
export interface StandbySessions<Reading> {
  /** Whether the leader gives no answer, so that nobody need wait for it. */
  leaderIsAway(): boolean;
  /**
   * The session of this cookie and the connection that it was read on. Undefined when it is not
   * live there, or the standby may not be read now.
   */
  read(token: string): Promise<{ readonly session: LiveSession; readonly standby: Reading } | undefined>;
}
