import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SendPage } from '../../platform/http/page.tsx';
import type { Queryable } from '../../platform/postgres/database.ts';
import { inboxPath } from './inbox.ts';
import { readInbox, type SentMessage } from './inbox-store.ts';
import { InboxPage } from './pages.tsx';

const mostOnPage = 100;
const mostInJson = 20_000;

export interface InboxDeps {
  readonly database: Queryable;
  readonly sendPage: SendPage;
}

/**
 * Shows what a real cabinet would have sent. Only for a demonstration, because it shows everybody's
 * codes.
 */
export function inboxRoutes(server: FastifyInstance, deps: InboxDeps): void {
  server.get(inboxPath, { config: { access: 'anyone' } }, (request, reply) =>
    showInbox(deps, request, reply),
  );
}

async function showInbox({ database, sendPage }: InboxDeps, request: FastifyRequest, reply: FastifyReply) {
  reply.header('vary', 'Accept');
  if (request.headers.accept?.includes('application/json')) {
    return (await readInbox(database, mostInJson)).map(asJson);
  }
  const { texts: t, language } = request.context;
  const messages = await readInbox(database, mostOnPage);
  return sendPage(request, reply, {
    title: t.inbox.title,
    body: InboxPage({ t: t.inbox, language, messages }),
  });
}

function asJson({ to, channel, text, sentAt }: SentMessage) {
  return { to, channel: channel === 'mobile' ? 'sms' : 'email', text, sentAt: sentAt.toISOString() };
}
