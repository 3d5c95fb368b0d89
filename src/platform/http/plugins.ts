import { join } from 'node:path';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import rateLimit from '@fastify/rate-limit';
import serveStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';
import { isLoopbackName } from '../loopback.ts';
import { root } from '../root.ts';
import { contentPolicy } from './headers.ts';
import { problem } from './problem.ts';
import type { HttpSettings } from './settings.ts';

/**
 * The largest form, in bytes: all fields of the requisites at their greatest length, in Kazakh,
 * percent-encoded.
 */
export const bodyLimit = 32 * 1024;

/** Registers the plugins: protecting headers, cookies, forms, the flood limit and static files. */
export async function registerPlugins(server: FastifyInstance, settings: HttpSettings): Promise<void> {
  // Made once: its plugin for Fastify makes it for each request.
  const protect = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: contentPolicy },
    // With no-referrer, Chromium sends "Origin: null" with a form, and every form would be refused.
    referrerPolicy: { policy: 'same-origin' },
    frameguard: { action: 'deny' },
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: false,
  });
  server.addHook('onRequest', (request, reply, next) => {
    protect(request.raw, reply.raw, (error?: unknown) => next(error as Error | undefined));
  });
  await server.register(cookie);
  await server.register(formbody, { bodyLimit });
  server.removeContentTypeParser(['application/json', 'text/plain']);
  await server.register(rateLimit, {
    max: settings.floodPerMinute,
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
}
