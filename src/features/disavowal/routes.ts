import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { disavowPath, paths } from '../../paths.ts';
import { emptyForm, parse } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import type { Keys } from '../../platform/keys.ts';
import { type DisavowalDeps, disavow } from './disavow.ts';
import { readDisavowal } from './link.ts';
import { DisavowalPage } from './pages.tsx';
import { disavowalStands } from './store.ts';

export interface DisavowalRoutesDeps extends DisavowalDeps {
  readonly keys: Keys;
  readonly sendPage: SendPage;
}

const linkParams = z.object({ link: z.string() });

/** `/not-me/…`: the target of the "this wasn't me" link of a notice. */
export function disavowalRoutes(server: FastifyInstance, deps: DisavowalRoutesDeps): void {
  server.get(paths.disavow, { config: { access: 'anyone' } }, (request, reply) =>
    showDisavowal(deps, request, reply),
  );
  server.post(paths.disavow, { config: { access: 'anyone', duringMaintenance: true } }, (request, reply) =>
    postDisavowal(deps, request, reply),
  );
}

async function showDisavowal(
  deps: DisavowalRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { link } = await findLink(deps, request);
  return sendDisavowal(deps, request, reply, link, false);
}

async function postDisavowal(
  deps: DisavowalRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parse(emptyForm, request.body);
  const { link, disavowalId } = await findLink(deps, request);
  await disavow(deps, disavowalId, request.id);
  return sendDisavowal(deps, request, reply, link, true);
}

/** Finds a valid link. Any other link is answered with 404. */
async function findLink(
  { database, keys, disavowalSettings }: DisavowalRoutesDeps,
  request: FastifyRequest,
): Promise<{ readonly link: string; readonly disavowalId: string }> {
  const { link } = parse(linkParams, request.params);
  const disavowalId = readDisavowal(keys, link);
  if (disavowalId === undefined || !(await disavowalStands(database, disavowalId, disavowalSettings.days)))
    throw problem(404);
  return { link, disavowalId };
}

function sendDisavowal(
  { sendPage }: DisavowalRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  link: string,
  done: boolean,
): FastifyReply {
  const { texts: t, csrf } = request.context;
  return sendPage(request, reply, {
    title: done ? t.notMe.doneTitle : t.notMe.title,
    body: DisavowalPage({ t, csrf: csrf(), action: disavowPath(link), done }),
  });
}
