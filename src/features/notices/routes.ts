import type { FastifyInstance } from 'fastify';
import type { SendPage } from '../../platform/http/page.tsx';
import { fast, type Lane, threeDays } from '../../platform/outbox/dispatcher.ts';
import { deliverMessage, type MessageParts } from './deliver-message.ts';
import { writeMessage } from './messages.tsx';
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
    const { texts: t, language } = request.visit;
    return sendPage(request, reply, {
      title: t.inbox.title,
      body: InboxPage({ t: t.inbox, language, messages: await store.newest(mostOnPage) }),
    });
  });
}

function asJson({ to, channel, text, sentAt }: SentMessage) {
  return { to, channel: channel === 'mobile' ? 'sms' : 'email', text, sentAt: sentAt.toISOString() };
}

const channels: readonly Channel[] = ['mobile', 'email'];

/**
 * The ways out for messages, as routes are the ways in: for each channel a lane of codes, which nothing else is ever before,
 * and one of notices, which rests while the gateway is down.
 */
export function messageLanes(parts: MessageParts): Lane[] {
  return channels.flatMap((channel): Lane[] => {
    const sender = parts.senders[channel];
    const common: Pick<Lane, 'channel' | 'ordered' | 'handOver'> = {
      channel,
      ordered: false,
      handOver: (parcel) => deliverMessage(parts, writeMessage, parcel),
    };
    return [
      { ...common, name: 'code', atOnce: 16, patience: fast },
      {
        ...common,
        name: 'notice',
        atOnce: 8,
        patience: threeDays,
        ready: () => sender.available || sender.absent === true,
      },
    ];
  });
}
