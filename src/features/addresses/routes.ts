import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { problem } from '../../platform/http/problem.ts';
import type { RateLimit, RateLimitOptions } from '../../platform/rate-limit.ts';
import { languages } from '../../values/language.ts';
import { type AddressSources, seemsElsewhere, suggestAddresses } from './addresses.ts';

export interface AddressRoutesDeps {
  readonly addresses: AddressSources;
  readonly addressLimit: RateLimit;
}

/**
 * The limit of one session: 60 requests at once, then 10 a second, because people type several keys
 * quickly. The limit protects Kazpost and the processor from scripts. Each process counts on its
 * own, which is enough for that.
 */
export const suggestionRate: RateLimitOptions = { burst: 60, perSecond: 10, keys: 20_000 };

/** Longer texts are neither an address nor a postcode. */
const longestQuestion = 300;
const longestPostcode = 20;

const addressQuery = z.object({
  q: z.string().max(longestQuestion),
  language: z.enum(languages).optional().catch(undefined),
});
const postcodeQuery = z.object({
  postcode: z.string().max(longestPostcode),
  address: z.string().max(longestQuestion),
});

/**
 * For a signed-in person: suggestions, and whether a postcode seems to belong to another region.
 */
export function addressRoutes(server: FastifyInstance, deps: AddressRoutesDeps): void {
  const config = { access: 'holder', json: true } as const;
  server.get(paths.suggestAddresses, { config }, (request, reply) => showAddresses(deps, request, reply));
  server.get(paths.suggestByPostcode, { config }, (request, reply) => showPostcode(deps, request, reply));
}

async function showAddresses(deps: AddressRoutesDeps, request: FastifyRequest, reply: FastifyReply) {
  const { session, language } = request.context;
  if (!session) throw problem(403);
  const query = addressQuery.safeParse(request.query);
  if (!query.success) return refuseQuery(reply, query.error);
  const taken = deps.addressLimit.take(session.hash.toString('hex'));
  if (!taken.ok) return refuseFor(reply, taken.retryAfter);
  return suggestAddresses(deps.addresses, query.data.q, query.data.language ?? language);
}

async function showPostcode(deps: AddressRoutesDeps, request: FastifyRequest, reply: FastifyReply) {
  const { session } = request.context;
  if (!session) throw problem(403);
  const query = postcodeQuery.safeParse(request.query);
  if (!query.success) return refuseQuery(reply, query.error);
  const taken = deps.addressLimit.take(session.hash.toString('hex'));
  if (!taken.ok) return refuseFor(reply, taken.retryAfter);
  const { address, postcode } = query.data;
  return { elsewhere: await seemsElsewhere(deps.addresses, address, postcode) };
}

/** Answers with the name of the first invalid parameter. */
function refuseQuery(reply: FastifyReply, { issues }: z.ZodError) {
  return reply.code(400).send({ error: String(issues[0]?.path[0]) });
}

function refuseFor(reply: FastifyReply, seconds: number) {
  return reply.code(429).header('retry-after', String(seconds)).send({ error: 'limit' });
}
