import type { Queue } from '../../platform/outbox/queue.ts';
import { retryForThreeDays, retryOften } from '../../platform/outbox/retry.ts';
import { channels } from './channel.ts';
import { deliverMessage, type MessageDeps } from './deliver-message.ts';
import { renderMessage } from './messages.tsx';

/**
 * Two queues for each channel: one of codes, which never wait for other messages, and one of
 * notices, which pauses while the gateway is down.
 */
export function messageQueues(given: Omit<MessageDeps, 'render'>): Queue[] {
  const deps: MessageDeps = { ...given, render: renderMessage };
  return channels.flatMap((channel): Queue[] => {
    const sender = deps.senders[channel];
    const common: Pick<Queue, 'channel' | 'ordered' | 'deliver'> = {
      channel,
      ordered: false,
      deliver: (queued) => deliverMessage(deps, queued),
    };
    return [
      { ...common, name: 'code', concurrency: 16, retryDelay: retryOften },
      {
        ...common,
        name: 'notice',
        concurrency: 8,
        retryDelay: retryForThreeDays,
        ready: () => sender.available || sender.absent === true,
      },
    ];
  });
}
