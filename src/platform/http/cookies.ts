import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { paths } from '../../paths.ts';
import { emptyForm, parse } from './forms.ts';

/** Registers the way out for a browser that sends more cookies than are served. */
export function cookieRoutes(
  server: FastifyInstance,
  endSession: (hash: Buffer, requestId: string) => Promise<void>,
): void {
  const config = { access: 'anyone', duringMaintenance: true, manyCookies: true } as const;
  server.post(paths.clearCookies, { config }, postClearCookies);

  async function postClearCookies(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    parse(emptyForm, request.body);
    const { session, secure } = request.context;
    if (session) await endSession(session.hash, request.id);
    for (const name of Object.keys(request.cookies)) {
      // A name that no cookie of ours can have would break the answer.
      if (!/^[\w.-]{1,100}$/.test(name)) continue;
      reply.setCookie(name, '', { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: 0 });
    }
    // Those with another path or of the whole domain, too.
    return reply.header('clear-site-data', '"cookies"').redirect(paths.start, 303);
  }
}
