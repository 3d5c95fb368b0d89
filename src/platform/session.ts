import type { Iin } from '../values/iin.ts';
import type { Language } from '../values/language.ts';

/** The signed-in holder who does something, and the request in which. */
export interface Actor {
  readonly holderId: string;
  readonly iin: Iin;
  readonly requestId: string;
  readonly language: Language;
  readonly sessionHash: Buffer;
}

/** A session in force. */
export interface LiveSession {
  /** What is stored of the cookie; names the session. */
  readonly hash: Buffer;
  readonly holderId: string;
  readonly iin: string;
  readonly method: 'password' | 'eds';
  /** For the header of the page, e.g. `Айгерім С.` */
  readonly shortName: string;
  /** The holder's language, for those whose browser has chosen none. */
  readonly language: Language;
  /** Until it ends when nothing more is asked for. */
  readonly secondsLeft: number;
}

/** What a session cookie stands for now, by the database's clock. */
export type SessionState =
  /** `askStatus`: whether the holder may still come in has not been asked for a while. */
  | { readonly kind: 'live'; readonly session: LiveSession; readonly askStatus?: boolean }
  /** Over for a day at most, by time or by its holder's sign-out or newer session. */
  | { readonly kind: 'timed-out'; readonly holderId: string }
  /** The fund no longer lets the holder in. */
  | { readonly kind: 'closed' }
  /** It has got a new secret, which the browser may have by now. */
  | { readonly kind: 'rotated' }
  | { readonly kind: 'none' };

/**
 * Thrown inside a transaction whose session was ended meanwhile: nothing of it is done, and the
 * person signs in anew.
 */
export class SessionGone extends Error {
  override readonly name = 'SessionGone';
}

/** The session that a form was made in. */
export interface FormerSession {
  readonly holderId: string;
  /**
   * What is typed in its forms is still kept for its holder: it did not end for the sake of safety,
   * nor long ago.
   */
  readonly keepsTyped: boolean;
}

/** Looks sessions up. */
export interface SessionReader {
  /**
   * By the secret of its cookie.
   * @param active counts the request as activity, which prolongs the session
   */
  read(token: string, active: boolean): Promise<SessionState>;
  /**
   * By the beginning of its hash, as form tokens name it; undefined when it is not kept any more.
   */
  former(name: Buffer): Promise<FormerSession | undefined>;
}
