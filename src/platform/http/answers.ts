import type { FastifyInstance } from 'fastify';
import type { OnAnswered } from '../answered.ts';
import { compress } from './compression.ts';
import type { Connections } from './connections.ts';
import type { SharedPage } from './shared-compression.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The page of this request's answer, where everybody gets the same. */
    sharedPage: SharedPage | undefined;
  }
}

/** Compresses pages, closes connections when the server stops, and logs each answer. */
export function addAnswerHooks(
  server: FastifyInstance,
  connections: Connections,
  onAnswered: OnAnswered | undefined,
): void {
  server.addHook('onSend', async (request, reply, payload) => {
    if (connections.ending) reply.header('connection', 'close');
    if (typeof payload !== 'string' || !String(reply.getHeader('content-type')).startsWith('text/html'))
      return payload;
    reply.header('vary', 'Accept-Encoding');
    const compressed = await compress(payload, request.headers['accept-encoding'], request.sharedPage);
    if (!compressed) return payload;
    reply.header('content-encoding', compressed.encoding);
    reply.removeHeader('content-length');
    return compressed.body;
  });

  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    // Log the route's pattern, never the requested address, which may hold personal data.
    const route = routeOptions.url ?? 'none';
    const { statusCode: status, elapsedTime } = reply;
    const { outcome } = request;
    onAnswered?.({ route, method, status, seconds: elapsedTime / 1_000, outcome });
    if (routeOptions.config.access !== 'machine')
      request.log.info({ method, route, status, ms: Math.round(elapsedTime), ...outcome }, 'answered');
  });
}
