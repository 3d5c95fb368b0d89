import type { FastifyInstance } from 'fastify';
import { isLanguage } from '../../language.ts';
import { problem } from '../../web/problem.ts';
import { type AddressSources, suggestAddresses } from './addresses.ts';
import type { SuggestionLimit } from './suggestion-limit.ts';

export interface AddressRoutesParts {
  readonly sources: AddressSources;
  readonly limit: SuggestionLimit;
}

/** Questions longer than this are no address. */
const longestQuestion = 300;

/** `/api/addresses`: suggestions for a signed-in person. */
export function addressRoutes(server: FastifyInstance, { sources, limit }: AddressRoutesParts): void {
  server.get('/api/addresses', { config: { access: 'holder', json: true } }, async (request, reply) => {
    const { session, language } = request.visit;
    if (!session) throw problem(403);
    const { q, language: wanted } = request.query as Record<string, unknown>;
    if (typeof q !== 'string' || q.length > longestQuestion) return reply.code(400).send({ error: 'q' });
    const taken = limit.take(session.hash.toString('hex'));
    if (!taken.ok)
      return reply.code(429).header('retry-after', String(taken.retryAfter)).send({ error: 'limit' });
    return suggestAddresses(sources, q, isLanguage(wanted) ? wanted : language);
  });
}
