import type { Language } from './language.ts';

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
  | { readonly kind: 'timed-out'; readonly holderId: string }
  /** The fund no longer lets the holder in. */
  | { readonly kind: 'closed' }
  /** It has got a new secret, which the browser may have by now. */
  | { readonly kind: 'rotated' }
  | { readonly kind: 'none' };

/** Thrown inside a transaction whose session was ended meanwhile: nothing of it is done, and the person signs in anew. */
export class SessionGone extends Error {
  override readonly name = 'SessionGone';
}

/** Looks a session up by the secret of its cookie, and counts the request as activity. */
export interface SessionReader {
  read(token: string): Promise<SessionState>;
}
