import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Texts } from '../../texts/kk.ts';
import { textsOf } from '../../texts/texts.ts';
import { isLanguage, type Language } from '../../values/language.ts';
import { type Keys, randomName, randomToken, tokenHash } from '../keys.ts';
import { isLoopbackName } from '../loopback.ts';
import { DatabaseAway, isOutage } from '../outage.ts';
import type { StandbyReading } from '../postgres/standby.ts';
import type {
  LiveSession,
  ReadWithSession,
  SessionReader,
  SessionState,
  StandbySessions,
} from '../session.ts';
import { csrfToken, csrfTokenFits, type FormOrigin, formOrigin, sessionPrefix } from './csrf.ts';
import { networkOf } from './network.ts';
import { problem } from './problem.ts';
import type { HttpSettings } from './settings.ts';

/**
 * What is known of a request before its page is made: who sent it, in which language, from where.
 */
export interface RequestContext {
  readonly language: Language;
  readonly texts: Texts;
  readonly session: LiveSession | undefined;
  /** What the route read together with the session; undefined without a session. */
  readonly reading: unknown;
  /**
   * The holder whose session is over and whose form this request carries. What was typed is kept
   * for that holder only.
   */
  readonly timedOut: string | undefined;
  /**
   * Why the session of this request's cookie is over. `rotated`: it continues under a new secret.
   * `closed`: the fund no longer lets the holder in.
   */
  readonly ending: 'rotated' | 'closed' | undefined;
  /**
   * The form of this request was made before the session changed. Its page is shown again and says
   * why.
   */
  readonly outdated?: true;
  /**
   * Why the session could not be looked up. The request ends with this error after its form was
   * read.
   */
  readonly outage: Error | undefined;
  /**
   * The standby that this request reads from, because the leader is away. Undefined as long as the
   * leader answers, and for every request that may write.
   */
  readonly standby: StandbyReading | undefined;
  /** The address of the client, as the trusted proxies report it. */
  readonly address: string;
  /** The network of that address: /24 of IPv4, /48 of IPv6. */
  readonly network: string;
  /**
   * The secret of the browser that lasts until it is closed, whoever signs in and out. Undefined
   * when the request did not carry one.
   */
  readonly browser: string | undefined;
  /** The secret of a browser in which somebody signed in before; undefined for other browsers. */
  readonly device: string | undefined;
  /** True when cookies can be `Secure`: always, except with plain http on a loopback name. */
  readonly secure: boolean;
  /** The token of this browser's forms, masked anew in each answer. */
  csrf(): string;
  /** True when `token` was made for this browser and for whoever is signed in now. */
  csrfFits(token: string): boolean;
  /**
   * Where in this browser a form was made, whoever is signed in now. Undefined when another
   * browser's form or no form of ours has this token.
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
 * The cookies of the service that hold secrets. Their names get the prefix `__Host-` wherever the
 * connection is protected.
 */
type SecretCookie = 'session' | 'step' | 'visit' | 'device' | 'iin' | 'entry' | 'done' | 'phone';

/** Reads who sends a request. Gives a new browser the cookie that its form tokens are bound to. */
export async function readRequestContext(
  request: FastifyRequest,
  reply: FastifyReply,
  {
    keys,
    sessions,
    settings,
    active,
    also,
    standby,
  }: {
    keys: Keys;
    sessions: SessionReader;
    settings: HttpSettings;
    active: boolean;
    also: ReadWithSession | undefined;
    standby: StandbySessions<StandbyReading> | undefined;
  },
): Promise<RequestContext> {
  const secure = isSecure(request, settings);
  const sessionToken = readSecret(request, 'session', secure);
  const { state, outage, reading } = sessionToken
    ? await lookUp({ sessions, standby, active, also }, sessionToken)
    : nobody;
  // The browser may have left meanwhile.
  if (reply.raw.destroyed) reading?.release();
  else if (reading) reply.raw.once('close', reading.release);
  const session = state.kind === 'live' ? state.session : undefined;

  let guestToken = readSecret(request, 'visit', secure);
  if (!session && !guestToken && !outage) {
    guestToken = randomToken();
    setSecret(reply, 'visit', guestToken, secure);
  }
  const bound = session || outage ? (sessionToken ?? guestToken) : guestToken;
  const known = readBrowser(request, secure);
  const browsers = known.length > 0 ? known : [nameBrowser(reply, secure)];
  const mark = {
    cookie: bound ?? '',
    browser: browsers[0] ?? '',
    session:
      bound !== undefined && bound === sessionToken ? sessionPrefix(tokenHash(sessionToken)) : undefined,
  };
  let token: string | undefined;
  const chosen = request.cookies['language'];
  // The address is missing, despite its type, when the browser left before its request was handled.
  const ip: string | undefined = request.ip;
  const address = ip ?? '';
  const language = isLanguage(chosen)
    ? chosen
    : (session?.language ?? (outage && languageByCookie(request)) ?? 'kk');
  return {
    language,
    texts: textsOf(language),
    session,
    reading: state.kind === 'live' ? state.reading : undefined,
    timedOut: state.kind === 'timed-out' ? state.holderId : undefined,
    ending: state.kind === 'rotated' || state.kind === 'closed' ? state.kind : undefined,
    address,
    network: networkOf(address),
    outage,
    standby: reading,
    browser: known[0],
    device: readSecret(request, 'device', secure),
    secure,
    csrf: () => {
      token ??= csrfToken(keys, mark);
      return token;
    },
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

/** What is known of whom a cookie belongs to. */
interface Found {
  readonly state: SessionState;
  readonly outage?: Error;
  readonly reading?: StandbyReading;
}

const nobody: Found = { state: { kind: 'none' } };

/** Looks the session up, on the standby while the leader is away. */
async function lookUp(
  {
    sessions,
    standby,
    active,
    also,
  }: {
    readonly sessions: SessionReader;
    readonly standby: StandbySessions<StandbyReading> | undefined;
    readonly active: boolean;
    readonly also: ReadWithSession | undefined;
  },
  token: string,
): Promise<Found> {
  try {
    if (standby?.leaderIsAway()) throw new DatabaseAway('LEADER_SILENT');
    return { state: await sessions.read(token, active, also) };
  } catch (error) {
    if (!isOutage(error)) throw error;
    const found = error instanceof DatabaseAway ? await standby?.read(token) : undefined;
    if (!found) return { state: nobody.state, outage: error };
    return { state: { kind: 'live', session: found.session }, reading: found.standby };
  }
}

/**
 * The most cookies of this kind that are read. A browser without cookies that opens several tabs at
 * once receives one in each.
 */
const browserCookies = 8;

/**
 * Reads the cookies that identify a browser until it is closed, whoever signs in and out. Forms
 * made in this browser are recognised by them. Each cookie has its own name: when several tabs open
 * at once in a browser without cookies, each keeps its own instead of the last replacing the
 * others.
 */
function readBrowser(request: FastifyRequest, secure: boolean): readonly string[] {
  const prefix = cookieName('browser', secure);
  const known = Object.entries(request.cookies).flatMap(([name, value]) =>
    name.startsWith(`${prefix}-`) && value !== undefined && /^[\w-]{43}$/.test(value) ? [value] : [],
  );
  return known.slice(0, browserCookies);
}

/** Gives a browser such a cookie. */
function nameBrowser(reply: FastifyReply, secure: boolean): string {
  const name = `${cookieName('browser', secure)}-${randomName(6)}`;
  const made = randomToken();
  reply.setCookie(name, made, { path: '/', httpOnly: true, sameSite: 'lax', secure });
  return made;
}

/**
 * The origin that forms of this service must come from. Undefined when it is not known: all forms
 * are then refused.
 */
export function ownOrigin(request: FastifyRequest, settings: HttpSettings): string | undefined {
  if (settings.publicUrl) return settings.publicUrl.origin;
  const name = hostName(request);
  return name !== undefined && isLoopbackName(name) ? `${request.protocol}://${request.host}` : undefined;
}

/** Sets a cookie that scripts cannot read. */
export function setSecret(
  reply: FastifyReply,
  name: SecretCookie,
  value: string,
  secure: boolean,
  /** Undefined: until the browser is closed. */
  seconds?: number,
): void {
  reply.setCookie(cookieName(name, secure), value, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    ...(seconds === undefined ? {} : { maxAge: seconds }),
  });
}

/** Deletes a cookie that `setSecret` set. */
export function clearSecret(reply: FastifyReply, name: SecretCookie, secure: boolean): void {
  reply.setCookie(cookieName(name, secure), '', {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: 0,
  });
}

/** The value of a cookie that `setSecret` set, or undefined. */
export function readSecret(request: FastifyRequest, name: SecretCookie, secure: boolean): string | undefined {
  const value = request.cookies[cookieName(name, secure)];
  return value === undefined || value === '' || value.length > 200 ? undefined : value;
}

/**
 * The session of a request to a route that only holders may use.
 * @throws Problem 403 when there is none
 */
export function sessionOf(request: FastifyRequest): LiveSession {
  const { session } = request.context;
  if (!session) throw problem(403);
  return session;
}

/** True when the browser has a session cookie. The session is not looked up. */
export function hasSession(request: FastifyRequest, settings: HttpSettings): boolean {
  return readSecret(request, 'session', isSecure(request, settings)) !== undefined;
}

/** Remembers the chosen language in this browser. */
export function setLanguage(reply: FastifyReply, language: Language, secure: boolean): void {
  setLanguageCookie(reply, 'language', language, secure);
}

/**
 * Remembers in this browser which language its holder last had. It counts only where the session
 * cannot be read, so that a choice made in another browser is followed.
 */
export function setHolderLanguageCookie(reply: FastifyReply, language: Language, secure: boolean): void {
  setLanguageCookie(reply, 'spoken', language, secure);
}

function setLanguageCookie(
  reply: FastifyReply,
  name: 'language' | 'spoken',
  language: Language,
  secure: boolean,
): void {
  reply.setCookie(name, language, { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: year });
}

/** The language of a browser whose session is not known: the chosen one, or that of its holder. */
export function languageByCookie(request: FastifyRequest): Language | undefined {
  const cookies = request.cookies as typeof request.cookies | undefined;
  return [cookies?.['language'], cookies?.['spoken']].find(isLanguage);
}

/** True when cookies can be `Secure`: always, except with plain http on a loopback name. */
export function isSecure(request: FastifyRequest, settings: HttpSettings): boolean {
  if (settings.publicUrl) return settings.publicUrl.protocol === 'https:';
  const name = hostName(request);
  return request.protocol === 'https' || name === undefined || !isLoopbackName(name);
}

/** Names by the header that has them: each request asks several times, and parsing takes longest. */
const hostNames = new LRUCache<string, { readonly name: string | undefined }>({ max: 100 });

function hostName({ host }: FastifyRequest): string | undefined {
  // The header is missing, despite its type, in old versions of HTTP.
  const key = String(host);
  const known = hostNames.get(key);
  if (known) return known.name;
  const url = `http://${key}`;
  const name = URL.canParse(url) ? new URL(url).hostname : undefined;
  hostNames.set(key, { name });
  return name;
}

function cookieName(name: SecretCookie | 'browser', secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}
