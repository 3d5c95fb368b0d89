import type { FastifyInstance } from 'fastify';
import { readForm } from './forms.ts';

/** `POST /cookies/clear`: the way out for a browser that sends more cookies than are served. */
export function cookieRoutes(
  server: FastifyInstance,
  endSession: (hash: Buffer, requestId: string) => Promise<void>,
): void {
  server.post(
    '/cookies/clear',
    { config: { access: 'anyone', duringMaintenance: true, manyCookies: true } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      const { session, secure } = request.context;
      if (session) await endSession(session.hash, request.id);
      for (const name of Object.keys(request.cookies)) {
        // A name that no cookie of ours can have would break the answer.
        if (!/^[\w.-]{1,100}$/.test(name)) continue;
        reply.setCookie(name, '', { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: 0 });
      }
      // Those with another path or of the whole domain, too.
      return reply.header('clear-site-data', '"cookies"').redirect('/', 303);
    },
  );
}
