import type { FastifyInstance } from 'fastify';
import type { SendPage } from '../../web/page.tsx';
import { problem } from '../../web/problem.ts';
import { HistoryPage } from './pages.tsx';
import type { HistoryStore } from './ports.ts';

const entriesPerPage = 20;

/** `/history`. */
export function historyRoutes(
  server: FastifyInstance,
  { store, sendPage }: { store: HistoryStore; sendPage: SendPage },
): void {
  server.get('/history', { config: { access: 'holder' } }, async (request, reply) => {
    const { visit } = request;
    if (!visit.session) throw problem(403);
    const before = (request.query as Record<string, unknown>)['before'];
    const cursor = typeof before === 'string' ? before : undefined;
    const page = await store.page(visit.session.holderId, cursor, entriesPerPage);
    return sendPage(request, reply, {
      title: visit.texts.history.title,
      section: 'history',
      body: HistoryPage({ t: visit.texts, language: visit.language, isFirst: cursor === undefined, ...page }),
    });
  });
}
