import type { FastifyReply } from 'fastify';
import type { Language } from '../../values/language.ts';
import { clearSecret, setHolderLanguageCookie, setSecret } from './request-context.ts';

/** Seconds. */
const deviceFor = 400 * 24 * 3600;

/** What a browser gets with a new session. */
export interface SessionCookies {
  readonly token: string;
  /** The marks by which the browser is recognised. Undefined: they stay as they are. */
  readonly device: string | undefined;
  /** The language that the holder chose. */
  readonly language: Language | undefined;
}

/** Sets the cookies of the session and of the mark by which the browser is recognised next time. */
export function setSessionCookies(
  reply: FastifyReply,
  { token, device, language }: SessionCookies,
  secure: boolean,
): void {
  setSecret(reply, 'session', token, secure);
  if (device !== undefined) setDeviceMarks(reply, device, secure);
  clearSecret(reply, 'visit', secure);
  // While the database is away, pages know the language only by this cookie.
  if (language) setHolderLanguageCookie(reply, language, secure);
}

/** Remembers in this browser who has signed in in it. */
export function setDeviceMarks(reply: FastifyReply, marks: string, secure: boolean): void {
  setSecret(reply, 'device', marks, secure, deviceFor);
}
