import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { paths } from '../../paths.ts';
import { parse } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import { readingDeps, type StandbyDeps } from '../../platform/http/reading-deps.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { HistoryPage } from './pages.tsx';
import { historyParts, readHistory } from './store.ts';

export interface HistoryRoutesDeps extends StandbyDeps<{ readonly database: Queryable }> {
  readonly database: Queryable;
  readonly sendPage: SendPage;
}

const entriesPerPage = 20;
const historyQuery = z.object({
  before: z.string().optional().catch(undefined),
  only: z.enum(historyParts).optional().catch(undefined),
});

/** The history of a holder's cabinet. */
export function historyRoutes(server: FastifyInstance, deps: HistoryRoutesDeps): void {
  server.get(paths.history, { config: { access: 'holder', readsStandby: true } }, (request, reply) =>
    showHistory(readingDeps(deps, request), request, reply),
  );
}

async function showHistory(
  { database, sendPage }: HistoryRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { session, texts: t, language } = request.context;
  if (!session) throw problem(403);
  const { before, only } = parse(historyQuery, request.query);
  const { entries, older } = await readHistory(database, session.holderId, before, entriesPerPage, only);
  return sendPage(request, reply, {
    title: t.history.title,
    section: 'history',
    body: HistoryPage({ t, language, isFirst: before === undefined, entries, older, only }),
  });
}
