import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Texts } from '../../texts/kk.ts';
import { textsOf } from '../../texts/texts.ts';
import { isLanguage, type Language } from '../../values/language.ts';
import { type Keys, randomName, randomToken, tokenHash } from '../keys.ts';
import { isLoopbackName } from '../loopback.ts';
import { isOutage } from '../outage.ts';
import type { LiveSession, SessionReader, SessionState } from '../session.ts';
import { csrfToken, csrfTokenFits, type FormOrigin, formOrigin, sessionPrefix } from './csrf.ts';
import { problem } from './problem.ts';
import type { HttpSettings } from './settings.ts';

/** What is known of a request before its page begins: who, in which language, over what. */
export interface RequestContext {
  readonly language: Language;
  readonly texts: Texts;
  readonly session: LiveSession | undefined;
  /**
   * The holder whose session is over and whose form this request brings: what was typed is kept for
   * them alone.
   */
  readonly timedOut: string | undefined;
  /**
   * Why the session of this request's cookie is over: it goes on under a new secret, or the fund no
   * longer lets the holder in.
   */
  readonly ending: 'rotated' | 'closed' | undefined;
  /**
   * The form of this request was made before the session changed: its page is shown again, with a
   * word on why.
   */
  readonly outdated?: true;
  /**
   * Why the session could not be looked up; the request ends with it when its form has been read.
   */
  readonly outage: Error | undefined;
  /** The address the request came from, past the trusted proxies. */
  readonly address: string;
  /** Its /24 or /48. */
  readonly network: string;
  /** The secret of a browser that signed in before, if it has one. */
  readonly device: string | undefined;
  /** True when cookies can be `Secure`: everywhere but plain http on a loopback name. */
  readonly secure: boolean;
  /** A fresh mask of this browser's form token. */
  csrf(): string;
  /** True when `token` was made for this browser, and for whoever is signed in now. */
  csrfFits(token: string): boolean;
  /**
   * Where in this browser a form was made, whoever is signed in now; undefined for a form of
   * another browser, or of nobody.
   */
  formOrigin(token: string): FormOrigin | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    context: RequestContext;
  }
}

const year = 365 * 24 * 3600;

/**
 * The cookies of the service. Secret ones get the `__Host-` prefix wherever the connection is
 * protected.
 */
type SecretCookie = 'session' | 'visit' | 'device' | 'iin' | 'entry';

/** Reads who asks, and gives a first-time browser the cookie its form tokens are bound to. */
export async function readRequestContext(
  request: FastifyRequest,
  reply: FastifyReply,
  {
    keys,
    sessions,
    settings,
    active,
  }: { keys: Keys; sessions: SessionReader; settings: HttpSettings; active: boolean },
): Promise<RequestContext> {
  const secure = isSecure(request, settings);
  const sessionToken = readSecret(request, 'session', secure);
  let outage: Error | undefined;
  let state: SessionState = { kind: 'none' };
  try {
    if (sessionToken) state = await sessions.read(sessionToken, active);
  } catch (error) {
    if (!isOutage(error)) throw error;
    outage = error;
  }
  const session = state.kind === 'live' ? state.session : undefined;

  let guestToken = readSecret(request, 'visit', secure);
  if (!session && !guestToken && !outage) {
    guestToken = randomToken();
    setSecret(reply, 'visit', guestToken, secure);
  }
  const bound = session || outage ? (sessionToken ?? guestToken) : guestToken;
  const browsers = readBrowser(request, reply, secure);
  const mark = {
    cookie: bound ?? '',
    browser: browsers[0] ?? '',
    session:
      bound !== undefined && bound === sessionToken ? sessionPrefix(tokenHash(sessionToken)) : undefined,
  };
  const chosen = request.cookies['language'];
  // A browser that has left before its request was looked at has no address any more, whatever the
  // type says.
  const ip: string | undefined = request.ip;
  const address = ip ?? '';
  const language = isLanguage(chosen) ? chosen : (session?.language ?? 'kk');
  return {
    language,
    texts: textsOf(language),
    session,
    timedOut: state.kind === 'timed-out' ? state.holderId : undefined,
    ending: state.kind === 'rotated' || state.kind === 'closed' ? state.kind : undefined,
    address,
    network: networkOf(address),
    outage,
    device: readSecret(request, 'device', secure),
    secure,
    csrf: () => csrfToken(keys, mark),
    csrfFits: (token) =>
      [bound, sessionToken].some((cookie) => cookie !== undefined && csrfTokenFits(keys, cookie, token)),
    formOrigin(token) {
      for (const browser of browsers) {
        const origin = formOrigin(keys, browser, token);
        if (origin) return origin;
      }
      return undefined;
    },
  };
}

