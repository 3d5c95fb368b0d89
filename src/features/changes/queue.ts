import type { OutboxMessage } from '../../platform/outbox/message.ts';
import type { Queue } from '../../platform/outbox/queue.ts';
import { notifyHolder } from '../notices/store.ts';
import { type DeliverChangeDeps, deliverChange, deliverTogether } from './deliver-change.ts';
import { notifyAccepted } from './outcome-store.ts';

/**
 * Seconds between attempts while the fund gives no answer. They continue for three days, never more
 * than five minutes apart.
 */
const backOff = [1, 5, 30, 120];
const everyMore = 300;
const rounds = backOff.length + (72 * 3_600) / everyMore;

/** Seconds until the attempt after this round. Undefined when the change is given up. */
function fundRetryDelay(round: number): number | undefined {
  return round > rounds ? undefined : (backOff[round - 1] ?? everyMore);
}

/** Seconds after which the holder is notified of a late change once it has arrived. */
const lateAfterSeconds = 15 * 60;

/** Changes on their way to the fund. Those of one holder are delivered one after another. */
export function fundQueue(deps: DeliverChangeDeps): Queue {
  return {
    name: 'fund',
    ordered: true,
    concurrency: 20,
    retryDelay: fundRetryDelay,
    ready: () => deps.fund.available,
    deliver: (message) => deliverChange(deps, message),
    ...(deps.fund.applyTogether
      ? { deliverTogether: (messages: readonly OutboxMessage[]) => deliverTogether(deps, messages) }
      : {}),
    // The page said that the fund does not answer, so the holder is notified once it has.
    onDelivered: (message) =>
      message.ageSeconds > lateAfterSeconds ? (tx) => notifyAccepted(tx, message) : undefined,
    onDeadLetter:
      ({ holderId }) =>
      (tx) =>
        notifyHolder(tx, holderId, 'change-refused'),
  };
}
