import { join } from 'node:path';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import serveStatic from '@fastify/static';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { type Keys, randomName } from '../keys.ts';
import { withoutValues } from '../loggable.ts';
import { isLoopbackName } from '../loopback.ts';
import type { MaintenanceState } from '../maintenance.ts';
import { DatabaseAway, isOutage, Overloaded, UnderMaintenance } from '../outage.ts';
import { root } from '../root.ts';
import type { KeyedSemaphore } from '../semaphore.ts';
import { SessionGone, type SessionReader } from '../session.ts';
import type { AdmissionControl } from './admission.ts';
import { answerBroken, headerProblem, headersRead, withoutTrailingSlash } from './broken-request.ts';
import { compress } from './compression.ts';
import { type Connections, trackConnections } from './connections.ts';
import { bareHeaders, contentPolicy, transportSecurity } from './headers.ts';
import { retrySoon, type SendOutage } from './outage.tsx';
import { type OwnFormsDeps, receiveForm } from './own-forms.ts';
import { asProblem, Problem, problem } from './problem.ts';
import {
  clearSecret,
  hasSession,
  isSecure,
  type RequestContext,
  readRequestContext,
  readSecret,
} from './request-context.ts';
import type { SendWaiting } from './waiting-page.tsx';

/** Who may open a route: anyone with a page, only a signed-in holder, or machines (no cookies, no language). */
export type Access = 'anyone' | 'holder' | 'machine';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Asked by a script: without a session it answers 401 instead of sending to the sign-in page. */
    json?: boolean;
    /** Keeps what this POST brought when it cannot be done now: the session has timed out, or maintenance is under way. */
    keepTyped?: (holderId: string, body: unknown) => Promise<boolean>;
    /** A POST that changes nothing of the holder's data, or makes them safer: it works during maintenance, too. */
    duringMaintenance?: true;
    /** The fields of a form that may be sent again as it was: they stand in the page of an outage. Never a password or a code. */
    repeatable?: readonly string[];
    /** The page to come back to after signing in, where the route's own address is none. */
    backTo?: string;
    /** Where this POST leads when nobody is signed in any more: what it asks for is so already. */
    whenSignedOut?: string;
    /**
     * It serves a form that was made before somebody signed in or out, too: it does nothing that needs a decision, always or
     * while somebody is signed in.
     */
    takesEarlier?: 'always' | 'signed-in';
    /** It is served however many cookies come with it. */
    manyCookies?: true;
    /** Its script asks without the person's doing: that does not prolong the session. */
    passive?: true;
  }
}

/** A route as it was registered, for tests that go through all of them. */
export interface RouteEntry {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
}

export interface ServerDeps extends OwnFormsDeps {
  readonly keys: Keys;
  readonly log: Logger;
  /** Answers a request that cannot be served with a worded page. */
  readonly problemPage: (request: FastifyRequest, reply: FastifyReply, problem: Problem) => FastifyReply;
  readonly gate: AdmissionControl;
  readonly writeSemaphore: KeyedSemaphore;
  readonly waitingPage: SendWaiting;
  readonly maintenance: { state(): MaintenanceState; refresh(): Promise<void> };
  /** Answers a request that is not served just now. */
  readonly outagePage: SendOutage;
  /** Told of each answered request. */
  readonly onAnswered?: (route: string, method: string, status: number, seconds: number) => void;
}

/** The largest form, in bytes: all fields of the requisites at their longest, in Kazakh, percent-encoded. */
const bodyLimit = 32 * 1024;

/** A request must have come whole by then, its form included; milliseconds. The longest form takes a second on a slow phone. */
const requestTimeout = 10_000;

