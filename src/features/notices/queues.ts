import type { Queue } from '../../platform/outbox/queue.ts';
import { retryForThreeDays, retrySoon } from '../../platform/outbox/retry.ts';
import { deliverMessage, type MessageDeps } from './deliver-message.ts';
import { renderMessage } from './messages.tsx';
import { channels } from './routes.ts';

/**
 * The ways out for messages, as routes are the ways in: for each channel a lane of codes, which nothing else is ever before,
 * and one of notices, which rests while the gateway is down.
 */
export function messageQueues(parts: MessageDeps): Queue[] {
  return channels.flatMap((channel): Queue[] => {
    const sender = parts.senders[channel];
    const common: Pick<Queue, 'channel' | 'ordered' | 'deliver'> = {
      channel,
      ordered: false,
      deliver: (queued) => deliverMessage(parts, renderMessage, queued),
    };
    return [
      { ...common, name: 'code', concurrency: 16, retryDelay: retrySoon },
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
