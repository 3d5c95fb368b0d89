import type { FastifyInstance, FastifyReply } from 'fastify';
import { paths } from '../../paths.ts';

/**
 * What readiness depends on. Only the database can make an instance unready, and no other
 * dependency.
 */
export interface HealthDeps {
  /** True when the database is writable and has every migration. */
  readonly databaseReady: () => Promise<boolean>;
  /** True when form, history and receipts can be shown from a standby. */
  readonly standbyReadable: () => boolean;
  readonly closing: () => boolean;
}

/**
 * Health for whoever runs the service: whether the process is alive, and whether it can serve
 * people.
 */
export function healthRoutes(server: FastifyInstance, deps: HealthDeps): void {
  const config = { access: 'machine', rateLimit: false } as const;
  server.get(paths.live, { config }, showLive);
  server.get(paths.ready, { config }, (_request, reply) => showReady(deps, reply));
  server.get(paths.readable, { config }, (_request, reply) => showReadable(deps, reply));
}

/** Answers as long as the event loop runs. */
async function showLive() {
  return { status: 'live' };
}

async function showReady({ databaseReady, closing }: HealthDeps, reply: FastifyReply) {
  const ready = !closing() && (await databaseReady().catch(() => false));
  return reply
    .code(ready ? 200 : 503)
    .header('cache-control', 'no-store')
    .send({ status: ready ? 'ready' : closing() ? 'closing' : 'database unavailable' });
}

/** Like `showReady`, and also true while the leader is away and a standby is read. */
async function showReadable({ databaseReady, standbyReadable, closing }: HealthDeps, reply: FastifyReply) {
  // A leader that is frozen would be waited for longer than a proxy waits for a check.
  const readable = !closing() && (standbyReadable() || (await databaseReady().catch(() => false)));
  return reply
    .code(readable ? 200 : 503)
    .header('cache-control', 'no-store')
    .send({ status: readable ? 'readable' : 'not readable' });
}
