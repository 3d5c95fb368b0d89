import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { parse } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import type { SessionSettings } from '../sign-in/settings.ts';
import { ServicesPage } from './services-page.tsx';

export interface ServicesRoutesDeps {
  readonly sendPage: SendPage;
  readonly sessionSettings: SessionSettings;
}

/** `/services`: the first page after sign-in. */
export function servicesRoutes(server: FastifyInstance, deps: ServicesRoutesDeps): void {
  server.get(paths.services, { config: { access: 'holder' } }, (request, reply) =>
    showServices(deps, request, reply),
  );
}

const servicesQuery = z.object({ replaced: z.literal('1').optional().catch(undefined) });

async function showServices(
  { sendPage, sessionSettings }: ServicesRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { texts: t } = request.context;
  const { replaced } = parse(servicesQuery, request.query);
  return sendPage(request, reply, {
    title: t.services.title,
    section: 'services',
    body: ServicesPage({ t, oldestEnded: replaced === undefined ? undefined : sessionSettings.perPerson }),
  });
}
