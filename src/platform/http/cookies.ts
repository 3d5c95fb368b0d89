import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { paths } from '../../paths.ts';
import { emptyForm, parse } from './forms.ts';

/** Registers the page that deletes cookies, for a browser that sends more than are served. */
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
      // None of our cookies has such a name, and setting it would make the answer invalid.
      if (!/^[\w.-]{1,100}$/.test(name)) continue;
      reply.setCookie(name, '', { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: 0 });
    }
    // This also removes cookies of another path or of the parent domain.
    return reply.header('clear-site-data', '"cookies"').redirect(paths.start, 303);
  }
}
