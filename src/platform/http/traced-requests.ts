import type { FastifyInstance } from 'fastify';
import type { TracedRequest, Tracing } from '../tracing.ts';
import type { ProxyHeaders } from './proxy-headers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    traced: TracedRequest | undefined;
  }
}

/**
 * Traces every request of a person. A span has the pattern of the route, never the requested
 * address, and nothing about who asks.
 */
export function addTraceHooks(
  server: FastifyInstance,
  tracing: Tracing,
  { traceparent }: Pick<ProxyHeaders, 'traceparent'>,
): void {
  server.decorateRequest('traced', undefined);
  server.addHook('onRequest', (request, reply, done) => {
    const { method, routeOptions } = request;
    if (routeOptions.config.access === 'machine') return done();
    const route = routeOptions.url ?? 'none';
    const traced = tracing.request(
      {
        name: `${method} ${route}`,
        kind: 'server',
        facts: { 'http.request.method': method, 'http.route': route, 'kabinet.request_id': request.id },
      },
      traceparent(request.raw),
    );
    request.traced = traced;
    reply.raw.once('close', () => {
      const { statusCode: status } = reply;
      const { action, outcome } = request.outcome ?? {};
      traced.end(
        {
          'http.response.status_code': status,
          ...(action === undefined ? {} : { 'kabinet.action': action }),
          ...(outcome === undefined ? {} : { 'kabinet.outcome': outcome }),
          ...(reply.raw.writableFinished ? {} : { 'kabinet.left': true }),
        },
        status >= 500,
      );
    });
    traced.run(done);
  });
  // The form arrived in events of the connection, which know nothing of the request.
  server.addHook('preValidation', (request, _reply, done) => {
    if (request.traced) request.traced.run(done);
    else done();
  });
}
