import type { Queue } from '../../platform/outbox/queue.ts';
import { retryForThreeDays, retryOften } from '../../platform/outbox/retry.ts';
import { type AddressReminderDeps, addressReminder } from '../reminders/address-reminder.ts';
import { mayRemind } from '../reminders/hours.ts';
import type { ReminderSettings } from '../reminders/settings.ts';
import { channels } from './channel.ts';
import { deliverMessage, type MessageDeps } from './deliver-message.ts';
import { renderMessage } from './messages.tsx';
import type { MessageSender } from './sender.ts';

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
        ready: () => canTake(sender),
      },
    ];
  });
}

/** Whether messages may be leased: the gateway answers, or there is none to wait for. */
const canTake = ({ available, absent }: MessageSender) => available || absent === true;

export interface ReminderQueueDeps extends Omit<MessageDeps, 'render'>, Pick<AddressReminderDeps, 'fund'> {
  readonly reminderSettings: ReminderSettings;
}

/**
 * Reminders, two at a time in each process and by day only, so that they get in nobody's way. Their
 * channels are found when they leave.
 */
export function reminderQueue({ reminderSettings, fund, ...given }: ReminderQueueDeps): Queue {
  const deps = { ...given, fund, render: renderMessage };
  return {
    name: 'reminder',
    ordered: false,
    concurrency: 2,
    retryDelay: retryForThreeDays,
    ready: () =>
      mayRemind(reminderSettings, Date.now()) &&
      fund.available &&
      channels.some((channel) => canTake(deps.senders[channel])),
    async deliver(queued) {
      const reminder = await addressReminder(deps, queued);
      if (reminder) await deliverMessage(deps, { ...queued, payload: reminder });
    },
  };
}
