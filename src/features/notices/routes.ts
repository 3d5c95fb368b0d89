import type { FastifyInstance } from 'fastify';
import type { SendPage } from '../../platform/http/page.tsx';
import { InboxPage } from './pages.tsx';
import type { Channel, InboxStore, SentMessage } from './ports.ts';

const mostOnPage = 100;
const mostInJson = 20_000;

/** `/demo/inbox`: what a real cabinet would have sent. Only for a demonstration: it shows everybody's codes. */
export function inboxRoutes(
  server: FastifyInstance,
  { store, sendPage }: { store: InboxStore; sendPage: SendPage },
): void {
  server.get('/demo/inbox', { config: { access: 'anyone' } }, async (request, reply) => {
    reply.header('vary', 'Accept');
    if (request.headers.accept?.includes('application/json')) {
      return (await store.newest(mostInJson)).map(asJson);
    }
    const { texts: t, language } = request.context;
    return sendPage(request, reply, {
      title: t.inbox.title,
      body: InboxPage({ t: t.inbox, language, messages: await store.newest(mostOnPage) }),
    });
  });
}

function asJson({ to, channel, text, sentAt }: SentMessage) {
  return { to, channel: channel === 'mobile' ? 'sms' : 'email', text, sentAt: sentAt.toISOString() };
}

export const channels: readonly Channel[] = ['mobile', 'email'];
