import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import type { OnAnswered } from '../answered.ts';
import type { Tracing } from '../tracing.ts';
import { type AccessDeps, addAccessHook } from './access.ts';
import { addAnswerHooks } from './answers.ts';
import { answerBroken, headersRead } from './broken-request.ts';
import { type Connections, trackConnections } from './connections.ts';
import { addEntryHooks, type EntryDeps } from './entry.ts';
import { type ErrorDeps, handleErrors } from './errors.ts';
import { bareHeaders } from './headers.ts';
import { bodyLimit, registerPlugins } from './plugins.ts';
import { asProblem } from './problem.ts';
import { type ProxyHeaders, readProxyHeaders } from './proxy-headers.ts';
import type { RouteEntry } from './route-config.ts';
import { addTraceHooks } from './traced-requests.ts';

export interface ServerDeps extends EntryDeps, AccessDeps, ErrorDeps {
  readonly log: Logger;
  readonly maintenance: ErrorDeps['maintenance'];
  readonly onAnswered?: OnAnswered;
  /** Undefined where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** The HTTP side of the service, without its routes. */
export interface HttpServer {
  readonly server: FastifyInstance;
  /** Every registered route, in order of registration. */
  readonly routes: readonly RouteEntry[];
  readonly connections: Connections;
}

/**
 * Milliseconds within which a whole request must arrive, its form included. The longest form takes
 * one second on a slow phone.
 */
const requestTimeout = 10_000;

/**
 * Creates the HTTP side that all features share: cookies, headers, limits, access, form tokens,
 * errors and logs.
 */
export async function createServer(deps: ServerDeps): Promise<HttpServer> {
  const proxyHeaders = readProxyHeaders(deps.settings.trustedProxies);
  const server = createFastify(deps, proxyHeaders);
  const routes: RouteEntry[] = [];
  const connections = trackConnections(server.server);
  server.decorateRequest('context');
  server.decorateRequest('outcome', undefined);
  server.decorateRequest('sharedPage', undefined);
  server.addHook('onRoute', (route) => {
    if (route.url.startsWith('/assets/')) route.config = { ...route.config, access: 'machine' };
    const access = route.config?.access;
    if (access === undefined) throw new Error(`the route ${route.url} does not say who may open it`);
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, access });
  });
  if (deps.tracing) addTraceHooks(server, deps.tracing, proxyHeaders);
  await registerPlugins(server, deps.settings);
  addEntryHooks(server, deps);
  addAccessHook(server, deps);
  addAnswerHooks(server, connections, deps.onAnswered);
  handleErrors(server, deps);
  return { server, routes, connections };
}

function createFastify(
  { settings, log, problemPage }: ServerDeps,
  { requestId }: ProxyHeaders,
): FastifyInstance {
  return Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new Fastify.LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    trustProxy: settings.trustedProxies.length > 0 ? [...settings.trustedProxies] : false,
    bodyLimit,
    requestTimeout,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    // By default Node checks for overdue requests every 30 seconds only.
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 1_000, maxHeaderSize: headersRead },
    // Routes check what they receive by zod. Fastify's own compilers would take a tenth of the start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 64 },
    // Before the server closes, it waits for its connections. Requests that arrive until then are
    // answered as usual.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => answerBroken(error, socket, bareHeaders(settings)),
    // No hook runs for an address that cannot be read, so set the protecting headers here.
    frameworkErrors: (error, request, reply) =>
      problemPage(request, (reply as FastifyReply).headers(bareHeaders(settings)), asProblem(error)),
  });
}

function noSchemas(): never {
  throw new Error('a route has a schema of Fastify: check by zod instead');
}