/** The HTTP side that every module shares: cookies, headers, limits, access, form tokens, errors, logs. */
export async function buildServer(
  parts: ServerDeps,
): Promise<{ server: FastifyInstance; routes: readonly RouteEntry[]; connections: Connections }> {
  const { config, keys, sessions, log } = parts;
  const server = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new Fastify.LogController({ disableRequestLogging: true }),
    genReqId: () => randomName(10),
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    bodyLimit,
    requestTimeout,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    // Node looks for what is overdue every 30 seconds unless told otherwise.
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 1_000, maxHeaderSize: headersRead },
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 64 },
    // Whoever closes it waits for the connections first: what still came before that is answered like any other.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => answerBroken(error, socket, bareHeaders(config)),
    // An address that cannot be read comes past no hook, so its page gets the protecting headers here.
    frameworkErrors: (error, request, reply) =>
      parts.problemPage(request, (reply as FastifyReply).headers(bareHeaders(config)), asProblem(error)),
  });
  const routes: RouteEntry[] = [];
  const connections = trackConnections(server.server);
  server.decorateRequest('context');

  server.addHook('onRoute', (route) => {
    if (route.url.startsWith('/assets/')) route.config = { ...route.config, access: 'machine' };
    const access = route.config?.access;
    if (access === undefined) throw new Error(`the route ${route.url} does not say who may open it`);
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, access });
  });

  await server.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: contentPolicy,
    },
    // With no-referrer, Chromium would send "Origin: null" on a form and every form would be refused.
    referrerPolicy: { policy: 'same-origin' },
    frameguard: { action: 'deny' },
    hsts: false,
    crossOriginEmbedderPolicy: false,
  });
  await server.register(cookie);
  await server.register(formbody, { bodyLimit });
  server.removeContentTypeParser(['application/json', 'text/plain']);
  await server.register(rateLimit, {
    max: config.floodPerMinute,
    timeWindow: 60_000,
    allowList: (request) => isLoopbackName(request.ip),
    errorResponseBuilder: (_request, context) => problem(429, Math.ceil(context.ttl / 1_000)),
    addHeaders: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
      'retry-after': false,
    },
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
  });
  await server.register(serveStatic, {
    root: join(root, 'dist/assets'),
    prefix: '/assets/',
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
    index: false,
    decorateReply: false,
  });

  /** Gives a request its place among those under way, and finds out who it is from. */
  const enter = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { json, passive } = request.routeOptions.config;
    const begun = isUnsafe(request) || hasSession(request, config);
    const leave = parts.gate.admit(begun);
    if (leave) reply.raw.once('close', leave);
    else if (!isUnsafe(request) && !json) return parts.waitingPage(request, reply);
    request.context = await readRequestContext(request, reply, {
      keys,
      sessions: leave ? sessions : nobodyLooks,
      config,
      active: !passive,
    });
    // A form is read before it is turned away, so that its page can hold what was typed.
    if (!leave) request.context = { ...request.context, outage: new Overloaded('the gate is closed') };
    return undefined;
  };

  server.addHook('onRequest', async (request, reply) => {
    const wrong = headerProblem(request);
    if (wrong === 400) throw problem(400);
    if (request.routeOptions.config.access === 'machine') return;
    reply.header('cache-control', 'no-store');
    if (isSecure(request, config)) reply.header('strict-transport-security', transportSecurity);
    if (wrong === undefined || request.routeOptions.config.manyCookies)
      return isUnsafe(request) ? undefined : enter(request, reply);
    // The page has a form, which needs to know whose it is.
    await enter(request, reply);
    if (reply.sent) return reply;
    throw problem(wrong);
  });

  // A form takes its place when it has come whole: one that is sent byte by byte would hold it for as long as it likes.
  server.addHook('preValidation', async (request, reply) => {
    if (request.routeOptions.config.access !== 'machine' && isUnsafe(request)) await enter(request, reply);
  });

  server.addHook('preHandler', async (request, reply) => {
    const { access, keepTyped, duringMaintenance } = request.routeOptions.config;
    if (access === 'machine' || request.is404) return;
    const unsafe = isUnsafe(request);
    const answered = unsafe ? await receiveForm(parts, request, reply) : undefined;
    if (answered) return answered;
    if (request.context.outage) throw request.context.outage;
    const { session } = request.context;
    if (access !== 'holder' || session) {
      if (!unsafe) return;
      if (!duringMaintenance && parts.maintenance.state().kind === 'open') throw new UnderMaintenance();
      if (session) await takeTurn(reply, session.holderId);
      return;
    }
    const kept =
      unsafe &&
      request.context.timedOut !== undefined &&
      (await keepTyped?.(request.context.timedOut, request.body));
    return sendToSignIn(request, reply, kept === true);
  });

  /** Waits until fewer writes of this person are under way. */
  const takeTurn = async (reply: FastifyReply, holderId: string): Promise<void> => {
    const release = await parts.writeSemaphore.acquire(holderId);
    if (!release) throw new Overloaded('too many writes of one person wait');
    // Who has left meanwhile needs no place.
    if (reply.raw.destroyed) release();
    else reply.raw.once('close', release);
  };

  const sendToSignIn = (request: FastifyRequest, reply: FastifyReply, kept: boolean): FastifyReply => {
    const { json, backTo } = request.routeOptions.config;
    if (json) return reply.code(401).send({ error: 'session' });
    const wasSignedIn =
      request.context.outdated || readSecret(request, 'session', request.context.secure) !== undefined;
    // The cookie that the browser has by now may be a newer one.
    if (request.context.ending !== 'rotated') clearSecret(reply, 'session', request.context.secure);
    const query = new URLSearchParams();
    if (kept) query.set('ended', 'kept');
    else if (request.context.ending === 'closed') query.set('ended', 'closed');
    else if (wasSignedIn && request.context.ending === undefined) query.set('ended', '1');
    // Only a plain page is gone back to: its address holds nothing personal.
    const wanted = backTo ?? request.routeOptions.url;
    if (wanted !== undefined && !wanted.includes(':') && wanted !== '/sign-out') query.set('to', wanted);
    return reply.redirect(query.size > 0 ? `/sign-in?${query}` : '/sign-in', 303);
  };

  server.addHook('onSend', async (request, reply, payload) => {
    if (connections.ending) reply.header('connection', 'close');
    if (typeof payload !== 'string' || !String(reply.getHeader('content-type')).startsWith('text/html'))
      return payload;
    reply.header('vary', 'Accept-Encoding');
    const compressed = await compress(payload, request.headers['accept-encoding']);
    if (!compressed) return payload;
    reply.header('content-encoding', compressed.encoding);
    reply.removeHeader('content-length');
    return compressed.body;
  });

  server.addHook('onResponse', async (request, reply) => {
    // The pattern of the route, never the address asked for: nothing personal can be in it.
    const route = request.routeOptions.url ?? 'none';
    parts.onAnswered?.(route, request.method, reply.statusCode, reply.elapsedTime / 1_000);
    if (request.routeOptions.config.access !== 'machine') {
      request.log.info(
        { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
        'answered',
      );
    }
  });

  server.setNotFoundHandler((request, reply) => {
    const without = isUnsafe(request) ? undefined : withoutTrailingSlash(request.url);
    return without === undefined
      ? parts.problemPage(request, reply, problem(404))
      : reply.redirect(without, 308);
  });
  const answerOutage = async (error: Error, request: FastifyRequest, reply: FastifyReply) => {
    const { json, keepTyped } = request.routeOptions.config;
    if (json) return reply.code(503).header('retry-after', String(retrySoon())).send({ error: 'outage' });
    if (!(error instanceof UnderMaintenance)) {
      return parts.outagePage(request, reply, { kind: error instanceof Overloaded ? 'busy' : 'away' });
    }
    // A store has seen a window that this node has not: the page needs its end.
    if (parts.maintenance.state().kind !== 'open') await parts.maintenance.refresh();
    const state = parts.maintenance.state();
    const holder = request.context.session?.holderId;
    const kept = holder !== undefined && ((await keepTyped?.(holder, request.body)) ?? false);
    const window = state.kind === 'open' ? state : undefined;
    return parts.outagePage(request, reply, { kind: 'maintenance', window, kept });
  };

  server.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    if (isOutage(error) && (request.context as RequestContext | undefined)) {
      if (error instanceof DatabaseAway) request.log.warn('the database is away');
      return answerOutage(error, request, reply).catch((further: Error) =>
        isOutage(further) ? parts.outagePage(request, reply, { kind: 'away' }) : Promise.reject(further),
      );
    }
    // Ended while its request was under way: nothing was done.
    if (error instanceof SessionGone) return sendToSignIn(request, reply, false);
    const known = asProblem(error);
    if (known.statusCode >= 500 && !(error instanceof Problem))
      request.log.error(withoutValues(error), 'a request failed');
    // Where a file ends, for a range behind its end.
    const range = (error as { headers?: Record<string, string> }).headers?.['Content-Range'];
    if (range !== undefined) reply.header('content-range', range);
    return parts.problemPage(request, reply, known);
  });

  return { server, routes, connections };
}

/** For a request that is turned away: it costs the database nothing. */
const nobodyLooks: SessionReader = {
  read: () => Promise.reject(new Overloaded('the gate is closed')),
  former: () => Promise.reject(new Overloaded('the gate is closed')),
};

function isUnsafe({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
