import type { FastifyInstance } from 'fastify';
import { problem } from '../../platform/http/problem.ts';
import type { RateLimit } from '../../platform/rate-limit.ts';
import { isLanguage } from '../../values/language.ts';
import { createAddressBook } from './address-book.ts';
import { type AddressSources, suggestAddresses } from './addresses.ts';

export interface AddressRoutesDeps {
  readonly sources: AddressSources;
  readonly limit: RateLimit;
}

/** Questions longer than this are no address, and longer than that no index. */
const longestQuestion = 300;
const longestPostcode = 20;

/** For a signed-in person: suggestions at `/api/addresses`; at `/api/postcode` whether an index seems to belong elsewhere. */
export function addressRoutes(server: FastifyInstance, { sources, limit }: AddressRoutesDeps): void {
  server.get('/api/addresses', { config: { access: 'holder', json: true } }, async (request, reply) => {
    const { session, language } = request.context;
    if (!session) throw problem(403);
    const { q, language: wanted } = request.query as Record<string, unknown>;
    if (typeof q !== 'string' || q.length > longestQuestion) return reply.code(400).send({ error: 'q' });
    const taken = limit.take(session.hash.toString('hex'));
    if (!taken.ok)
      return reply.code(429).header('retry-after', String(taken.retryAfter)).send({ error: 'limit' });
    return suggestAddresses(sources, q, isLanguage(wanted) ? wanted : language);
  });

  const book = createAddressBook(sources);
  server.get('/api/postcode', { config: { access: 'holder', json: true } }, async (request, reply) => {
    const { session } = request.context;
    if (!session) throw problem(403);
    const { postcode, address } = request.query as Record<string, unknown>;
    if (typeof postcode !== 'string' || postcode.length > longestPostcode)
      return reply.code(400).send({ error: 'postcode' });
    if (typeof address !== 'string' || address.length > longestQuestion)
      return reply.code(400).send({ error: 'address' });
    const taken = limit.take(session.hash.toString('hex'));
    if (!taken.ok)
      return reply.code(429).header('retry-after', String(taken.retryAfter)).send({ error: 'limit' });
    return { elsewhere: await book.seemsElsewhere(address, postcode) };
  });
}
