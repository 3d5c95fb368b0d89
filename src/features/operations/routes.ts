import type { FastifyInstance } from 'fastify';

/** What readiness asks. A dead dependency other than the database never makes a node unready. */
export interface Readiness {
  /** True when the database can be written and has every migration. */
  readonly databaseReady: () => Promise<boolean>;
  readonly closing: () => boolean;
}

/** `/health/live`: the event loop answers. `/health/ready`: this node can serve people. */
export function healthRoutes(server: FastifyInstance, readiness: Readiness): void {
  const config = { access: 'machine', rateLimit: false } as const;
  server.get('/health/live', { config }, async () => ({ status: 'live' }));
  server.get('/health/ready', { config }, async (_request, reply) => {
    const ready = !readiness.closing() && (await readiness.databaseReady().catch(() => false));
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : readiness.closing() ? 'closing' : 'database unavailable' });
  });
}
