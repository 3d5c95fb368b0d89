import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { paths } from '../../paths.ts';
import type { ReceiptSealer } from './sealer.ts';

export interface SealRoutesDeps {
  /** Undefined where receipts have no seal. */
  readonly receiptSealer: ReceiptSealer | undefined;
}

/** `/.well-known/jwks.json`: the public keys of the seal on receipts (RFC 7517). */
export function sealRoutes(server: FastifyInstance, deps: SealRoutesDeps): void {
  server.get(paths.receiptKeys, { config: { access: 'machine' } }, (request, reply) =>
    showKeys(deps, request, reply),
  );
}

async function showKeys(
  { receiptSealer }: SealRoutesDeps,
  _request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return reply
    .header('cache-control', 'public, max-age=300')
    .header('access-control-allow-origin', '*')
    .send((await receiptSealer?.published()) ?? { keys: [] });
}
