import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readForm } from '../../platform/http/forms.ts';
import type { SendPage } from '../../platform/http/page.tsx';
import { problem } from '../../platform/http/problem.ts';
import type { Keys } from '../../platform/keys.ts';
import { readDisavowal } from '../disavowal/link.ts';
import { NotMePage } from '../disavowal/pages.tsx';
import type { FreezeStore } from '../disavowal/ports.ts';
import { HistoryPage } from './pages.tsx';
import type { HistoryStore } from './ports.ts';

export interface HistoryRoutesDeps {
  readonly store: HistoryStore;
  readonly freezes: FreezeStore;
  readonly keys: Keys;
  readonly sendPage: SendPage;
}

const entriesPerPage = 20;

/** `/history`, and `/not-me/…` from a notice. */
export function historyRoutes(
  server: FastifyInstance,
  { store, freezes, keys, sendPage }: HistoryRoutesDeps,
): void {
  server.get('/history', { config: { access: 'holder' } }, async (request, reply) => {
    const { context } = request;
    if (!context.session) throw problem(403);
    const before = (request.query as Record<string, unknown>)['before'];
    const cursor = typeof before === 'string' ? before : undefined;
    const page = await store.page(context.session.holderId, cursor, entriesPerPage);
    return sendPage(request, reply, {
      title: context.texts.history.title,
      section: 'history',
      body: HistoryPage({
        t: context.texts,
        language: context.language,
        isFirst: cursor === undefined,
        ...page,
      }),
    });
  });

  /** The row of a link we made and that still stands; anything else is not there. */
  const findLink = async (request: FastifyRequest): Promise<string> => {
    const { link } = request.params as { link: string };
    const id = readDisavowal(keys, link);
    if (id === undefined || !(await freezes.findDisavowal(id))) throw problem(404);
    return id;
  };

  const showNotMe = (request: FastifyRequest, reply: FastifyReply, done: boolean) => {
    const { texts: t, csrf } = request.context;
    const { link } = request.params as { link: string };
    return sendPage(request, reply, {
      title: done ? t.notMe.doneTitle : t.notMe.title,
      body: NotMePage({ t, csrf: csrf(), path: `/not-me/${link}`, done }),
    });
  };

  server.get('/not-me/:link', { config: { access: 'anyone' } }, async (request, reply) => {
    await findLink(request);
    return showNotMe(request, reply, false);
  });

  server.post(
    '/not-me/:link',
    { config: { access: 'anyone', duringMaintenance: true } },
    async (request, reply) => {
      readForm(request.body, { required: [] });
      await freezes.freeze(await findLink(request), request.id);
      return showNotMe(request, reply, true);
    },
  );
}