/** Tabs that a browser without cookies opens at the same time; more than so many add nothing. */
const browserCookies = 8;

/**
 * The cookies by which a browser is known for as long as it runs, whoever signs in and out: forms
 * that were made in it are recognised by them. Each has a name of its own: tabs opened at once
 * without cookies then keep all of theirs, where the last one would replace the others.
 */
function readBrowser(request: FastifyRequest, reply: FastifyReply, secure: boolean): readonly string[] {
  const prefix = cookieName('browser', secure);
  const known = Object.entries(request.cookies).flatMap(([name, value]) =>
    name.startsWith(`${prefix}-`) && value !== undefined && /^[\w-]{43}$/.test(value) ? [value] : [],
  );
  if (known.length > 0) return known.slice(0, browserCookies);
  const made = randomToken();
  reply.setCookie(`${prefix}-${randomName(6)}`, made, { path: '/', httpOnly: true, sameSite: 'lax', secure });
  return [made];
}

/**
 * The origin that forms of this service must come from; undefined when none is known, so that all
 * are refused.
 */
export function ownOrigin(request: FastifyRequest, settings: HttpSettings): string | undefined {
  if (settings.publicUrl) return settings.publicUrl.origin;
  const name = hostName(request);
  return name !== undefined && isLoopbackName(name) ? `${request.protocol}://${request.host}` : undefined;
}

/** Sets a cookie that only the server reads. */
export function setSecret(
  reply: FastifyReply,
  name: SecretCookie,
  value: string,
  secure: boolean,
  days?: number,
): void {
  reply.setCookie(cookieName(name, secure), value, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    ...(days === undefined ? {} : { maxAge: days * 24 * 3600 }),
  });
}

/** Expires such a cookie. */
export function clearSecret(reply: FastifyReply, name: SecretCookie, secure: boolean): void {
  reply.setCookie(cookieName(name, secure), '', {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: 0,
  });
}

/** The value of such a cookie, or undefined. */
export function readSecret(request: FastifyRequest, name: SecretCookie, secure: boolean): string | undefined {
  const value = request.cookies[cookieName(name, secure)];
  return value === undefined || value === '' || value.length > 200 ? undefined : value;
}

/**
 * The session of a request to a route that is open to holders only.
 * @throws Problem 403 where there is none
 */
export function sessionOf(request: FastifyRequest): LiveSession {
  const { session } = request.context;
  if (!session) throw problem(403);
  return session;
}

/** True when the browser says that it is signed in; nothing is looked up. */
export function hasSession(request: FastifyRequest, settings: HttpSettings): boolean {
  return readSecret(request, 'session', isSecure(request, settings)) !== undefined;
}

/** Remembers the chosen language in this browser. */
export function setLanguage(reply: FastifyReply, language: Language, secure: boolean): void {
  reply.setCookie('language', language, { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: year });
}

/**
 * The network of an address, for limits that a household or an attacker's next address cannot
 * escape: /24 of IPv4, /48 of IPv6.
 */
export function networkOf(address: string): string {
  const mapped = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address;
  if (mapped.includes('.')) return `${mapped.split('.').slice(0, 3).join('.')}.0/24`;
  const [head = '', tail] = mapped.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return `${groups.slice(0, 3).join(':')}::/48`;
}

/** True when cookies can be `Secure`: everywhere but plain http on a loopback name. */
export function isSecure(request: FastifyRequest, settings: HttpSettings): boolean {
  if (settings.publicUrl) return settings.publicUrl.protocol === 'https:';
  const name = hostName(request);
  return request.protocol === 'https' || name === undefined || !isLoopbackName(name);
}

function hostName(request: FastifyRequest): string | undefined {
  const url = `http://${request.host}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

function cookieName(name: SecretCookie | 'browser', secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}
